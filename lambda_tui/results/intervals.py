"""How far a percentile can be trusted: intervals from order statistics, and the sample sizes it takes.

The interval is the distribution-free one of order statistics: the number of samples below the true
q-quantile is binomial(n, q) whatever the distribution, so ranks with the wanted binomial probability between
them bracket it (Hahn, Meeker, Statistical Intervals, 5.2; Conover, Practical Nonparametric Statistics, 3.2).
It is exact, needs no resampling and no seed, and says when a sample is too small to bound a percentile,
where a bootstrap would return the largest value and look certain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CONFIDENCE = 0.95

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


def interval_ranks(count: int, fraction: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """The two ranks, from 0, whose values bracket the quantile with that probability."""
    tail = (1 - confidence) / 2
    if count * math.log1p(-fraction) > math.log(tail) or count * math.log(fraction) > math.log(tail):
        return None
    low = _binomial_rank(count, fraction, tail)
    # The same seen from above: count - k of the samples are at or above the quantile.
    high = count - 1 - _binomial_rank(count, 1 - fraction, tail)
    return low, high


def _binomial_rank(count: int, fraction: float, tail: float) -> int:
    """The largest k with P(binomial(count, fraction) <= k) <= tail, summed down from the middle.

    Below the mode each probability is smaller than the next, and those further away than eight standard
    deviations are smaller than a double can tell: the sum has a few thousand terms at a million samples.
    """
    spread = math.sqrt(count * fraction * (1 - fraction))
    start = max(0, int(count * fraction - 8 * spread) - 1)
    probability = math.exp(
        math.lgamma(count + 1)
        - math.lgamma(start + 1)
        - math.lgamma(count - start + 1)
        + start * math.log(fraction)
        + (count - start) * math.log1p(-fraction)
    )
    below, odds, k = probability, fraction / (1 - fraction), start
    while below <= tail:
        k += 1
        probability *= (count - k + 1) / k * odds
        below += probability
    return k - 1


def samples_needed(fraction: float) -> int:
    """The least count in which the nearest-rank percentile is not simply the largest value."""
    return round(1 / (1 - fraction))


def unreliable_percentiles(count: int) -> tuple[str, ...]:
    """The percentiles that so few samples cannot tell from their maximum: p99 needs 100, p999 1,000."""
    return tuple(name for name, fraction in PERCENTILES.items() if 0 < count < samples_needed(fraction))


def small_sample_warning(count: int, percentile: str) -> str:
    """One sentence about a percentile such as `p99`; empty where the sample is large enough."""
    if percentile not in unreliable_percentiles(count):
        return ""
    needed = samples_needed(PERCENTILES[percentile])
    return f"{percentile} of {count:,} is the largest value measured: it takes {needed:,} to tell them apart."
