"""The Explore screen under Pilot, on synthetic runs."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.message import Message
from textual.pilot import Pilot

from lambda_tui.errors import LimitReached, StorageError, TargetLost, TargetUnreachable
from lambda_tui.history import HistoryStore
from lambda_tui.scenario import Scenario
from lambda_tui.targets import EndpointTarget, Target
from lambda_tui.tui.app import LambdaTui
from lambda_tui.tui.dialogs.question import Question
from lambda_tui.tui.dialogs.reading import Reading
from lambda_tui.tui.explore.first_scenario import FIRST_SCENARIO
from lambda_tui.tui.explore.screen import ExploreScreen
from lambda_tui.tui.messages import SnapshotArrived
from lambda_tui.tui.widgets.field_select import FieldSelect
from lambda_tui.tui.widgets.fields import NumberInput
from lambda_tui.tui.widgets.model_picker import ModelPicker
from lambda_tui.tui.widgets.slider import Slider
from tests.tui.screen_text import assert_looks_like, has_exited, screen_text
from tests.tui.synthetic import SilentTarget, SyntheticRun, SyntheticRuns

BIG, SMALL = (140, 45), (80, 24)


def app_with(runs: SyntheticRuns, target: Target | None = None, **changes: object) -> LambdaTui:
    scenario = FIRST_SCENARIO.with_changes(**{"invocations": 20, **changes})
    return LambdaTui(target or SilentTarget(), None, scenario, start_run=runs, start_comparison=runs.compare)


def held(gate: threading.Event, after: int = 3) -> SyntheticRuns:
    """Runs that stop to wait for `gate` after a few invocations."""
    return SyntheticRuns(
        lambda scenario, run_id: SyntheticRun(scenario, run_id=run_id, gate=gate, hold_after=after)
    )


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for something that threads bring about."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, screen_text(pilot.app)
        await pilot.pause(0.01)
    await pilot.pause()


async def until_shown(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: text in screen_text(pilot.app))


async def run_once(pilot: Pilot[None]) -> None:
    await pilot.press("enter")
    await until_shown(pilot, "✓ done")


async def test_first_start_says_what_enter_does_and_that_it_is_free() -> None:
    async with app_with(SyntheticRuns()).run_test(size=BIG) as pilot:
        await until_shown(pilot, "Ready.")
        assert "Press Enter" in screen_text(pilot.app)
        assert "costs nothing" in screen_text(pilot.app)
        assert isinstance(pilot.app.focused, ModelPicker)
        assert_looks_like(pilot.app, "start-140x45")


async def test_a_changed_model_runs_on_enter_and_is_compared() -> None:
    runs = SyntheticRuns()
    messages: list[Message] = []
    async with app_with(runs).run_test(size=BIG, message_hook=messages.append) as pilot:
        await run_once(pilot)
        await pilot.press("down")
        await pilot.press("enter")
        await until(pilot, lambda: len(runs.started) == 2)
        await until_shown(pilot, "▼ −66% time")
        await until_shown(pilot, "✓ done")
        assert [scenario.concurrency for scenario in runs.scenarios] == ["sequential", "threads"]
        assert any(isinstance(message, SnapshotArrived) and message.snapshot.is_final for message in messages)
        assert "◂sequential" in screen_text(pilot.app)
        assert "◂threads" in screen_text(pilot.app)
        await until_shown(pilot, "Cost by memory")
        assert_looks_like(pilot.app, "compared-140x45")


async def test_enter_runs_from_inside_an_input() -> None:
    runs = SyntheticRuns()
    async with app_with(runs).run_test(size=BIG) as pilot:
        pilot.app.screen.query_one("#field-invocations NumberInput").focus()
        await pilot.press("7", "enter")
        await until(pilot, lambda: len(runs.started) == 1)
        assert runs.scenarios[0].invocations == 7


async def test_letters_stay_commands_inside_an_input() -> None:
    async with app_with(SyntheticRuns()).run_test(size=BIG) as pilot:
        field = pilot.app.screen.query_one("#field-tasks NumberInput", NumberInput)
        field.focus()
        await pilot.press("z", "question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Reading)
        assert field.value == "3"


@pytest.mark.parametrize("size", [BIG, SMALL])
async def test_bad_input_is_refused_at_its_field_and_nothing_runs(size: tuple[int, int]) -> None:
    runs = SyntheticRuns()
    async with app_with(runs).run_test(size=size) as pilot:
        memory = pilot.app.screen.query_one("#field-memory-mb NumberInput", NumberInput)
        memory.focus()
        await pilot.press("6", "4", "enter")
        await pilot.pause()
        assert runs.started == []
        assert pilot.app.focused is memory
        assert "Memory cannot be" in screen_text(pilot.app)
        memory.value = "1024"
        await pilot.press("enter")
        await until(pilot, lambda: len(runs.started) == 1)
        assert "Memory cannot be" not in screen_text(pilot.app)


async def test_the_sliders_and_the_typed_value_are_one() -> None:
    async with app_with(SyntheticRuns()).run_test(size=BIG) as pilot:
        slider = pilot.app.screen.query_one("#field-memory-mb Slider", Slider)
        typed = pilot.app.screen.query_one("#field-memory-mb NumberInput", NumberInput)
        slider.focus()
        await pilot.press("right", "right")
        assert typed.value == "1024"
        typed.value = "700"
        await pilot.pause()
        assert slider.value == 700
        slider.focus()
        await pilot.press("left")
        assert typed.value == "512"
        await pilot.click(slider, offset=(slider.size.width - 1, 0))
        assert typed.value == "10240"


async def test_a_list_opens_on_space_finds_what_is_typed_and_enter_chooses() -> None:
    runs = SyntheticRuns()
    async with app_with(runs).run_test(size=BIG) as pilot:
        field = pilot.app.screen.query_one("#field-workload FieldSelect", FieldSelect)
        field.focus()
        await pilot.press("space")
        await until_shown(pilot, "dynamodb")
        await pilot.press("p", "r", "enter")
        await until(pilot, lambda: field.has_focus)
        assert field.value == "primes"
        assert "dynamodb" not in screen_text(pilot.app)
        await until_shown(pilot, "count primes: holds the")
        await pilot.press("space", "up", "escape")
        await until(pilot, lambda: field.has_focus and not field.children)
        assert field.value == "primes"
        await pilot.press("right")
        assert field.value == "mixed"
        await pilot.click(field)
        await until_shown(pilot, "dynamodb")
        await pilot.press("tab")
        await until(pilot, lambda: not field.children)
        assert runs.started == []


async def test_enter_before_the_target_was_opened_opens_it() -> None:
    target, runs = SilentTarget(), SyntheticRuns()
    async with app_with(runs, target).run_test(size=BIG) as pilot:
        await pilot.app.screen.run_action("run")
        await until_shown(pilot, "✓ done")
        assert target.opened == 1


async def test_a_history_that_cannot_be_opened_is_said_and_runs_go_on() -> None:
    def refuse() -> HistoryStore:
        raise StorageError("The run history cannot be opened.")

    app = LambdaTui(SilentTarget(), refuse, FIRST_SCENARIO, start_run=SyntheticRuns())
    async with app.run_test(size=BIG, notifications=True) as pilot:
        await until_shown(pilot, "Runs are not recorded.")
        await run_once(pilot)


async def test_the_mouse_alone_chooses_runs_and_reads() -> None:
    runs = SyntheticRuns()
    async with app_with(runs).run_test(size=BIG) as pilot:
        await pilot.click("ModelPicker", offset=(5, 3))
        await pilot.click("#run")
        await until_shown(pilot, "✓ done")
        assert runs.scenarios[0].concurrency == "asyncio"
        await pilot.click("#feed", offset=(10, 4))
        await until_shown(pilot, "· asyncio · 3 tasks")
        await pilot.click("#keys", offset=(screen_text(pilot.app).splitlines()[-1].index("Explain") - 1, 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, Reading))


async def test_esc_stops_and_keeps_what_was_measured() -> None:
    gate = threading.Event()
    runs = held(gate)
    async with app_with(runs).run_test(size=BIG) as pilot:
        assert "esc Stop" not in screen_text(pilot.app)
        await pilot.press("enter")
        await until_shown(pilot, "3 of 20")
        assert "esc Stop" in screen_text(pilot.app)
        await pilot.press("enter")
        assert len(runs.started) == 1  # Enter while running starts nothing
        await pilot.press("escape")
        await until_shown(pilot, "Stopped after 3 invocations.")
        assert "esc Stop" not in screen_text(pilot.app)
        assert "warm 2" in screen_text(pilot.app)


async def test_a_pause_freezes_the_whole_view_and_not_the_run() -> None:
    gate = threading.Event()
    async with app_with(held(gate)).run_test(size=BIG) as pilot:
        assert "Pause" not in screen_text(pilot.app).splitlines()[-1]
        await pilot.press("enter")
        await until_shown(pilot, "3 of 20")
        assert "z Pause" in screen_text(pilot.app).splitlines()[-1]
        await pilot.press("z")
        await until_shown(pilot, "PAUSED")
        view = pilot.app.screen.query_one("#body")
        frozen = screen_text(pilot.app).splitlines()[: view.region.bottom]
        gate.set()
        await until_shown(pilot, "the run is over: 20 of 20")
        assert screen_text(pilot.app).splitlines()[: view.region.bottom] == frozen
        await pilot.press("z")
        await until_shown(pilot, "✓ done")
        assert "warm 19" in screen_text(pilot.app)
        assert "Pause" not in screen_text(pilot.app).splitlines()[-1]


async def test_stopping_or_starting_ends_a_pause() -> None:
    gate = threading.Event()
    runs = held(gate)
    async with app_with(runs).run_test(size=BIG) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "3 of 20")
        await pilot.press("space", "escape")
        await until_shown(pilot, "Stopped after 3 invocations.")
        gate.clear()
        await pilot.press("enter")
        await until_shown(pilot, "3 of 20")
        await pilot.press("z")
        gate.set()
        await until_shown(pilot, "the run is over")
        await pilot.press("enter")
        await until_shown(pilot, "✓ done")
        assert len(runs.started) == 3


async def test_a_runs_every_model_and_lays_them_side_by_side() -> None:
    runs = SyntheticRuns()
    async with app_with(runs).run_test(size=BIG) as pilot:
        await pilot.press("a")
        await until_shown(pilot, "decided after 20 rounds")
        assert len(runs.compared) == 1
        assert_looks_like(pilot.app, "all-models-140x45")
        await pilot.resize_terminal(*SMALL)
        await pilot.pause(0.1)
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert_looks_like(pilot.app, "all-models-80x24")
        await pilot.press("escape")
        await pilot.pause()
        assert "All models" not in screen_text(pilot.app).splitlines()[1]


async def test_esc_after_the_comparison_shows_the_fastest_beside_the_sequential_run() -> None:
    async with app_with(SyntheticRuns()).run_test(size=BIG) as pilot:
        await pilot.press("a")
        await until_shown(pilot, "decided after")
        await pilot.press("escape")
        await until_shown(pilot, "▼ −66% time")
        shown = screen_text(pilot.app)
        assert "◂sequential" in shown
        assert "◂threads" in shown
        assert "21 · threads" in shown  # the task picture is of the same run
        assert "✓ done  21 invocations" in shown


async def test_esc_ends_the_comparison_of_all_models() -> None:
    gate = threading.Event()
    runs = held(gate)
    async with app_with(runs).run_test(size=SMALL) as pilot:
        await pilot.press("a")
        await until_shown(pilot, "round 2 of at most 80")
        assert "esc stops" in screen_text(pilot.app)
        await pilot.press("escape")
        await until_shown(pilot, "Stopped after 3 invocations.")
        assert len(runs.compared) == 1


async def test_a_small_terminal_shows_one_pane_and_turns_to_the_chart() -> None:
    async with app_with(SyntheticRuns()).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "Ready.")
        assert_looks_like(pilot.app, "start-80x24")
        await run_once(pilot)
        assert_looks_like(pilot.app, "chart-80x24")
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "Per month at" in screen_text(pilot.app)
        await pilot.resize_terminal(50, 12)
        await pilot.pause(0.1)
        assert screen_text(pilot.app).strip() == "lambda-tui needs at least 60 columns and 16 rows."


async def test_a_terminal_that_grows_shows_the_price_in_the_bill_alone() -> None:
    async with app_with(SyntheticRuns()).run_test(size=SMALL) as pilot:
        await run_once(pilot)
        assert "$7.93 per million" in screen_text(pilot.app)
        await pilot.resize_terminal(*BIG)
        await until_shown(pilot, "Per million invocations")
        assert "$7.93 per million" not in screen_text(pilot.app)
        await pilot.resize_terminal(*SMALL)
        await until_shown(pilot, "$7.93 per million")


async def test_why_a_run_ended_is_told_to_its_end_in_a_narrow_terminal() -> None:
    limit = LimitReached(
        f"Stopped: {'one more of these invocations ' * 3}would pass the spend limit of $0.05."
    )
    runs = SyntheticRuns(lambda scenario, run_id: SyntheticRun(scenario, run_id=run_id, ends_with=limit))
    async with app_with(runs).run_test(size=SMALL) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "spend limit of $0.05.")
        await pilot.press("enter")
        await until(pilot, lambda: len(runs.started) == 2)


async def test_quitting_during_a_run_asks_and_is_quick() -> None:
    gate = threading.Event()
    app = app_with(held(gate))
    async with app.run_test(size=BIG) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "3 of 20")
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(app.screen, Question)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, ExploreScreen)
        await pilot.press("q")
        await pilot.pause()
        started = time.monotonic()
        await pilot.press("enter")
        await until(pilot, lambda: has_exited(app))
        assert time.monotonic() - started < 5  # a second on a quiet machine
    assert app.return_code == 0


async def test_idle_q_quits_at_once() -> None:
    app = app_with(SyntheticRuns())
    async with app.run_test(size=BIG) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: has_exited(app))


async def test_help_and_the_explained_bill() -> None:
    async with app_with(SyntheticRuns()).run_test(size=BIG) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert "all seven models" in screen_text(pilot.app)
        await pilot.press("escape")
        await run_once(pilot)
        await pilot.press("x")
        await pilot.pause()
        assert "20 x 0.0000002 = 0.000004 USD" in screen_text(pilot.app)
        assert "AWS Price List" in screen_text(pilot.app)


async def test_export_writes_the_run_document_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_with(SyntheticRuns(), invocations=4)
    async with app.run_test(size=BIG, notifications=True) as pilot:
        await pilot.press("e")
        assert os.listdir(tmp_path) == []
        await run_once(pilot)
        await pilot.press("e")
        await until_shown(pilot, "Exported")
        (name,) = os.listdir(tmp_path)
        assert name in screen_text(app)
    document = json.loads((tmp_path / name).read_text())
    assert document["schema"] == "lambda-tui/run@1"
    assert len(document["invocations"]) == 4
    assert document["bill"]["total_usd"].startswith("0.0000")


async def test_y_copies_a_summary() -> None:
    async with app_with(SyntheticRuns()).run_test(size=BIG) as pilot:
        await run_once(pilot)
        await pilot.press("y")
        assert "http × 3, sequential × 3, 512 MB x86_64: p50 923 ms, $7.93 per million" in pilot.app.clipboard


async def test_a_feed_row_shows_its_own_tasks() -> None:
    async with app_with(SyntheticRuns()).run_test(size=BIG) as pilot:
        await run_once(pilot)
        assert "#20 · sequential" in screen_text(pilot.app)
        pilot.app.screen.query_one("#feed").focus()
        await pilot.press("up", "up", "up")
        await until_shown(pilot, "#18 · sequential")
        await pilot.press("end")
        await pilot.pause()
        assert " 20 " in screen_text(pilot.app)


async def test_a_lost_target_is_said_kept_and_restarted() -> None:
    target = SilentTarget()
    lost = TargetLost("The embedded Lambda went away after 20 invocations.")
    runs = SyntheticRuns(lambda scenario, run_id: SyntheticRun(scenario, run_id=run_id, ends_with=lost))
    async with app_with(runs, target).run_test(size=BIG) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "r restarts the target")
        assert "warm 19" in screen_text(pilot.app)
        await pilot.press("r")
        await until(pilot, lambda: target.opened == 2)
        await until_shown(pilot, "Ready.")
        assert "went away" not in screen_text(pilot.app).splitlines()[1]


async def test_a_target_that_cannot_start_is_said() -> None:
    target = SilentTarget(error=TargetUnreachable("Port 9001 is in use.", hint="Choose another."))
    async with app_with(SyntheticRuns(), target).run_test(size=BIG) as pilot:
        await until_shown(pilot, "Port 9001 is in use. Choose another.")


async def test_money_is_asked_for_before_it_is_spent() -> None:
    runs = SyntheticRuns()
    async with app_with(runs, SilentTarget("aws")).run_test(size=BIG) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        assert "Estimated spend: $0.00015" in screen_text(pilot.app)
        await pilot.press("escape")
        await pilot.pause()
        assert runs.started == []
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        await pilot.press("enter")
        await until(pilot, lambda: len(runs.started) == 1)


async def test_the_question_has_the_prices_of_the_targets_own_region() -> None:
    there = SilentTarget("aws")
    there.region = "af-south-1"
    async with app_with(SyntheticRuns(), there).run_test(size=BIG) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        text = " ".join(screen_text(pilot.app).split())
        assert "through all seven models, each up to" in text
        assert "af-south-1" in text


async def test_an_endpoint_on_this_machine_is_not_asked_about() -> None:
    runs = SyntheticRuns()
    async with app_with(runs, EndpointTarget("http://127.0.0.1:9")).run_test(size=BIG) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: len(runs.started) == 1)
        assert not isinstance(pilot.app.screen, Question)


async def test_a_target_that_refuses_is_said_and_no_money_is_offered() -> None:
    runs = SyntheticRuns()
    target = SilentTarget("aws", error=TargetUnreachable("No credentials were found.", hint="Log in."))
    async with app_with(runs, target).run_test(size=BIG) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "No credentials were found. Log in.")
        assert not isinstance(pilot.app.screen, Question)
        assert not runs.started


async def test_themes_cycle_and_stay_readable() -> None:
    async with app_with(SyntheticRuns()).run_test(size=BIG) as pilot:
        seen = []
        for _ in range(4):
            seen.append(pilot.app.theme)
            await pilot.press("t")
            await pilot.pause()
            assert "Scenario" in screen_text(pilot.app)
        assert seen == ["lambda-dark", "lambda-light", "ansi-dark", "ansi-light"]
        assert pilot.app.theme == "lambda-dark"


def test_every_key_has_an_id_and_a_tooltip() -> None:
    for owner in (LambdaTui, ExploreScreen, ModelPicker, Slider, NumberInput):
        for binding in owner.BINDINGS:
            assert getattr(binding, "id", None), binding
            assert getattr(binding, "tooltip", None), binding


def test_the_first_scenario_is_three_fetches_one_after_another() -> None:
    expected = Scenario(workload="http", tasks=3, task_ms=300, concurrency="sequential", memory_mb=512)
    assert expected.with_changes(invocations=10) == FIRST_SCENARIO
