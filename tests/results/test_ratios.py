"""Verdicts on ratios: exact quantiles, intervals that hold, and how often a verdict is false."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.results.ratios import (
    FALSE_VERDICTS,
    LookPlan,
    SpeedRatio,
    look_plan,
    rank_of_bound,
    speed_ratio,
    t_quantile,
)


@pytest.mark.parametrize(
    ("freedom", "level", "expected"),
    [
        # Tables of Student's t, two-sided.
        (1, 0.05, 12.706),
        (2, 0.05, 4.303),
        (2, 0.01, 9.925),
        (9, 0.05, 2.262),
        (9, 0.001, 4.781),
        (30, 0.01, 2.750),
        (120, 0.05, 1.980),
    ],
)
def test_the_quantiles_are_those_of_the_tables(freedom: int, level: float, expected: float) -> None:
    assert t_quantile(freedom, level) == pytest.approx(expected, abs=0.0006)


@pytest.mark.parametrize(
    # Critical values of Wilcoxon's signed-rank sum, two-sided: the largest sum that is still significant.
    ("count", "level", "critical"),
    [
        (6, 0.05, 0),
        (8, 0.05, 3),
        (10, 0.05, 8),
        (10, 0.01, 3),
        (20, 0.05, 52),
        (20, 0.01, 37),
        (50, 0.05, 434),
    ],
)
def test_the_ranks_are_those_of_the_tables(count: int, level: float, critical: int) -> None:
    assert rank_of_bound(count, level) == critical
    assert rank_of_bound(5, 0.05) is None
    assert rank_of_bound(60, 0.05) == 648


def test_an_outlier_does_not_hide_what_all_other_pairs_say() -> None:
    base = [300.0 + number for number in range(16)]
    other = [value / 1.3 for value in base]
    other[7] *= 1.5
    seen = speed_ratio(base, other, look_plan(10, 6).level)
    assert seen is not None
    assert seen.standing == "faster"
    assert seen.ratio == pytest.approx(1.3)


def test_one_looks_seldom_and_up_to_a_cap() -> None:
    assert look_plan(3, 6).looks == (3, 6, 12, 24)
    assert look_plan(10, 6).looks == (10, 20, 40)
    assert look_plan(1, 6).looks[0] == 3
    plan = LookPlan((3, 6), 6)
    assert plan.level == pytest.approx(FALSE_VERDICTS / 12)
    assert plan.is_due(3, 0)
    assert not plan.is_due(5, 3)
    assert plan.is_due(7, 3)


@pytest.mark.parametrize(
    ("ratio", "low", "high", "standing"),
    [
        (2.9, 2.8, 3.0, "faster"),
        (1.02, 1.01, 1.03, "as fast"),
        (1.04, 1.01, 1.07, "faster"),
        (1.0, 0.9, 1.1, "undecided"),
        (0.8, 0.7, 0.9, "slower"),
        (0.99, 0.98, 1.0, "as fast"),
        (1.4, 0.8, 2.5, "undecided"),
        (0.97, 0.93, 1.01, "no faster"),
    ],
)
def test_a_verdict_needs_the_interval_and_a_difference_worth_naming(
    ratio: float, low: float, high: float, standing: str
) -> None:
    assert SpeedRatio(ratio, low, high, 9).standing == standing


def test_too_few_pairs_say_nothing() -> None:
    assert speed_ratio([900.0, 901.0], [300.0, 301.0], 0.01) is None
    few = speed_ratio([900.0, 905.0, 902.0], [300.0, 450.0, 301.0], 0.0003)
    assert few is not None
    assert few.standing == "undecided"


@given(
    st.lists(st.floats(1.0, 1e6), min_size=3, max_size=40),
    st.floats(0.1, 10.0),
)
def test_what_slows_both_sides_down_alike_changes_nothing(times_ms: list[float], factor: float) -> None:
    exact = speed_ratio(times_ms, [time_ms / factor for time_ms in times_ms], 0.01)
    assert exact is not None
    assert exact.ratio == pytest.approx(factor)
    assert exact.low == pytest.approx(factor, rel=1e-6)
    swapped = speed_ratio([time_ms / factor for time_ms in times_ms], times_ms, 0.01)
    assert swapped is not None
    assert swapped.ratio == pytest.approx(1 / factor)


NOISE = (0.0, 0.002, -0.003, 0.004, -0.001, 0.001, 0.012, -0.004, 0.003, 0.06, -0.002, 0.25)
"""Log deviations of durations in recorded runs on a busy two-core host: mostly tiny, now and then a hit."""


def _verdict(truth: float, random: Random, *, first: int, drift: float) -> tuple[str, int]:
    """The verdict of one comparison, as `a` makes it, and after how many rounds."""
    plan = look_plan(first, 6)
    base: list[float] = []
    other: list[float] = []
    scale = 2 * random.random()
    for round_ in range(1, plan.cap + 1):
        host = 300.0 * math.exp(drift * round_ / plan.cap)
        base.append(host * math.exp(random.choice(NOISE) * scale + random.gauss(0, 0.01)))
        other.append(host / truth * math.exp(random.choice(NOISE) * scale + random.gauss(0, 0.01)))
        if round_ in plan.looks:
            ratio = speed_ratio(base, other, plan.level)
            if ratio is not None and ratio.standing != "undecided":
                return ratio.standing, round_
    return "undecided", plan.cap


@pytest.mark.parametrize("first", [3, 10])
def test_false_verdicts_are_rare_and_clear_differences_are_seen(first: int) -> None:
    """Known truth, noise and drift: 400 comparisons each of none, 5 %, 20 % and 2x."""
    random = Random(11)
    wrong = {
        1.0: ("faster", "slower"),
        1.05: ("slower",),
        1.2: ("slower", "as fast"),
        2.0: ("slower", "as fast"),
    }
    decided = {}
    for truth, false in wrong.items():
        verdicts = [
            _verdict(truth, random, first=first, drift=random.uniform(-0.5, 0.5))[0] for _ in range(400)
        ]
        assert sum(verdict in false for verdict in verdicts) <= 0.05 * 400
        decided[truth] = sum(verdict != "undecided" for verdict in verdicts) / 400
    assert decided[2.0] > 0.99
    assert decided[1.2] > 0.9
