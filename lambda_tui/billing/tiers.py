"""Volume tiers: the first GB-seconds of a month cost more than the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from lambda_tui.billing.prices import Tier


def split_by_tier(
    quantity: Decimal, tiers: Sequence[Tier], *, already_used: Decimal = Decimal(0)
) -> Iterator[tuple[int, Decimal, Decimal]]:
    """Yield (tier number from 1, quantity in it, its rate) for usage that starts at `already_used`."""
    start, end = already_used, already_used + quantity
    for number, tier in enumerate(tiers, 1):
        upto = end if tier.upto_gb_s is None else min(end, tier.upto_gb_s)
        if upto > start:
            yield number, upto - start, tier.usd_per_gb_s
            start = upto
