"""Two runs compared: how much each metric changed, how certain that is, and how much they overlap."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from random import Random
from typing import Any, Literal

from lambda_tui.billing import money_text
from lambda_tui.results.intervals import CONFIDENCE, Interval
from lambda_tui.results.invocation import Invocation
from lambda_tui.results.statistics import percentile, rank_of
from lambda_tui.runs.measured import MeasuredRun, per_million_usd

COMPARISON_SCHEMA = "lambda-tui/comparison@1"

RESAMPLES = 2_000

Magnitude = Literal["negligible", "small", "medium", "large"]
MAGNITUDES: tuple[tuple[float, Magnitude], ...] = (
    (0.147, "negligible"),
    (0.33, "small"),
    (0.474, "medium"),
    (1.0, "large"),
)
"""Upper bounds of |Cliff's delta| (Romano et al., 2006)."""

Verdict = Literal["lower", "higher", "no clear difference"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of two runs. `ratio` is after / before of the medians: 0.5 is half. `cliffs_delta`,
    -1 to 1, is the probability that a value of the second run is higher minus that of being lower.
    """

    metric: str
    before_count: int
    after_count: int
    before_p50: float
    after_p50: float
    ratio: float | None
    ratio_interval: Interval | None
    cliffs_delta: float

    @property
    def magnitude(self) -> Magnitude:
        """Cliff's delta in a word."""
        return next(word for bound, word in MAGNITUDES if abs(self.cliffs_delta) <= bound)

    @property
    def verdict(self) -> Verdict:
        """What the interval of the ratio supports: nothing while it contains 1."""
        bounds = self.ratio_interval
        if bounds is None or bounds.low <= 1 <= bounds.high:
            return "no clear difference"
        return "lower" if bounds.high < 1 else "higher"

    def to_document(self) -> dict[str, Any]:
        return {**asdict(self), "magnitude": self.magnitude, "verdict": self.verdict}


METRICS: dict[str, Callable[[Invocation], float | None]] = {
    "latency_ms": lambda invocation: invocation.latency_ms,
    "service_ms": lambda invocation: invocation.service_ms,
    "duration_ms": lambda invocation: None if invocation.cold else invocation.duration_ms,
    "handler_ms": lambda invocation: None if invocation.cold else invocation.handler_ms,
    "init_ms": lambda invocation: (
        invocation.report.init_ms if invocation.cold and invocation.report is not None else None
    ),
}
"""What can be compared: of successes, warm-up left out, warm apart from cold."""


def comparison_document(
    before: MeasuredRun, after: MeasuredRun, metrics: Mapping[str, Comparison]
) -> dict[str, Any]:
    """The `comparison` document; `metrics` is what `compare_invocations` gives for the two."""
    difference = per_million_difference_usd(before, after)
    return {
        "schema": COMPARISON_SCHEMA,
        "before": _side(before),
        "after": _side(after),
        "metrics": {name: metric.to_document() for name, metric in metrics.items()},
        "per_million_difference_usd": None if difference is None else money_text(difference),
    }


def _side(run: MeasuredRun) -> dict[str, Any]:
    usd = per_million_usd(run)
    return {
        "id": run.run_id,
        "name": run.scenario.name,
        "currency": run.bill.currency,
        "per_million_usd": None if usd is None else money_text(usd),
    }


def per_million_difference_usd(before: MeasuredRun, after: MeasuredRun) -> Decimal | None:
    """None where there is nothing to subtract, or the currencies differ."""
    first, second = per_million_usd(before), per_million_usd(after)
    if first is None or second is None or before.bill.currency != after.bill.currency:
        return None
    return second - first


def compare_invocations(
    before: Iterable[Invocation], after: Iterable[Invocation], *, seed: int = 0
) -> dict[str, Comparison]:
    """Every metric for which both runs have values."""
    firsts, seconds = list(before), list(after)
    sides = {name: (_values(firsts, value), _values(seconds, value)) for name, value in METRICS.items()}
    return {
        name: compare(name, first, second, seed=seed)
        for name, (first, second) in sides.items()
        if first and second
    }


def compare(metric: str, before: Sequence[float], after: Sequence[float], *, seed: int = 0) -> Comparison:
    """Compare two non-empty samples, in any order."""
    first, second = sorted(before), sorted(after)
    old, new = percentile(first, 0.5), percentile(second, 0.5)
    return Comparison(
        metric=metric,
        before_count=len(first),
        after_count=len(second),
        before_p50=old,
        after_p50=new,
        ratio=new / old if old > 0 else None,
        ratio_interval=_ratio_interval(first, second, seed),
        cliffs_delta=cliffs_delta(first, second),
    )


def cliffs_delta(before: Sequence[float], after: Sequence[float]) -> float:
    """P(after > before) - P(after < before) over all pairs of two ascending samples, in n log n."""
    balance = sum(bisect_left(before, value) + bisect_right(before, value) - len(before) for value in after)
    return balance / (len(before) * len(after))


def bootstrap_percentile(ordered: Sequence[float], fraction: float, random: Random) -> float:
    """A percentile of one bootstrap resample, without resampling: the k-th smallest of n uniform numbers is
    beta(k, n - k + 1) distributed (David, Nagaraja, Order Statistics, 2.3), and the sample's own quantile
    function turns it into the resample's value. Exact, and equally fast for ten samples and a million."""
    count = len(ordered)
    rank = rank_of(fraction, count) + 1
    chosen = math.ceil(random.betavariate(rank, count - rank + 1) * count)
    return ordered[min(max(chosen, 1), count) - 1]


def _ratio_interval(before: Sequence[float], after: Sequence[float], seed: int) -> Interval | None:
    """The bootstrap percentile interval (Efron, 1979) of the ratio of medians; None where it has no value."""
    if min(len(before), len(after)) < 2 or before[0] <= 0:
        return None
    random = Random(seed)  # noqa: S311 - chance, not secrecy
    ratios = sorted(
        bootstrap_percentile(after, 0.5, random) / bootstrap_percentile(before, 0.5, random)
        for _ in range(RESAMPLES)
    )
    tail = (1 - CONFIDENCE) / 2
    return Interval(percentile(ratios, tail), percentile(ratios, 1 - tail))


def _values(invocations: Iterable[Invocation], value: Callable[[Invocation], float | None]) -> list[float]:
    measured = (value(each) for each in invocations if not each.warmup and each.status == "ok")
    return [each for each in measured if each is not None]
