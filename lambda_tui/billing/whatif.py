"""The composition of a bill, what changed in it, and the steps of a traffic axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lambda_tui.billing.bill import Bill, BillItem
from lambda_tui.billing.monthly import invocations_per_month
from lambda_tui.exact import EXACT


@dataclass(frozen=True, slots=True)
class Share:
    """One item's part of a bill; `share` is 0 to 1."""

    item: BillItem
    usd: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """One item before and after."""

    item: BillItem
    before_usd: Decimal
    after_usd: Decimal

    @property
    def change_usd(self) -> Decimal:
        return EXACT.subtract(self.after_usd, self.before_usd)


@dataclass(frozen=True, slots=True)
class Difference:
    """A bill against a pinned baseline; `percent` is None where the baseline costs nothing."""

    change_usd: Decimal
    percent: Decimal | None
    items: tuple[ItemDifference, ...]


def composition(bill: Bill) -> tuple[Share, ...]:
    """The bill by item, largest first; items that cost nothing are left out."""
    total = bill.total_usd
    items = dict.fromkeys(line.item for line in bill.lines)
    parts = [(item, bill.usd_of(item)) for item in items]
    shares = [Share(item, usd, usd / total) for item, usd in parts if usd]
    return tuple(sorted(shares, key=lambda part: part.usd, reverse=True))


def difference(bill: Bill, baseline: Bill) -> Difference:
    """What changed against a baseline, in money and percent, item by item."""
    items = dict.fromkeys(line.item for line in (*baseline.lines, *bill.lines))
    before, after = baseline.total_usd, bill.total_usd
    change = EXACT.subtract(after, before)
    return Difference(
        change_usd=change,
        percent=100 * change / before if before else None,
        items=tuple(ItemDifference(item, baseline.usd_of(item), bill.usd_of(item)) for item in items),
    )


def traffic_steps(lowest: int, highest: int, count: int = 30) -> Sequence[int]:
    """Invocations a month for a logarithmic axis, from `lowest` to `highest`, without repeats."""
    ratio = (highest / max(1, lowest)) ** (1 / max(1, count - 1))
    return sorted({round(max(1, lowest) * ratio**step) for step in range(count)})


SLOWEST_PER_S, FASTEST_PER_S = Decimal("0.01"), Decimal(10_000)
"""The traffic axis: from a job every two minutes to a fleet."""


def chart_steps(invocations: int) -> list[int]:
    """Invocations a month from the lowest to the highest traffic of the chart; the usage's own among them."""
    lowest, highest = invocations_per_month(SLOWEST_PER_S), invocations_per_month(FASTEST_PER_S)
    own = invocations or lowest
    return sorted({*traffic_steps(min(lowest, own), max(highest, own)), own})
