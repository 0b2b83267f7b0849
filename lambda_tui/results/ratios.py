"""Whether one thing is faster than another: ratios of paired durations, looked at several times.

Durations are compared as logarithms, pair by pair: what slows a whole round down hits both sides and cancels
out. With few pairs the interval is Student's, of the mean; as soon as there are enough for it, it is that of
Wilcoxon's signed ranks around the Hodges-Lehmann estimate, which a single outlier of a busy host does not
widen (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3.1 to 3.3). The bounds hold for all
comparisons and all looks together (Bonferroni): looking again until something shows finds nothing false.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from statistics import NormalDist, median
from typing import Literal

Standing = Literal["faster", "slower", "as fast", "no faster", "undecided"]
"""`no faster` is as fast or slower, which of the two is open."""

FALSE_VERDICTS = 0.02
"""How often a comparison of things that do not differ may name a winner."""

WORTH_NAMING = 0.03
"""A difference below 3 % is not called one, however sure it is: hosts and environments differ by more."""

AS_FAST = 0.05
"""Within 5 % either way, for sure, is as fast."""

FEWEST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class LookPlan:
    """When one looks whether anything is decided: after each of `looks` rounds, the last of them the cap."""

    looks: tuple[int, ...]
    comparisons: int

    @property
    def cap(self) -> int:
        return self.looks[-1]

    @property
    def level(self) -> float:
        """The share of false verdicts that a single interval of a single look may have."""
        return FALSE_VERDICTS / (len(self.looks) * max(1, self.comparisons))

    def is_due(self, rounds: int, looked_at: int) -> bool:
        """There is a look between the last one, after `looked_at` rounds, and now."""
        return any(looked_at < look <= rounds for look in self.looks)


def look_plan(first: int, comparisons: int) -> LookPlan:
    """Look after `first` rounds (3 at least), then after twice as many each time, up to four times as many;
    up to 24 where that is more."""
    looks = [max(FEWEST_PAIRS, first)]
    cap = max(24, 4 * looks[0])
    while looks[-1] < cap:
        looks.append(min(cap, 2 * looks[-1]))
    return LookPlan(tuple(looks), comparisons)


@dataclass(frozen=True, slots=True)
class SpeedRatio:
    """How many times as fast as the base: 2 takes half the time. `low` and `high` bound it."""

    ratio: float
    low: float
    high: float
    pairs: int

    @property
    def standing(self) -> Standing:
        """What the interval allows to say."""
        if self.low > 1 and self.ratio > 1 + WORTH_NAMING:
            return "faster"
        if self.high < 1 and self.ratio < 1 / (1 + WORTH_NAMING):
            return "slower"
        if self.low > 1 / (1 + AS_FAST) and self.high < 1 + AS_FAST:
            return "as fast"
        return "no faster" if self.high < 1 + WORTH_NAMING else "undecided"


def speed_ratio(base_ms: Sequence[float], other_ms: Sequence[float], level: float) -> SpeedRatio | None:
    """The ratio of two series of the same length, of which each pair was measured side by side.

    Durations are positive, in any unit. `level` is the share of intervals that may miss the truth. None
    below 3 pairs: with fewer nothing bounds the ratio.
    """
    logs = [math.log(base / other) for base, other in zip(base_ms, other_ms, strict=True)]
    count = len(logs)
    if count < FEWEST_PAIRS:
        return None
    ranks = rank_of_bound(count, level)
    middle, low, high = _by_mean(logs, level) if ranks is None else _by_ranks(logs, ranks)
    # A bound that overflows bounds nothing: said as an interval of everything.
    low, high = (math.exp(low), math.exp(high)) if max(-low, high) < 300 else (0.0, math.inf)
    return SpeedRatio(math.exp(middle), low, high, count)


def _by_mean(logs: Sequence[float], level: float) -> tuple[float, float, float]:
    count = len(logs)
    mean = math.fsum(logs) / count
    variance = math.fsum((value - mean) ** 2 for value in logs) / (count - 1)
    reach = t_quantile(count - 1, level) * math.sqrt(variance / count)
    return mean, mean - reach, mean + reach


def _by_ranks(logs: Sequence[float], rank: int) -> tuple[float, float, float]:
    """The median of all means of two (each value with itself included), and the `rank`-th from either end."""
    means = sorted((first + second) / 2 for first, second in combinations_with_replacement(logs, 2))
    return median(means), means[rank], means[-1 - rank]


@lru_cache(maxsize=256)
def rank_of_bound(count: int, level: float) -> int | None:
    """Which mean of two, from 0, bounds the ratio; None where there are too few pairs for that `level`.

    The sum of signed ranks of `count` pairs without a difference takes each value as often as subsets of
    1 .. count have that sum: counted exactly up to 50 pairs, normal beyond.
    """
    if 2 / 2**count > level:
        return None
    if count > 50:
        spread = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
        reach = NormalDist().inv_cdf(1 - level / 2) * spread
        return max(0, math.floor(count * (count + 1) / 4 - reach))
    subsets = [1] + [0] * (count * (count + 1) // 2)
    for rank in range(1, count + 1):
        for total in range(len(subsets) - 1, rank - 1, -1):
            subsets[total] += subsets[total - rank]
    allowed, reached = level / 2 * 2**count, 0
    for total, ways in enumerate(subsets):
        reached += ways
        if reached > allowed:
            return total - 1
    raise AssertionError("unreachable: all subsets together exceed any level")


@lru_cache(maxsize=256)
def t_quantile(freedom: int, level: float) -> float:
    """What Student's t exceeds, either way, with a probability of `level`; by bisection of its distribution.

    scipy has it as `t.isf(level / 2, freedom)`; 40 MB of dependency for one number would not be small.
    """
    low, high = 0.0, 1.0
    while _two_sided(high, freedom) > level:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _two_sided(middle, freedom) > level else (low, middle)
    return high


def _two_sided(t: float, freedom: int) -> float:
    """P(|T| > t), exactly, as the finite sum for a whole number of degrees of freedom.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4. The sum is of A(t),
    P(|T| <= t); its complement loses digits below 1e-14, far under any level used here.
    """
    theta = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(theta), math.sin(theta)
    if freedom % 2:
        term, total = cosine, 0.0
        for step in range(3, freedom + 1, 2):
            total += term
            term *= (step - 1) / step * cosine * cosine
        return 1 - 2 / math.pi * (theta + sine * total)
    term, total = 1.0, 0.0
    for step in range(2, freedom + 1, 2):
        total += term
        term *= (step - 1) / step * cosine * cosine
    return 1 - sine * total
