"""What other choices would cost: by memory, by era, what a bill consists of, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from lambda_tui.billing.bill import Bill, BillItem
from lambda_tui.billing.eras import ERAS, Era
from lambda_tui.billing.exact import EXACT
from lambda_tui.billing.month_curve import month_curve
from lambda_tui.billing.prices import PriceBook, load_prices
from lambda_tui.billing.pricing import price
from lambda_tui.billing.usage import Usage


class DurationAt(Protocol):
    """A duration at a memory size, measured or forecast (`forecast.Prediction` is one); milliseconds."""

    @property
    def memory_mb(self) -> int: ...
    @property
    def duration_ms(self) -> float: ...
    @property
    def low_ms(self) -> float: ...
    @property
    def high_ms(self) -> float: ...
    @property
    def measured(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class MemoryCost:
    """The usage's total at a memory size; `low_usd` and `high_usd` come from the duration's interval."""

    memory_mb: int
    duration_ms: float
    usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    measured: bool


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


def cost_by_memory(
    usage: Usage, durations: Iterable[DurationAt], prices: PriceBook | None = None
) -> tuple[MemoryCost, ...]:
    """The on-demand total of a usage at other memory sizes, each with its own duration.

    Raises:
        InvalidInput: as `price` does.
    """
    book = prices or load_prices()
    costs = []
    for at in durations:
        low, middle, high = (
            _total(usage, at.memory_mb, milliseconds, book)
            for milliseconds in (at.low_ms, at.duration_ms, at.high_ms)
        )
        costs.append(MemoryCost(at.memory_mb, at.duration_ms, middle, low, high, at.measured))
    return tuple(costs)


def bills_by_era(usage: Usage, prices: PriceBook | None = None) -> tuple[tuple[Era, Bill], ...]:
    """The same usage under each era's rules. A usage in `billed_ms` keeps its time: it is rounded already."""
    book = prices or load_prices()
    return tuple((era, price(usage.in_era(era), book)) for era in ERAS.values())


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
    """Invocations a month for a logarithmic axis, from `lowest` to `highest`, each once."""
    ratio = (highest / max(1, lowest)) ** (1 / max(1, count - 1))
    return sorted({round(max(1, lowest) * ratio**step) for step in range(count)})


def _total(usage: Usage, memory_mb: int, duration_ms: float, book: PriceBook) -> Decimal:
    duration = Decimal(str(round(duration_ms, 3)))
    there = replace(usage, memory_mb=memory_mb, duration_ms=duration, billed_ms=None, provisioned=None)
    return month_curve(there, book).on_demand_usd(usage.invocations)
