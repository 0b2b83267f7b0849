"""Lanes as text, and windows of time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambda_tui.results import InvocationStatus
from lambda_tui.results.environments import RECLAIMED_AFTER_MS, Lane
from lambda_tui.tui.drawing.lanes import LaneCells, half_runs
from lambda_tui.tui.drawing.time_window import SHORTEST_MS, TimeView, TimeWindow
from lambda_tui.tui.environments.texts import percent
from tests.results.made_invocations import answered


def lane_of(*uses: tuple[float, float, float | None]) -> Lane:
    """A lane of (start, duration, init)."""
    lane = Lane("a")
    for index, (started_ms, duration_ms, init_ms) in enumerate(uses):
        lane.add(answered(index, started_ms, duration_ms, init_ms=init_ms))
    return lane


def text(lane: Lane, window: TimeWindow, now_ms: float, idle_limit_ms: float = RECLAIMED_AFTER_MS) -> str:
    return "".join(LaneCells(lane, window, now_ms, idle_limit_ms).characters)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # The whole life: init, busy, frozen, busy, idle until now.
        (TimeWindow(0, 2_000, 20), " ◆▒▇▇▇────▇▇╌╌╌╌╌╌╌ "),
        # Zoomed out, a part of a cell's time busy is a lower cell; the cold start is still seen.
        (TimeWindow(0, 4_000, 10), "◆▅▅╌╌     "),
        # Zoomed in on the first answer.
        (TimeWindow(400, 800, 8), "▇▇▇▇────"),
        # Before and after there is nothing.
        (TimeWindow(5_000, 6_000, 5), "     "),
    ],
)
def test_a_lane_in_windows(window: TimeWindow, expected: str) -> None:
    lane = lane_of((100.0, 300.0, 200.0), (1_000.0, 200.0, None))
    assert text(lane, window, 1_899.0) == expected


def test_neighbouring_invocations_are_told_apart_where_they_are_wide() -> None:
    lane = lane_of((0.0, 300.0, None), (300.0, 300.0, None), (600.0, 400.0, None))
    wide = LaneCells(lane, TimeWindow(0, 1_000, 20), 1_000.0, RECLAIMED_AFTER_MS)
    assert [ink for _, ink in wide.runs()] == ["busy", "next", "busy"]
    assert [len(characters) for characters, _ in wide.runs()] == [6, 6, 8]
    narrow = LaneCells(lane, TimeWindow(0, 1_000, 5), 1_000.0, RECLAIMED_AFTER_MS)
    assert [ink for _, ink in narrow.runs()] == ["busy"]


def test_an_environment_taken_as_reclaimed_ends_in_a_cross() -> None:
    lane = lane_of((0.0, 300.0, None))
    assert text(lane, TimeWindow(0, 1_000, 10), 1_000.0, idle_limit_ms=400.0) == "▇▇▇╌╌╌╌╳  "


def test_two_lanes_in_one_row() -> None:
    assert half_runs(["init", "busy", "busy", "", ""], ["init", "busy", "init", "busy", "frozen"]) == [
        ("▒", "init", ""), ("█", "busy", ""), ("▒", "init", "busy"), ("▄", "busy", ""), ("─", "frozen", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("now_ms", [1.0, 7.0, 99.0, 1_234.0, 59_999.0, 3_600_001.0])
def test_a_live_window_shows_all_and_leaves_at_most_an_eighth_empty(now_ms: float) -> None:
    window = TimeView().window(now_ms, 100, live=True)
    assert window.start_ms == 0
    assert max(now_ms, SHORTEST_MS) <= window.end_ms <= max(now_ms, SHORTEST_MS) * 1.125 + 1e-9


def test_zooming_keeps_the_time_under_the_cursor_in_its_column() -> None:
    view, now_ms = TimeView(), 10_000.0
    for _ in range(5):
        window = view.window(now_ms, 100, live=False)
        column = window.column(3_210.0)
        view = view.zoomed(window, 0.5, 3_210.0, now_ms)
        view = TimeView(view.span_ms, view.start_ms, follow=False)
        assert abs(view.window(now_ms, 100, live=False).column(3_210.0) - column) <= 1
    assert view.span_ms == 10_000.0 / 32


def test_zooming_out_ends_at_the_whole_run_and_in_at_the_shortest() -> None:
    window = TimeWindow(0, 100, 50)
    assert TimeView().zoomed(window, 64.0, 50.0, 100.0) == TimeView()
    assert TimeView().zoomed(window, 1e-9, 50.0, 100.0).span_ms == SHORTEST_MS


def test_a_following_window_ends_at_the_live_end_and_a_panned_one_stays() -> None:
    view = TimeView(span_ms=1_000.0)
    assert view.window(8_000.0, 10, live=True).end_ms == 8_000.0
    assert view.window(9_000.0, 10, live=True).end_ms == 9_000.0
    still = view.moved(view.window(9_000.0, 10, live=True), -3_000.0)
    assert still.window(20_000.0, 10, live=True) == TimeWindow(5_000.0, 6_000.0, 10)
    before_all = still.moved(TimeWindow(5_000.0, 6_000.0, 10), -9_000.0)
    assert before_all.window(20_000.0, 10, live=True).start_ms == 0


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (TimeWindow(0, 1_000, 50), "╷0 ms        ╷250         ╷500"),
        (TimeWindow(0, 1_000, 48), "╷0 ms                   ╷500"),
        (TimeWindow(2_900, 4_100, 24), "  ╷3 s"),
    ],
)
def test_ticks_stand_at_round_times(window: TimeWindow, expected: str) -> None:
    scale = window.scale()
    assert len(scale) == window.columns
    for label in scale.split("╷")[1:]:
        value = float(label.split(maxsplit=1)[0].replace(",", ""))
        time_ms = value * (1000 if window.end_ms >= 2_000 else 1)
        assert scale[window.column(time_ms + 1e-6)] == "╷"
    assert scale.split(maxsplit=1)[0].startswith(expected.split(maxsplit=1)[0])


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (None, "–"), (0.0, "0%"), (0.0004, "<0.1%"), (0.088, "8.8%"), (0.32, "32%"), (0.9999, "99.9%"),
        (1.0, "100%"),
    ],
)  # fmt: skip
def test_a_share_is_never_rounded_to_none_or_all(share: float | None, expected: str) -> None:
    assert percent(share) == expected


def test_a_lane_painted_as_it_grows_equals_one_painted_at_once() -> None:
    uses = [(index * 170.0, 40.0 + index % 3 * 50.0, 30.0 if index % 4 == 0 else None) for index in range(12)]
    for span_ms in (500.0, 2_200.0, 40_000.0):
        window, lane = TimeWindow(0.0, span_ms, 60), lane_of(uses[0])
        grown = LaneCells(lane, window, 150.0, 5_000.0)
        for index, (started_ms, duration_ms, init_ms) in enumerate(uses[1:], start=1):
            status: InvocationStatus = "function_error" if index % 5 == 0 else "ok"
            invocation = answered(index, started_ms, duration_ms, init_ms=init_ms)
            lane.add(replace(invocation, status=status))
            now_ms = lane.ends_ms[-1] + 90.0
            grown.update(now_ms)
            whole = LaneCells(lane, window, now_ms, 5_000.0)
            assert (grown.characters, grown.inks) == (whole.characters, whole.inks)
        lane.add(answered(20, 900.0, 10.0))
        grown.update(9_000.0)
        assert grown.characters == LaneCells(lane, window, 9_000.0, 5_000.0).characters
