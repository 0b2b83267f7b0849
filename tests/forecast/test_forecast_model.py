"""The wait + CPU model: what it recovers exactly, what it refuses, and how well it fits real curves."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambda_tui.billing import load_prices
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast import Point, cpu_speed, fit, forecast, predict, visible_cores

CURVES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "curves.json").read_text())
RATES = load_prices().rates("us-east-1", "x86_64")
SIZES = [128, 256, 512, 1024, 1769, 3008, 6144, 10240]


def point(
    memory_mb: int, duration_ms: float, cpu_ms: float | None = None, workers: int | None = None
) -> Point:
    cpu = None if cpu_ms is None else Decimal(str(cpu_ms))
    return Point(memory_mb, Decimal(str(duration_ms)), cpu, workers)


@pytest.mark.parametrize(
    ("memory_mb", "cores"),
    [
        (128, 2),
        (3008, 2),
        (3009, 3),
        (5307, 3),
        (5308, 4),
        (7076, 4),
        (7077, 5),
        (8845, 5),
        (8846, 6),
        (10240, 6),
    ],
)
def test_visible_cores(memory_mb: int, cores: int) -> None:
    assert visible_cores(memory_mb) == cores


@pytest.mark.parametrize(
    ("memory_mb", "threads", "speed"),
    [
        (128, 1, 128 / 1769),
        (1769, 1, 1.0),
        (10240, 1, 1.0),  # one thread never exceeds one vCPU
        (1024, 6, 1024 / 1769),  # below 1769 MB threads do not help
        (3008, 6, 3008 / 1769),
        (10240, 6, 10240 / 1769),
        (10240, 4, 4.0),
    ],
)
def test_speed(memory_mb: int, threads: int, speed: float) -> None:
    assert cpu_speed(memory_mb, threads) == pytest.approx(speed)


@given(wait=st.floats(0, 5000), cpu=st.floats(1, 50_000), threads=st.integers(1, 4))
def test_points_of_the_model_give_the_model_back(wait: float, cpu: float, threads: int) -> None:
    sizes = (256, 1024, 3008, 5307, 7000)
    durations = [wait + cpu / cpu_speed(size, threads) for size in sizes]
    assume(min(durations) > 1)
    model = fit([point(size, duration) for size, duration in zip(sizes, durations, strict=True)])
    for size in SIZES:
        expected = wait + cpu / cpu_speed(size, threads)
        # A simpler model within a fifth of the error may be chosen if CPU hardly matters.
        assert model.duration_ms(size) == pytest.approx(expected, rel=0.02)


def test_one_point_with_cpu_time_is_enough() -> None:
    model = fit([point(512, 1000, cpu_ms=200)])
    assert model.cpu_ms == 200
    assert model.wait_ms == pytest.approx(1000 - 200 * 1769 / 512)
    assert model.duration_ms(1769) == pytest.approx(model.wait_ms + 200)


def test_pure_waiting_does_not_get_faster_with_memory() -> None:
    result = forecast([point(512, 300.5, cpu_ms=0)], [128, 10240], RATES)
    assert [item.duration_ms for item in result.predictions] == [300.5, 300.5]


def test_cpu_time_beyond_the_clock_shows_several_threads() -> None:
    # 4000 ms of CPU in 1000 ms of wall time on six cores.
    assert fit([point(10240, 1000, cpu_ms=4000)]).threads == 4
    assert fit([point(10240, 4000, cpu_ms=4000, workers=6)]).threads == 1  # held back by a GIL


def test_stated_threads_are_taken_as_stated() -> None:
    assert fit([point(512, 900), point(3008, 200)], threads=1).threads == 1


@pytest.mark.parametrize(
    "points",
    [[], [point(512, 300)], [point(512, 300), point(512, 310)], [point(512, 0)]],
    ids=["none", "one", "one size twice", "zero"],
)
def test_what_determines_nothing_is_refused(points: list[Point]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        fit(points)
    assert refusal.value.field == "points"


def test_measured_sizes_keep_what_was_measured() -> None:
    result = forecast([point(512, 900), point(512, 940), point(1769, 400)], [256, 512, 1769], RATES)
    unmeasured, twice, once = result.predictions
    assert [item.measured for item in result.predictions] == [False, True, True]
    assert (twice.low_ms, twice.duration_ms, twice.high_ms) == (900, 920, 940)
    assert once.duration_ms == 400
    assert unmeasured.low_ms < unmeasured.duration_ms < unmeasured.high_ms


def test_the_price_is_that_of_the_rounded_up_duration() -> None:
    item = predict(fit([point(1024, 100.2, cpu_ms=0)]), 2048, RATES)
    assert item.usd == RATES.request + 2 * Decimal("0.101") * RATES.gb_second


def test_short_throttled_functions_get_a_wide_interval() -> None:
    model = fit([point(128, 60, cpu_ms=4)])
    short, long = predict(model, 256, RATES), predict(fit([point(128, 60_000, cpu_ms=4000)]), 256, RATES)
    assert (short.high_ms - short.low_ms) / short.duration_ms > (
        long.high_ms - long.low_ms
    ) / long.duration_ms
    assert short.high_ms - short.duration_ms > 20


def test_far_from_the_measured_sizes_the_interval_grows() -> None:
    model = fit(
        [point(900, 2000), point(1000, 1820), point(1100, 1660), point(1200, 1540), point(1300, 1450)]
    )
    assert model.relative_error(128) > model.relative_error(1100)


def test_another_architecture_scales_the_cpu_part_only() -> None:
    model = fit([point(1769, 1000, cpu_ms=400)])
    assert model.duration_ms(1769, speed_ratio=2.0) == pytest.approx(600 + 200)


@given(st.lists(st.tuples(st.integers(128, 10240), st.floats(0.5, 900_000)), min_size=2, max_size=8))
def test_any_points_give_finite_predictions_in_order(measured: list[tuple[int, float]]) -> None:
    points = [point(memory_mb, round(duration, 3)) for memory_mb, duration in measured]
    try:
        result = forecast(points, SIZES, RATES)
    except InvalidInput:
        assume(False)
    assert result.model.wait_ms >= 0
    assert result.model.cpu_ms >= 0
    for item in result.predictions:
        assert 0 <= item.low_ms <= item.duration_ms <= item.high_ms < math.inf


def held_out(curve: dict[str, Any]) -> Iterator[tuple[float, bool]]:
    """(relative error, inside the interval) at each size left out of a fit of smallest, middle, largest."""
    measured = curve["points"]
    known = [measured[0], measured[len(measured) // 2], measured[-1]]
    model = fit([point(p["memory_mb"], p["duration_ms"], workers=p.get("workers")) for p in known])
    for left_out in measured:
        if left_out not in known:
            actual = left_out["duration_ms"]
            duration = model.duration_ms(left_out["memory_mb"], workers=left_out.get("workers"))
            interval = predict(model, left_out["memory_mb"], RATES)
            yield abs(duration / actual - 1), interval.low_ms <= actual <= interval.high_ms


def test_error_on_real_curves_at_sizes_it_has_not_seen() -> None:
    """31 published measurements of other people's functions; the table is in docs/cost.md."""
    by_kind: dict[str, list[float]] = defaultdict(list)
    inside: list[bool] = []
    for curve in CURVES:
        results = list(held_out(curve))
        by_kind[curve["kind"]].append(fmean(error for error, _ in results))
        inside += [ok for _, ok in results]
    stated = {
        "io-http": 0.03, "mixed-cpu-io": 0.05, "mixed-cpu-db": 0.06, "cpu-multi-lib": 0.10, "mixed-cpu": 0.10,
        "mixed-cpu-s3": 0.10, "cpu-parallel": 0.12, "io-s3-concurrent": 0.12, "mixed-cpu-s3-noisy": 0.22,
        "io-small": 0.50,
    }  # fmt: skip
    assert by_kind.keys() == stated.keys()
    for kind, errors in by_kind.items():
        assert median(errors) <= stated[kind], kind
    assert fmean(inside) > 0.8
