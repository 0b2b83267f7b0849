"""The Environments screen under Pilot, on runs in a computed pool of environments."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Label

from lambda_tui.history import HistoryStore
from lambda_tui.scenario import Scenario
from lambda_tui.tui.app import LambdaTui
from lambda_tui.tui.dialogs.question import Question
from lambda_tui.tui.dialogs.reading import Reading
from lambda_tui.tui.dialogs.run_picker import RunPicker
from lambda_tui.tui.environments.clicks import clicks_scenarios
from lambda_tui.tui.environments.clicks_view import ClicksView
from lambda_tui.tui.environments.lanes import Lanes
from lambda_tui.tui.environments.lanes_view import LanesView
from lambda_tui.tui.environments.screen import EnvironmentsScreen
from lambda_tui.tui.widgets.fields import NumberInput
from tests.tui.screen_text import assert_looks_like, has_exited, screen_text
from tests.tui.synthetic import SilentTarget
from tests.tui.synthetic_environments import PoolRuns
from tests.tui.test_explore import until, until_shown

BIG, SMALL = (140, 45), (80, 24)
SCENARIO = Scenario(workload="sleep", tasks=1, task_ms=300, callers=12, invocations=40, memory_mb=512)


@asynccontextmanager
async def opened(
    runs: PoolRuns,
    size: tuple[int, int] = BIG,
    *,
    target: SilentTarget | None = None,
    history: HistoryStore | None = None,
) -> AsyncIterator[Pilot[None]]:
    """The application on screen 4, nothing run yet."""
    open_history = None if history is None else lambda: history
    app = LambdaTui(target or SilentTarget(), open_history, SCENARIO, start_run=runs)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until_shown(pilot, "Ready.")
        await pilot.press("4")
        await until_shown(pilot, "Nothing was run yet")
        yield pilot


async def after_a_run(pilot: Pilot[None]) -> Lanes:
    """Run what Explore's form says, and come back."""
    await pilot.press("1", "enter")
    await until_shown(pilot, "✓ done")
    await pilot.press("4")
    await until_shown(pilot, "40 requests in")
    return lanes_of(pilot)


def lanes_of(pilot: Pilot[None]) -> Lanes:
    return pilot.app.screen.query_one(Lanes)


def screen_of(pilot: Pilot[None]) -> EnvironmentsScreen:
    screen = pilot.app.screen
    assert isinstance(screen, EnvironmentsScreen)
    return screen


def moment(pilot: Pilot[None]) -> str:
    """The two lines about the cursor."""
    return screen_text(pilot.app).partition("At the cursor")[2]


async def test_a_run_with_throttles_looks_like_this() -> None:
    async with opened(PoolRuns(cap=8)) as pilot:
        await after_a_run(pilot)
        await pilot.press("j", "n")
        await pilot.pause()
        assert_looks_like(pilot.app, "environments-140x45")


async def test_it_works_in_a_small_terminal() -> None:
    async with opened(PoolRuns(), SMALL) as pilot:
        await after_a_run(pilot)
        await pilot.press("d")
        await pilot.pause()
        assert_looks_like(pilot.app, "environments-80x24")


async def test_a_run_in_progress_is_followed_and_a_pause_freezes_the_view_only() -> None:
    gate = threading.Event()
    runs = PoolRuns(gate=gate)
    async with opened(runs) as pilot:
        await pilot.press("1", "enter")
        await until_shown(pilot, "20 of 40")
        await pilot.press("4")
        await until_shown(pilot, "20 answers so far")
        await until_shown(pilot, "z Pause")
        await pilot.press("z")
        await until_shown(pilot, "Paused")
        gate.set()
        explore = pilot.app
        assert isinstance(explore, LambdaTui)
        await until(pilot, lambda: not explore.explore.session.running)
        run = screen_of(pilot).query_one(LanesView).run
        assert run is not None
        assert len(run.invocations) == 20
        await pilot.press("z")
        await until_shown(pilot, "40 requests in")
        await until(pilot, lambda: "z Pause" not in screen_text(pilot.app))


async def test_the_cursor_tells_what_an_environment_did_when() -> None:
    async with opened(PoolRuns()) as pilot:
        lanes = await after_a_run(pilot)
        await pilot.press("n")
        await until(pilot, lambda: "cold start" in moment(pilot))
        assert "init 90 ms" in moment(pilot)
        lanes.cursor_ms = 1_500.0
        await pilot.press("l")
        await until(pilot, lambda: "Frozen for" in moment(pilot))
        await pilot.press("n")
        await until(pilot, lambda: "busy, warm" in moment(pilot))
        await pilot.press("G")
        await until(pilot, lambda: "Environment 12" in moment(pilot))
        while lanes.lane is not None and len(lanes.lane) == 4:
            await pilot.press("k")
        lanes.cursor_ms = lanes.window.end_ms - 100
        await pilot.press("l", "l", "l", "l")
        await until(pilot, lambda: "a client cannot see which" in moment(pilot))


async def test_zoom_pan_and_back_to_all_of_it() -> None:
    async with opened(PoolRuns()) as pilot:
        lanes = await after_a_run(pilot)
        whole = lanes.window
        await pilot.press("n", "+", "+")
        assert round(whole.span_ms / lanes.window.span_ms, 6) == 4
        before = lanes.window.start_ms
        await pilot.press("L")
        assert lanes.window.start_ms > before
        await pilot.press("H", "H", "H", "H")
        assert lanes.window.start_ms == 0
        await pilot.press("0")
        assert lanes.window == whole
        await pilot.press("minus")
        assert lanes.window == whole
        assert lanes.cursor_ms is not None


async def test_the_mouse_points_zooms_and_pans() -> None:
    async with opened(PoolRuns()) as pilot:
        lanes = await after_a_run(pilot)
        await pilot.click(Lanes, offset=(60, 4))
        assert lanes.lane_number == 3
        assert lanes.cursor_ms is not None
        whole = lanes.window
        lanes.post_message(wheel_up(lanes, ctrl=True))
        await pilot.pause()
        assert lanes.window.span_ms < whole.span_ms
        start_ms = lanes.window.start_ms
        lanes.post_message(wheel_up(lanes, shift=True))
        await pilot.pause()
        assert lanes.window.start_ms < start_ms


def wheel_up(lanes: Lanes, *, ctrl: bool = False, shift: bool = False) -> events.MouseScrollUp:
    """One notch over the middle of the lanes."""
    return events.MouseScrollUp(lanes, 60, 4, 0, 0, 0, shift, False, ctrl)


async def test_pages_of_lanes_scroll_and_the_border_says_where_one_is() -> None:
    async with opened(PoolRuns(), SMALL) as pilot:
        lanes = await after_a_run(pilot)
        assert "of 12" in screen_text(pilot.app)
        await pilot.press("G")
        await pilot.pause()
        assert lanes.seen[1] == 12
        await pilot.press("g")
        await pilot.pause()
        assert lanes.seen[0] == 1


async def test_the_clicks_run_both_ways_and_are_laid_side_by_side() -> None:
    runs = PoolRuns()
    async with opened(runs) as pilot:
        await pilot.press("c")
        await until_shown(pilot, "200 at once: 64 environments, 64 cold starts, 136 throttled")
        await until_shown(pilot, "200 over 30 s: 3 environments, 3 cold starts.")
        first, second = (run.scenario for run in runs.started)
        assert (first.callers, first.invocations, first.rate) == (200, 200, None)
        assert second.rate is not None
        assert (second.planned_invocations, second.seconds) == (200, 30.0)
        assert first.event() == second.event() == SCENARIO.event()
        assert first.timeout_s != second.timeout_s
        assert_looks_like(pilot.app, "clicks-140x45")
        await pilot.press("escape")
        await until_shown(pilot, "200 requests in")
        await pilot.press("c")
        await pilot.pause()
        assert len(runs.started) == 2
        await pilot.press("c")
        await until(pilot, lambda: len(runs.started) == 4)


async def test_the_number_of_clicks_is_checked_and_used() -> None:
    runs = PoolRuns()
    async with opened(runs, SMALL) as pilot:
        screen = screen_of(pilot)
        clicks = screen.query_one("#field-clicks NumberInput", NumberInput)
        clicks.value = "2000"
        await pilot.press("c")
        await until_shown(pilot, "1 to 1,000.")
        assert not runs.started
        clicks.value = "30"
        await pilot.press("c")
        await until_shown(pilot, "30 at once: 30")
        await until(pilot, lambda: not screen.running)
        assert_looks_like(pilot.app, "clicks-80x24")


async def test_escape_stops_the_clicks_and_the_second_half_does_not_start() -> None:
    gate = threading.Event()
    runs = PoolRuns(gate=gate)
    async with opened(runs) as pilot:
        await pilot.press("c")
        await until_shown(pilot, "100 of 200 done")
        await pilot.press("escape")
        await until_shown(pilot, "stopped early")
        assert len(runs.started) == 1
        assert not screen_of(pilot).running


async def test_quitting_asks_while_the_clicks_run() -> None:
    gate = threading.Event()
    async with opened(PoolRuns(gate=gate)) as pilot:
        await pilot.press("c")
        await until_shown(pilot, "100 of 200 done")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        await pilot.press("enter")
        await until(pilot, lambda: has_exited(pilot.app))


async def test_the_clicks_wait_for_a_run_in_progress() -> None:
    gate = threading.Event()
    runs = PoolRuns(gate=gate)
    async with opened(runs) as pilot:
        await pilot.press("1", "enter")
        await until_shown(pilot, "20 of 40")
        await pilot.press("4", "c")
        await until_shown(pilot, "A run is in progress")
        assert len(runs.started) == 1
        gate.set()


async def test_on_a_real_account_the_spend_is_asked_first() -> None:
    runs = PoolRuns()
    async with opened(runs, target=SilentTarget("aws")) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        assert "Estimated spend" in screen_text(pilot.app)
        assert not runs.started
        await pilot.press("escape")
        await pilot.pause()
        assert not runs.started


def test_elsewhere_than_here_the_configuration_is_left_alone() -> None:
    scenario = SCENARIO.with_changes(max_usd=Decimal("0.05"))
    both = clicks_scenarios(scenario, 100, 10.0, "aws")
    assert {half.timeout_s for half in both.values()} == {SCENARIO.timeout_s}
    assert {half.max_usd for half in both.values()} == {Decimal("0.05")}
    here = clicks_scenarios(scenario.with_changes(timeout_s=900), 100, 10.0, "local")
    assert {half.timeout_s for half in here.values()} == {898, 899}
    # Nothing is spent here, and a limit would hold back what should start at the same moment.
    assert {half.max_usd for half in here.values()} == {None}


async def test_a_run_of_the_history_is_shown(tmp_path: Path) -> None:
    with_history = HistoryStore(tmp_path / "history.sqlite3")
    run = PoolRuns(cap=8)(SCENARIO)
    *_, last = run.snapshots()
    recorder = with_history.begin(
        run_id="recorded-1", name="the recorded one", started_at=last.started_at, scenario=SCENARIO
    )
    recorder.append(list(last.invocations))
    recorder.finish(summary=last.summary, bill=last.bill)
    async with opened(PoolRuns(), history=with_history) as pilot:
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPicker))
        assert "the recorded one" in screen_text(pilot.app)
        await pilot.press("enter")
        await until_shown(pilot, "Run recorded-1")
        assert "1–8 of 8" in screen_text(pilot.app)
        await after_a_run(pilot)
        assert "Run r1" in screen_text(pilot.app)
    with_history.close()


async def test_a_history_without_runs_is_said_and_no_empty_list_opens(tmp_path: Path) -> None:
    empty = HistoryStore(tmp_path / "history.sqlite3")
    async with opened(PoolRuns(), history=empty) as pilot:
        await pilot.press("o")
        await until_shown(pilot, "No run is recorded yet.")
        assert not isinstance(pilot.app.screen, RunPicker)
    empty.close()


async def test_help_says_what_is_inferred() -> None:
    async with opened(PoolRuns()) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, Reading))
        assert "cold start" in screen_text(pilot.app)


async def test_keys_of_the_lanes_are_not_offered_beside_the_clicks() -> None:
    async with opened(PoolRuns()) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: not screen_of(pilot).running)
        assert screen_of(pilot).query_one(ClicksView).display
        assert "Dense" not in screen_text(pilot.app)
        await pilot.press("z")
        assert "Paused" not in screen_text(pilot.app)


async def test_every_number_explains_itself_and_can_be_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(PoolRuns()) as pilot:
        await pilot.press("x")
        await until_shown(pilot, "Nothing was run yet.")
        await after_a_run(pilot)
        await pilot.press("n", "x")
        await until(pilot, lambda: isinstance(pilot.app.screen, Reading))
        explained = reading_text(pilot)
        assert "Environment 1, invocation #1" in explained
        assert "12 / 40 invocations that ran = 30%" in explained
        assert "Total: " in explained
        await pilot.press("escape", "y", "e")
        assert "40 requests in 6.31 s, 12 environments, 12 cold starts" in pilot.app.clipboard
        await until(pilot, lambda: len(list(tmp_path.glob("run-r1-*.json"))) == 1)


def reading_text(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("Reading Label", Label).content)
