"""How far a percentile can be trusted: bootstrap intervals, and the sample sizes needed.

The interval is the percentile bootstrap's (Efron and Tibshirani, An Introduction to the Bootstrap, ch. 13) in
the limit of infinitely many resamples, which needs neither resampling nor a seed: of n values resampled
from the sample, the number at or below its i-th is binomial(n, i/n), and the k-th smallest of them is at or
below it when that number is k or more. Where the sample is too small to bound a percentile a bootstrap would
return the largest value and look certain; there is no interval then (the rule of order statistics: Hahn and
Meeker, Statistical Intervals, 5.2).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

CONFIDENCE = 0.95
_NEGLIGIBLE = 1e-15

PERCENTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds that hold with a probability of at least `confidence`, in the metric's own unit."""

    low: float
    high: float
    confidence: float = CONFIDENCE

    def to_document(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "confidence": self.confidence}


def quantile_interval(
    ordered: Sequence[float], fraction: float, confidence: float = CONFIDENCE
) -> Interval | None:
    """The interval of a percentile of an ascending sequence; None where the sample is too small for one
    (at 95%: below 6 for the median, below 72 for the p95)."""
    count = len(ordered)
    ranks = interval_ranks(count, fraction, confidence)
    if ranks is None:
        return None
    return Interval(ordered[ranks[0]], ordered[ranks[1]], confidence)


@lru_cache(maxsize=64)
def interval_ranks(count: int, fraction: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """The two ranks, from 0, between which a resample's percentile lies with at least `confidence`."""
    tail = (1 - confidence) / 2
    if count * math.log1p(-fraction) > math.log(tail) or count * math.log(fraction) > math.log(tail):
        return None
    rank = math.ceil(fraction * count)
    low, high = _rank_reaching(tail, rank, count), _rank_reaching(1 - tail, rank, count)
    # Rounded outwards to the next value: rounded inwards, 95% covered the truth in 94% of trials (n = 150).
    return max(0, low - 1), min(count - 1, high + 1)


def _rank_reaching(probability: float, rank: int, count: int) -> int:
    """The first value, from 0, that bounds a resample's `rank`-th smallest with that probability."""

    def reached(index: int) -> float:
        return _at_least(rank, count, (index + 1) / count)

    # Beyond ten standard deviations from the sample's own rank there is nothing left.
    spread = math.ceil(10 * math.sqrt(rank * (count - rank) / count)) + 10
    first, last = max(0, rank - spread), min(count, rank + spread)
    return bisect_left(range(count), probability, lo=first, hi=last, key=reached)


def _at_least(rank: int, count: int, share: float) -> float:
    """P(binomial(count, share) >= rank), summed on the side where the terms become smaller."""
    if share >= 1:
        return 1.0
    odds = share / (1 - share)
    is_upper = rank > count * share
    successes = rank if is_upper else rank - 1
    term = math.exp(
        math.lgamma(count + 1)
        - math.lgamma(successes + 1)
        - math.lgamma(count - successes + 1)
        + successes * math.log(share)
        + (count - successes) * math.log1p(-share)
    )
    total = 0.0
    while term > _NEGLIGIBLE:
        total += term
        if is_upper:
            term *= (count - successes) / (successes + 1) * odds
            successes += 1
        else:
            term *= successes / (count - successes + 1) / odds
            successes -= 1
    return total if is_upper else 1 - total


def samples_needed(fraction: float) -> int:
    """The smallest count in which the nearest-rank percentile is not simply the largest value."""
    return round(1 / (1 - fraction))


def unreliable_percentiles(count: int) -> tuple[str, ...]:
    """The percentiles that so few samples cannot separate from their maximum: p99 needs 100, p999 1,000."""
    return tuple(name for name, fraction in PERCENTILES.items() if 0 < count < samples_needed(fraction))


def small_sample_warning(count: int, percentile: str) -> str:
    """One sentence about a percentile such as `p99`; empty where the sample is large enough."""
    if percentile not in unreliable_percentiles(count):
        return ""
    needed = samples_needed(PERCENTILES[percentile])
    return f"{percentile} of {count:,} is the largest value measured: it takes {needed:,} to tell them apart."
