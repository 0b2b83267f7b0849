"""Volume tiers: the first GB-seconds of a month cost more than the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from lambda_tui.billing.bill import BillItem, BillLine
from lambda_tui.billing.prices import Tier
from lambda_tui.exact import EXACT


def split_by_tier(
    quantity: Decimal, tiers: Sequence[Tier], *, already_used: Decimal = Decimal(0)
) -> Iterator[tuple[int, Decimal, Decimal]]:
    """Yield (tier number from 1, quantity in it, its rate) for usage that starts at `already_used`."""
    start, end = already_used, EXACT.add(already_used, quantity)
    for number, tier in enumerate(tiers, 1):
        upto = end if tier.upto_gb_s is None else min(end, tier.upto_gb_s)
        if upto > start:
            yield number, EXACT.subtract(upto, start), tier.usd_per_gb_s
            start = upto


def tiered_lines(
    item: BillItem,
    quantity: Decimal,
    tiers: Sequence[Tier],
    already_used: Decimal,
    *,
    notes: Sequence[str] = (),
    how: str = "",
    source: str = "",
) -> list[BillLine]:
    """One GB-second line per volume tier used; one line of zero when nothing is used."""
    parts = list(split_by_tier(quantity, tiers, already_used=already_used))
    if not parts:
        parts = [(1, Decimal(0), tiers[0].usd_per_gb_s)]
    lines = []
    for number, part, rate in parts:
        tier = f"tier {number}" if len(parts) > 1 or number > 1 else ""
        note = ", ".join(word for word in (tier, *notes) if word)
        lines.append(BillLine.charge(item, part, "GB-s", rate, note=note, how=how, source=source))
    return lines
