"""Lanes and occupancy: what must hold for any run, and their values for small ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.results import Invocation, InvocationStatus
from lambda_tui.results.environments import RECLAIMED_AFTER_MS, EnvironmentTimeline, Lane, occupied
from lambda_tui.results.occupancy import Occupancy
from tests.results.made_invocations import answered, refused

STATUSES: st.SearchStrategy[InvocationStatus] = st.sampled_from(
    ["ok", "ok", "ok", "throttled", "failed", "function_error"]
)
TIMES = st.floats(0, 5_000).map(lambda value: round(value, 3))


@st.composite
def runs(draw: st.DrawFn) -> list[Invocation]:
    """Arbitrary invocations: overlapping in one environment, late, without REPORT or name."""
    invocations = []
    for index in range(draw(st.integers(0, 40))):
        environment_id = draw(st.sampled_from(["a", "b", "c", None]))
        init_ms = draw(st.sampled_from([None, None, 0.0, 80.0]))
        made = answered(index, draw(TIMES), draw(TIMES), environment_id, init_ms=init_ms)
        status = draw(STATUSES)
        if status in ("throttled", "failed"):
            made = refused(made, status)
        elif status == "function_error":
            made = replace(made, status="function_error", environment_id=None)
        elif draw(st.booleans()):
            made = replace(made, report=None)
        invocations.append(made)
    return invocations


Picture = tuple[object, ...]


def picture(timeline: EnvironmentTimeline) -> Picture:
    """Everything a screen can see of a timeline."""
    lanes = [
        (
            lane.environment_id,
            [invocation.index for invocation in lane.invocations],
            list(lane.spans()),
            lane.inits_ms,
            lane.errors_ms,
        )
        for lane in timeline.lanes
    ]
    levels = [timeline.occupancy.maximum(time, time + 50) for time in range(0, 12_000, 50)]
    return lanes, timeline.throttled_ms, timeline.failed_ms, timeline.counts(20_000.0), levels


@given(runs())
def test_every_invocation_that_ran_is_in_exactly_one_lane(invocations: list[Invocation]) -> None:
    timeline = EnvironmentTimeline(invocations)
    placed = sorted(invocation.index for lane in timeline.lanes for invocation in lane.invocations)
    assert placed == [
        invocation.index for invocation in invocations if invocation.status in ("ok", "function_error")
    ]
    assert len(timeline.throttled_ms) == sum(invocation.status == "throttled" for invocation in invocations)
    assert len(timeline.failed_ms) == sum(invocation.status == "failed" for invocation in invocations)
    for lane in timeline.lanes:
        assert {invocation.environment_id for invocation in lane.invocations} == {lane.environment_id}


@given(runs())
def test_a_lane_never_overlaps_itself_and_stays_within_its_requests(invocations: list[Invocation]) -> None:
    for lane in EnvironmentTimeline(invocations).lanes:
        assert lane.begins_ms[0] <= lane.ends_ms[0]
        for position in range(1, len(lane)):
            assert lane.ends_ms[position - 1] <= lane.begins_ms[position] <= lane.ends_ms[position]
        for invocation, (begin_ms, end_ms) in zip(lane.invocations, lane.spans(), strict=True):
            assert invocation.started_ms <= begin_ms <= end_ms == invocation.ended_ms


@given(runs(), st.randoms(use_true_random=False), st.integers(1, 7))
def test_batches_and_their_order_do_not_matter(
    invocations: list[Invocation], random: Random, size: int
) -> None:
    shuffled = list(invocations)
    random.shuffle(shuffled)
    timeline = EnvironmentTimeline()
    for start in range(0, len(shuffled), size):
        timeline.extend(shuffled[start : start + size])
        assert len(timeline.lanes) <= len(invocations)
    assert picture(timeline) == picture(EnvironmentTimeline(invocations))


@given(runs(), st.integers(1, 7))
def test_as_it_happens_equals_from_scratch(invocations: list[Invocation], size: int) -> None:
    arriving = sorted(invocations, key=lambda invocation: (invocation.ended_ms, invocation.index))
    timeline = EnvironmentTimeline()
    for start in range(0, len(arriving), size):
        timeline.extend(arriving[start : start + size])
        assert picture(timeline) == picture(EnvironmentTimeline(arriving[: start + size]))


@given(runs())
def test_occupancy_is_the_number_of_busy_lanes(invocations: list[Invocation]) -> None:
    timeline = EnvironmentTimeline(invocations)
    for time_ms in sorted({begin for lane in timeline.lanes for begin, end in lane.spans() if end > begin}):
        busy = sum(begin <= time_ms < end for lane in timeline.lanes for begin, end in lane.spans())
        assert timeline.occupancy.maximum(time_ms, time_ms) == busy
    assert timeline.occupancy.peak <= len(timeline.lanes)


@given(st.lists(st.tuples(TIMES, TIMES).map(lambda pair: (min(pair), max(pair)))), TIMES, TIMES)
def test_the_maximum_of_a_range_is_the_highest_step_in_it(
    spans: list[tuple[float, float]], first_ms: float, second_ms: float
) -> None:
    begin_ms, end_ms = sorted((first_ms, second_ms))
    occupancy = Occupancy(spans)
    times = [begin_ms, *(time for span in spans for time in span if begin_ms <= time < end_ms)]
    expected = max(sum(begin <= time < end for begin, end in spans) for time in times)
    assert occupancy.maximum(begin_ms, end_ms) == expected


def _level(spans: Sequence[tuple[float, float]], time_ms: float) -> int:
    return sum(begin <= time_ms < end for begin, end in spans)


def test_many_steps_have_the_maximum_of_a_plain_count() -> None:
    spans = [(index * 1.5, index * 1.5 + index % 37 * 4.0) for index in range(3_000)]
    grown = Occupancy()
    for start in range(0, len(spans), 100):
        grown.add(spans[start : start + 100])
    whole = Occupancy(spans)
    for begin in range(0, 4_600, 311):
        times = [begin, *(time for span in spans for time in span if begin <= time < begin + 700)]
        assert grown.maximum(begin, begin + 700) == max(_level(spans, time) for time in times)
    assert (grown.peak, grown.peak_at_ms) == (whole.peak, whole.peak_at_ms)
    peak_at_ms = grown.peak_at_ms
    assert peak_at_ms is not None
    assert _level(spans, peak_at_ms) == grown.peak


def test_the_busy_part_ends_with_the_answer_and_init_lies_before_it() -> None:
    assert occupied(answered(0, 100.0, 300.0, init_ms=90.0, overhead_ms=25.0)) == (125.0, 215.0)


def test_without_a_report_the_whole_service_time_is_busy() -> None:
    assert occupied(replace(answered(0, 100.0, 300.0), report=None)) == (100.0, 100.0)


def test_a_span_cannot_begin_before_its_request_or_before_its_environment_is_free() -> None:
    late = replace(answered(0, 100.0, 300.0), started_ms=150.0)
    assert occupied(late) == (150.0, 150.0)
    assert occupied(late, free_from_ms=200.0) == (200.0, 200.0)


def test_what_an_environment_did_when() -> None:
    lane = Lane("a")
    lane.add(answered(0, 0.0, 300.0, init_ms=100.0))
    lane.add(answered(1, 1_000.0, 300.0))
    moments = [lane.at(time_ms) for time_ms in (0.0, 99.0, 100.0, 399.0, 400.0, 999.0, 1_000.0, 1_300.0)]
    assert [(moment.kind, moment.position) for moment in moments] == [
        *[("init", 0)] * 2, *[("busy", 0)] * 2, *[("frozen", 1)] * 2, ("busy", 1), ("after", 1),
    ]  # fmt: skip
    assert lane.at(-1.0).kind == "before"
    assert lane.busy_until([0.0, 50.0, 700.0, 1_100.0, 9_000.0]) == [0.0, 50.0, 400.0, 500.0, 700.0]


def test_an_environment_is_taken_as_reclaimed_after_its_idle_limit() -> None:
    lane = Lane("a")
    lane.add(answered(0, 0.0, 300.0))
    assert lane.end_ms(10_000.0) == 10_000.0
    assert lane.end_ms(10_000_000.0) == 300.0 + RECLAIMED_AFTER_MS
    assert lane.end_ms(10_000.0, idle_limit_ms=0.0) == 300.0


def test_unnamed_invocations_need_no_more_lanes_than_overlapped() -> None:
    timeline = EnvironmentTimeline(answered(index, index * 100.0, 250.0, None) for index in range(30))
    assert len(timeline.lanes) == 3
    assert timeline.counts(5_000.0).unnamed == 3
    assert timeline.occupancy.peak == 3


def test_an_unnamed_cold_start_is_a_new_lane() -> None:
    invocations = [
        answered(0, 0.0, 100.0, None, init_ms=50.0),
        answered(1, 1_000.0, 100.0, None, init_ms=50.0),
    ]
    assert len(EnvironmentTimeline(invocations).lanes) == 2


def test_the_counts_of_a_small_run() -> None:
    invocations = [
        answered(0, 0.0, 100.0, "new", init_ms=100.0),
        answered(1, 0.0, 100.0, "warm"),
        answered(2, 300.0, 100.0, "new"),
        refused(answered(3, 0.0, 1.0), "throttled"),
        refused(answered(4, 0.0, 1.0), "failed"),
        replace(answered(5, 600.0, 100.0, None), status="function_error"),
    ]
    counts = EnvironmentTimeline(invocations).counts(1_000.0)
    assert (counts.environments, counts.unnamed) == (3, 1)
    assert (counts.invocations, counts.cold_starts, counts.cold_share) == (4, 1, 0.25)
    assert (counts.throttled, counts.failed, counts.function_errors, counts.peak) == (1, 1, 1, 2)
    # 300, 100 and 100 ms busy of the 1,000, 1,000 and 400 ms since each was first used.
    assert counts.busy_share == 500.0 / 2_400.0


def test_nothing_was_run() -> None:
    counts = EnvironmentTimeline().counts(0.0)
    assert (counts.environments, counts.cold_share, counts.busy_share) == (0, None, None)
