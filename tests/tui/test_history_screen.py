"""The History screen: what it lists, what it opens in Explore, and what it says where there is nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import OptionList

from lambda_tui.errors import LimitReached
from lambda_tui.history import HistoryStore
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.tui.app import LambdaTui
from tests.tui.screen_text import assert_looks_like, screen_text
from tests.tui.synthetic import SilentTarget, SyntheticRuns
from tests.tui.whatif_alone import BIG, SMALL, recorded, run_of, until


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown where the reader is: in a snapshot that has to be one place."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[HistoryStore]:
    store = HistoryStore(tmp_path / "history.sqlite3")
    yield store
    store.close()


def listed(store: HistoryStore) -> None:
    """Three runs, one of them cut short by its spend limit."""
    for number, (model, memory_mb) in enumerate((("sequential", 512), ("threads", 512), ("processes", 1769))):
        run = run_of(memory_mb, f"run-{number}", concurrency=model)
        recorded(store, replace(run, started_at=f"2026-11-2{number}T10:02:03.000+00:00"))


def app_over(store: HistoryStore | None) -> LambdaTui:
    return LambdaTui(SilentTarget(), None if store is None else lambda: store, start_run=SyntheticRuns())


@pytest.mark.parametrize("size", [BIG, SMALL], ids=["140x45", "80x24"])
async def test_the_newest_run_is_first(history: HistoryStore, size: tuple[int, int]) -> None:
    listed(history)
    app = app_over(history)
    async with app.run_test(size=size) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: "Recorded runs" in screen_text(app))
        assert_looks_like(app, f"history-{size[0]}x{size[1]}")


async def test_enter_opens_a_run_in_explore(history: HistoryStore) -> None:
    listed(history)
    app = app_over(history)
    async with app.run_test(size=BIG) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: "Recorded runs" in screen_text(app))
        await pilot.press("j", "enter")
        await until(pilot, lambda: app.current_mode == "explore")
        await until(pilot, lambda: "✓ done" in screen_text(app))
        assert app.explore.session.latest is not None
        assert app.explore.session.latest.run_id == "run-1"
        # The form stays what it was: Enter runs that, and the opened run becomes the one to compare with.
        await pilot.press("enter")
        await until(pilot, lambda: "vs threads" in screen_text(app))


async def test_a_run_that_ended_early_says_why(history: HistoryStore) -> None:
    run = run_of(512, "short")
    recorder = history.begin(run_id=run.run_id, name="", started_at=run.started_at, scenario=run.scenario)
    recorder.append(list(run.invocations)[:2])
    recorder.finish(summary=run.summary, bill=run.bill, stopped_by=LimitReached("Stopped at $0.05 [bold]."))
    opened = Snapshot.of_recorded(history.load("short"))
    assert str(opened.stopped_by) == "Stopped at $0.05 [bold]."
    app = app_over(history)
    async with app.run_test(size=BIG) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: "Recorded runs" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "■ Stopped at $0.05 [bold]." in screen_text(app))


async def test_without_runs_the_list_says_so(history: HistoryStore) -> None:
    await _says(app_over(history), "No run is recorded yet.")
    await _says(app_over(None), "There is no history in this session.")


async def _says(app: LambdaTui, sentence: str) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: sentence in screen_text(app))
        assert app.screen.query_one(OptionList).option_count == 1
