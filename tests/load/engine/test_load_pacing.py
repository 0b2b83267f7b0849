"""Pacers: how many starts, in what order, how spread; and timers that wake on time."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.load.engine.open_loop import OpenLoop
from lambda_tui.load.engine.pacing import ConstantPacer, Pacer, PoissonPacer, count_of, pacer_of, peak_rate
from lambda_tui.load.engine.start_timer import StartTimer, ThreadTimer, TimerfdTimer, new_start_timer

ARRIVALS = ["constant", "poisson", "ramp", "spike", "step"]


def all_starts(pacer: Pacer) -> list[float]:
    starts: list[float] = []
    while (due := pacer.start_ms(len(starts))) is not None:
        starts.append(due)
    return starts


@given(arrivals=st.sampled_from(ARRIVALS), rate=st.floats(0.5, 500), seconds=st.floats(0.1, 20))
def test_every_pacer_makes_the_planned_starts_in_order_and_in_time(
    arrivals: str, rate: float, seconds: float
) -> None:
    starts = all_starts(pacer_of(arrivals, rate, seconds, seed=1))
    assert len(starts) == count_of(rate, seconds)
    assert starts == sorted(starts)
    assert starts[0] >= 0
    # The planned count is rounded: at most half a start's spacing more than the time.
    assert starts[-1] <= seconds * 1000 + 1000 / rate


@pytest.mark.parametrize(
    ("arrivals", "per_tenth"),
    [
        ("constant", [100] * 10),
        ("ramp", [10, 30, 50, 70, 90, 110, 130, 150, 170, 190]),
        # 250 starts in 45% of the time on either side of 500 in the middle tenth.
        ("spike", [56, 55, 56, 55, 278, 278, 55, 56, 55, 56]),
        ("step", [40, 40, 60, 80, 80, 120, 120, 140, 160, 160]),
    ],
)
def test_the_shapes(arrivals: str, per_tenth: list[int]) -> None:
    starts = all_starts(pacer_of(arrivals, rate=100, seconds=10, seed=0))
    counts = [sum(tenth * 1000 <= start < (tenth + 1) * 1000 for start in starts) for tenth in range(10)]
    assert counts == pytest.approx(per_tenth, abs=1)


@pytest.mark.parametrize("arrivals", ["constant", "ramp", "spike", "step"])
def test_the_rate_is_the_derivative_of_the_starts(arrivals: str) -> None:
    pacer = pacer_of(arrivals, rate=1000, seconds=10, seed=0)
    starts = all_starts(pacer)
    for middle_ms in (500.0, 2300.0, 5200.0, 8600.0):
        near = sum(middle_ms - 100 <= start < middle_ms + 100 for start in starts) / 0.2
        assert near == pytest.approx(pacer.rate(middle_ms), rel=0.03)


def test_poisson_is_seeded_and_as_irregular_as_independent_users() -> None:
    starts = all_starts(PoissonPacer(1000, 20, seed=7))
    assert starts == all_starts(PoissonPacer(1000, 20, seed=7))
    assert starts != all_starts(PoissonPacer(1000, 20, seed=8))
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    mean = sum(gaps) / len(gaps)
    assert mean == pytest.approx(1, rel=0.02)
    # Exponential gaps: as much standard deviation as mean, and 1/e of them longer than it.
    assert (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5 == pytest.approx(1, rel=0.05)
    assert sum(gap > mean for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.02)


def test_poisson_skips_to_later_hits_for_engines_that_share_them() -> None:
    starts = all_starts(PoissonPacer(100, 1, seed=3))
    odd = PoissonPacer(100, 1, seed=3)
    assert [odd.start_ms(hits) for hits in range(1, 100, 2)] == starts[1::2]


def test_peak_rates() -> None:
    peaks = [peak_rate(arrivals, 100, 10) for arrivals in ARRIVALS]
    assert peaks == pytest.approx([100, 100, 200, 500, 160])


timers = pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            TimerfdTimer, marks=pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux's")
        ),
        ThreadTimer,
        new_start_timer,
    ],
)


@timers
@pytest.mark.timed
async def test_a_timer_calls_back_not_before_its_instant(
    make: Callable[[Callable[[], None]], StartTimer],
) -> None:
    called: asyncio.Queue[float] = asyncio.Queue()
    timer = make(lambda: called.put_nowait(time.perf_counter()))
    try:
        late = []
        for _ in range(20):
            at_s = time.perf_counter() + 0.005
            timer.arm(at_s)
            late.append(await asyncio.wait_for(called.get(), 5) - at_s)
        assert min(late) >= 0
        # The event loop's own timers would be 0.5 ms late at best; half of ours must beat that anywhere.
        assert sorted(late)[len(late) // 2] < 0.02
        timer.arm(time.perf_counter() - 1)
        await asyncio.wait_for(called.get(), 5)
    finally:
        timer.close()


@timers
async def test_a_new_instant_replaces_the_old_one(
    make: Callable[[Callable[[], None]], StartTimer],
) -> None:
    called: list[float] = []
    timer = make(lambda: called.append(time.perf_counter()))
    timer.arm(time.perf_counter() + 0.01)
    timer.arm(time.perf_counter() + 60)
    await asyncio.sleep(0.05)
    timer.close()
    assert called == []


async def test_a_loop_that_was_asleep_makes_every_start_it_missed() -> None:
    zero = time.perf_counter()
    made: list[float] = []
    over = asyncio.Event()
    loop = OpenLoop(
        ConstantPacer(rate=1000, seconds=0.2),
        iter(range(1 << 20)),
        zero=zero,
        began_ms=0.0,
        now_ms=lambda: (time.perf_counter() - zero) * 1000,
        start=made.append,
        finished=over.set,
    )
    time.sleep(0.1)  # noqa: ASYNC251 - the whole process stands still, as it may on a busy machine
    await asyncio.wait_for(over.wait(), 10)
    loop.close()
    assert made == [float(hit) for hit in range(200)]
