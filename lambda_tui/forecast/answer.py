"""The answer to a what-if question: the month's bill and everything that is drawn with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from lambda_tui.billing import Bill, PriceBook, Rates, Usage, price
from lambda_tui.billing.prices import STALE_AFTER_DAYS
from lambda_tui.billing.traffic import TrafficAssumptions, TrafficChart, cost_by_traffic
from lambda_tui.billing.whatif import Share, chart_steps, composition
from lambda_tui.forecast.measured import MeasuredBase, SizeDuration
from lambda_tui.forecast.predict import USUAL_SIZES_MB
from lambda_tui.forecast.question import Question, requests_per_second

ON_DEMAND = "on demand"
"""Its name in the traffic chart."""


@dataclass(frozen=True, slots=True)
class SizeCost:
    """A month at one memory size, in the bill's currency; a forecast ranges from `low_usd` to `high_usd`."""

    duration: SizeDuration
    usd: Decimal
    low_usd: Decimal
    high_usd: Decimal

    @property
    def memory_mb(self) -> int:
        return self.duration.memory_mb

    @property
    def measured(self) -> bool:
        return self.duration.kind == "measured"


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where on demand and `other` cost the same: `usd` a month; from there on `cheaper` costs less."""

    other: str
    cheaper: str
    requests_per_s: Decimal
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Answer:
    """`bill` is the month at the question's own size; `sizes` ascend and include that size."""

    question: Question
    duration: SizeDuration
    usage: Usage
    bill: Bill
    shares: tuple[Share, ...]
    sizes: tuple[SizeCost, ...]
    traffic: TrafficChart
    crossings: tuple[Crossing, ...]
    rates: Rates
    price_age_days: int

    @property
    def cheapest(self) -> SizeCost:
        """The cheapest size; of equally cheap ones the fastest."""
        return min(self.sizes, key=lambda size: (size.usd, size.duration.duration_ms))

    @property
    def cheapest_way(self) -> str | None:
        """The cheapest alternative at the question's own traffic; None without traffic."""
        if not self.question.invocations:
            return None
        column = self.traffic.invocations.index(self.question.invocations)
        return min(self.traffic.lines, key=lambda line: line.usd[column]).name

    @property
    def prices_are_stale(self) -> bool:
        return self.price_age_days > STALE_AFTER_DAYS


def answer(question: Question, base: MeasuredBase | None, book: PriceBook, today: date) -> Answer:
    """Price the question and its alternatives.

    Raises:
        InvalidInput: a region, architecture or charge without a price.
    """
    rates = book.rates(question.region, question.architecture)
    duration = question.duration_at(question.memory_mb, base, rates)
    usage = question.usage(duration)
    bill = price(usage, book)
    traffic = _traffic(question, base, usage, book)
    return Answer(
        question=question,
        duration=duration,
        usage=usage,
        bill=bill,
        shares=composition(bill),
        sizes=_sizes(question, base, rates, book),
        traffic=traffic,
        crossings=tuple(_crossings(traffic, usage, book)),
        rates=rates,
        price_age_days=book.age_days(rates, today),
    )


def _sizes(
    question: Question, base: MeasuredBase | None, rates: Rates, book: PriceBook
) -> tuple[SizeCost, ...]:
    measured = [] if base is None else [size.memory_mb for size in base.sizes]

    def cost(duration: SizeDuration, duration_ms: Decimal) -> Decimal:
        return price(question.usage(replace(duration, duration_ms=duration_ms)), book).total_usd

    costs = []
    for memory_mb in sorted({*USUAL_SIZES_MB, *measured, question.memory_mb}):
        duration = question.duration_at(memory_mb, base, rates)
        usd = low_usd = high_usd = cost(duration, duration.duration_ms)
        if duration.kind == "forecast":
            low_usd, high_usd = cost(duration, duration.low_ms), cost(duration, duration.high_ms)
        costs.append(SizeCost(duration, usd, low_usd, high_usd))
    return tuple(costs)


def _traffic(question: Question, base: MeasuredBase | None, usage: Usage, book: PriceBook) -> TrafficChart:
    """The alternatives from the lowest to the highest traffic; the range includes the question's own."""
    steps = chart_steps(question.invocations)
    cpu_ms: Decimal | None = question.cpu_ms
    if base is not None:
        cpu_ms = None if base.model is None else Decimal(f"{base.model.cpu_ms:.3f}")
    assumptions = TrafficAssumptions(
        cpu_ms=cpu_ms, concurrency=question.provisioned or None, arrivals=question.arrivals
    )
    return cost_by_traffic(replace(usage, provisioned=None), steps, assumptions, book)


def _crossings(traffic: TrafficChart, usage: Usage, book: PriceBook) -> Iterator[Crossing]:
    """The break-evens with on demand, in order of traffic."""
    for crossing in sorted(traffic.break_evens, key=lambda crossing: crossing.invocations):
        if ON_DEMAND in (crossing.cheaper, crossing.dearer):
            there = replace(usage, invocations=crossing.invocations, provisioned=None)
            yield Crossing(
                other=crossing.dearer if crossing.cheaper == ON_DEMAND else crossing.cheaper,
                cheaper=crossing.cheaper,
                requests_per_s=requests_per_second(crossing.invocations),
                usd=price(there, book).total_usd,
            )


def traffic_points(chart: TrafficChart, line: int) -> list[tuple[float, Decimal]]:
    """One alternative as (requests a second, cost of a month)."""
    rates = (float(requests_per_second(count)) for count in chart.invocations)
    return list(zip(rates, chart.lines[line].usd, strict=True))
