"""Comparing two samples: effect size and interval, against their definitions."""

from __future__ import annotations

import statistics
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.runs.comparison import bootstrap_percentile, cliffs_delta, compare, compare_invocations
from tests.runs.made_runs import invocation

samples = st.lists(st.integers(1, 20).map(float), min_size=1, max_size=40)


@given(before=samples, after=samples)
def test_cliffs_delta_is_its_definition(before: list[float], after: list[float]) -> None:
    pairs = [(new > old) - (new < old) for old in before for new in after]
    assert cliffs_delta(sorted(before), sorted(after)) == pytest.approx(sum(pairs) / len(pairs))
    there, back = compare("x", before, after), compare("x", after, before)
    assert there.cliffs_delta == pytest.approx(-back.cliffs_delta)
    assert -1 <= there.cliffs_delta <= 1


def test_half_the_time_is_seen_as_such() -> None:
    random = Random(1)
    before = [random.gauss(300, 10) for _ in range(50)]
    comparison = compare("latency_ms", before, [value / 2 for value in before])
    assert comparison.ratio == pytest.approx(0.5)
    assert comparison.ratio_interval is not None
    assert 0.47 < comparison.ratio_interval.low < 0.5 < comparison.ratio_interval.high < 0.53
    assert (comparison.verdict, comparison.magnitude, comparison.cliffs_delta) == ("lower", "large", -1.0)
    assert comparison.to_document()["ratio_interval"]["confidence"] == 0.95


def test_the_same_workload_twice_shows_no_difference() -> None:
    random = Random(4)
    clear = 0
    for seed in range(60):
        before, after = ([random.gauss(300, 30) for _ in range(40)] for _ in range(2))
        clear += compare("latency_ms", before, after, seed=seed).verdict != "no clear difference"
    assert clear <= 8  # 5% of 60 expected


def test_too_little_says_nothing() -> None:
    assert compare("x", [1.0], [9.0, 9.0]).verdict == "no clear difference"
    assert compare("x", [0.0, 0.0], [1.0, 1.0]).ratio is None


def test_the_bootstrap_without_resampling_is_the_bootstrap() -> None:
    random = Random(5)
    ordered = sorted(random.expovariate(1) for _ in range(101))
    drawn = [bootstrap_percentile(ordered, 0.5, random) for _ in range(4000)]
    resampled = [statistics.median(random.choices(ordered, k=101)) for _ in range(4000)]
    for decile in range(1, 10):
        quantile = [sorted(values)[decile * 400] for values in (drawn, resampled)]
        assert quantile[0] == pytest.approx(quantile[1], abs=0.05)


def test_equal_seeds_give_equal_intervals() -> None:
    random = Random(6)
    before, after = ([random.random() + 1 for _ in range(30)] for _ in range(2))
    assert compare("x", before, after, seed=1) == compare("x", before, after, seed=1)


def test_runs_are_compared_metric_by_metric_cold_apart() -> None:
    before = [invocation(index, cold=index == 0) for index in range(10)]
    after = [invocation(index, duration_ms=150.5) for index in range(10)]
    failed = replace(after[0], status="failed", ended_ms=1e9)
    warmup = replace(after[0], warmup=True, ended_ms=1e9)
    comparisons = compare_invocations(before, [*after, failed, warmup])
    assert sorted(comparisons) == ["duration_ms", "handler_ms", "latency_ms", "service_ms"]
    assert (comparisons["duration_ms"].before_count, comparisons["duration_ms"].after_count) == (9, 10)
    assert comparisons["duration_ms"].ratio == pytest.approx(150.5 / 300.5)
