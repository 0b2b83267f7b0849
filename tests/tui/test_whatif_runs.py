"""The What-if screen over runs: the last one, those of the history, and as a mode of the application."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import OptionList

from lambda_tui.history import HistoryStore
from lambda_tui.tui.app import LambdaTui
from lambda_tui.tui.dialogs.run_picker import RunPicker
from lambda_tui.tui.explore.first_scenario import FIRST_SCENARIO
from tests.tui.screen_text import screen_text
from tests.tui.synthetic import SilentTarget, SyntheticRuns
from tests.tui.whatif_alone import BIG, Alone, recorded, run_of, until


async def test_the_last_run_is_the_base_and_its_forecasts_say_so() -> None:
    app = Alone(latest=run_of(512))
    async with app.run_test(size=BIG) as pilot:
        await until(pilot, lambda: "measured 921 ms" in screen_text(app))
        assert not app.whatif.query_one("#field-duration-ms").display
        shown = screen_text(app)
        assert "http × 3, sequential × 3" in shown
        assert "●" in shown
        await pilot.press("right")
        await pilot.pause()
        assert "forecast 907 ms (713–1,108)" in screen_text(app)
        await pilot.press("x")
        await pilot.pause()
        assert "of CPU on the CPU" in screen_text(app)


async def test_runs_of_the_history_join_their_kin(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "history.sqlite3")
    for size, run_id in ((512, "small"), (2048, "large")):
        recorded(store, run_of(size, run_id))
    recorded(store, run_of(1024, "other", concurrency="threads"))
    app = Alone(history=store)
    async with app.run_test(size=BIG) as pilot:
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(app.screen, RunPicker)
        options = app.screen.query_one(OptionList)
        assert options.option_count == 4
        assert "http × 3, sequential × 3, 2,048 MB  " in screen_text(app)
        options.highlighted = options.get_option_index("small")
        await pilot.press("enter")
        await until(pilot, lambda: "measured 921 ms" in screen_text(app))
        await pilot.press("b")
        await pilot.pause()
        assert app.whatif.answer is not None
        measured = [size.memory_mb for size in app.whatif.answer.sizes if size.measured]
        assert measured == [512, 2048]
        await pilot.press("o")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert app.whatif.query_one("#field-duration-ms").display
    store.close()


async def test_the_screen_is_a_mode_of_the_application() -> None:
    runs = SyntheticRuns()
    app = LambdaTui(SilentTarget(), None, FIRST_SCENARIO, start_run=runs)
    async with app.run_test(size=BIG) as pilot:
        await until(pilot, lambda: "1 Explore" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "✓ done" in screen_text(app))
        await pilot.press("3")
        await until(pilot, lambda: "measured 923 ms" in screen_text(app))
        await pilot.press("1")
        await pilot.pause()
        assert "Duration per invocation" in screen_text(app)
