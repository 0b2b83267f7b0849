"""Exact samples at any count, and the intervals around their percentiles."""

from __future__ import annotations

import math
import statistics
import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.results.intervals import (
    Interval,
    interval_ranks,
    quantile_interval,
    samples_needed,
    small_sample_warning,
    unreliable_percentiles,
)
from lambda_tui.results.samples import CHUNK, Samples

numbers = st.lists(st.floats(-1e6, 1e6), max_size=300)


@given(at_once=numbers, added=numbers)
def test_samples_are_the_sorted_list(at_once: list[float], added: list[float]) -> None:
    samples = Samples(at_once)
    for value in added:
        samples.add(value)
    ordered = sorted(at_once + added)
    assert list(samples) == ordered
    assert len(samples) == len(ordered)
    assert samples.at(range(len(ordered))) == ordered
    if len(ordered) > 1:
        assert samples.mean == pytest.approx(statistics.fmean(ordered), rel=1e-9, abs=1e-6)
        assert samples.stddev == pytest.approx(statistics.stdev(ordered), rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("order", ["random", "ascending", "descending", "equal"])
def test_many_samples_in_any_order_of_arrival(order: str) -> None:
    random = Random(1)
    values = [random.choice([random.random(), 0.5]) for _ in range(10 * CHUNK)]
    if order != "random":
        values.sort(reverse=order == "descending")
    if order == "equal":
        values = [1.0] * len(values)
    samples = Samples()
    for value in values:
        samples.add(value)
    assert list(samples) == sorted(values)
    assert samples[-1] == max(values)
    assert samples[:3] == sorted(values)[:3]
    with pytest.raises(IndexError):
        samples[len(values)]


def test_a_sample_costs_the_same_at_three_hundred_thousand() -> None:
    random = Random(2)

    def cpu_per_add(samples: Samples) -> float:
        values = [random.random() for _ in range(20_000)]
        began = time.thread_time()
        for start in range(0, len(values), 500):
            for value in values[start : start + 500]:
                samples.add(value)
            samples.at([0])
        return (time.thread_time() - began) / len(values)

    few, many = Samples(), Samples(random.random() for _ in range(300_000))
    # One flat list would cost about 25 times as much.
    assert min(cpu_per_add(many) for _ in range(3)) < 6 * min(cpu_per_add(few) for _ in range(3))


@pytest.mark.parametrize(("count", "fraction"), [(6, 0.5), (20, 0.5), (72, 0.95), (150, 0.5), (150, 0.95)])
def test_the_ranks_are_those_between_which_resamples_fall(count: int, fraction: float) -> None:
    ranks = interval_ranks(count, fraction)
    assert ranks is not None
    low, high = ranks
    random, resamples = Random(4), 4_000
    position = math.ceil(fraction * count) - 1
    drawn = [sorted(random.choices(range(count), k=count))[position] for _ in range(resamples)]
    sampling_error = 0.008  # three standard deviations of a share of 2.5% of so many

    def share(below: int) -> float:
        return sum(value < below for value in drawn) / resamples

    assert share(low) <= 0.025 + sampling_error
    assert share(high + 1) >= 0.975 - sampling_error
    # No wider than to the value after the next.
    assert share(low + 2) >= 0.025 - sampling_error
    assert share(high - 1) <= 0.975 + sampling_error


def test_the_interval_covers_the_true_percentile_as_often_as_it_says() -> None:
    random = Random(3)
    for fraction, truth in ((0.5, 1.0), (0.95, 10**1.6448536)):
        hits = 0
        for _ in range(400):
            bounds = quantile_interval(sorted(10 ** random.gauss(0, 1) for _ in range(150)), fraction)
            assert bounds is not None
            hits += bounds.low <= truth <= bounds.high
        assert hits >= 0.92 * 400


def test_intervals_of_large_and_too_small_samples() -> None:
    assert interval_ranks(1_000_000, 0.5) == (499_018, 500_980)  # 500,000 -+ 1.96 x 500
    assert quantile_interval([1.0] * 5, 0.5) is None
    assert quantile_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.5) == Interval(1.0, 6.0)
    assert quantile_interval([float(n) for n in range(71)], 0.95) is None
    assert quantile_interval([], 0.5) is None


def test_how_many_samples_a_percentile_takes() -> None:
    assert [samples_needed(fraction) for fraction in (0.9, 0.95, 0.99, 0.999)] == [10, 20, 100, 1000]
    assert unreliable_percentiles(0) == ()
    assert unreliable_percentiles(20) == ("p99", "p999")
    assert unreliable_percentiles(1000) == ()
    assert small_sample_warning(99, "p99").startswith("p99 of 99 is the largest value")
    assert small_sample_warning(100, "p99") == ""
    assert small_sample_warning(5, "mean") == ""
