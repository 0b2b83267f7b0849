"""Everything painted can be seen: every screen and window, in every theme, also without colours."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import ModalScreen

from lambda_tui.errors import TargetLost
from lambda_tui.history import HistoryStore
from lambda_tui.scenario import Scenario
from lambda_tui.tui import theme
from lambda_tui.tui.app import LambdaTui
from lambda_tui.tui.explore.screen import ExploreScreen
from tests.tui.ink import faint
from tests.tui.synthetic import SilentTarget, SyntheticRun, SyntheticRuns
from tests.tui.synthetic_environments import PoolRuns
from tests.tui.test_explore import until, until_shown
from tests.tui.whatif_alone import recorded, run_of

BIG, SMALL = (140, 45), (80, 24)
LOOKS = (
    ("lambda-dark", "", BIG),
    ("lambda-dark", "", SMALL),
    ("lambda-light", "", SMALL),
    ("ansi-dark", "", BIG),
    ("ansi-light", "", SMALL),
    ("lambda-dark", "NO_COLOR", SMALL),
)
"""Theme, a variable that is set, and size."""


class Walk:
    """Looks at screen after screen; `faint` says what could not be read where."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.faint: dict[str, dict[str, str]] = {}

    async def look(self, name: str, *keys: str, shows: str = "") -> None:
        """Press the keys, wait for the text, and look at what is painted."""
        await self.pilot.press(*keys)
        await self.pilot.pause()
        if shows:
            await until_shown(self.pilot, shows)
        unreadable: dict[str, str] = {}
        for part in _in_front(self.pilot):
            unreadable |= faint(self.pilot.app, part)
        if unreadable:
            self.faint[name] = unreadable

    def focus(self, selector: str) -> None:
        self.pilot.app.screen.query_one(selector).focus()

    def pane(self, name: str) -> None:
        """Show a pane of Explore, where it is one of several."""
        screen = self.pilot.app.screen
        if isinstance(screen, ExploreScreen) and screen.has_class("-folded"):
            screen.action_show_pane(name)

    async def panes(self, name: str, count: int) -> None:
        """All panes of a folded screen, back to the first."""
        for number in range(count):
            await self.look(f"{name}, pane {number}", "right_square_bracket")


def _in_front(pilot: Pilot[None]) -> list[Region | None]:
    """What a modal window covers is dimmed on purpose: its own part only."""
    screen = pilot.app.screen
    if not isinstance(screen, ModalScreen):
        return [None]
    return [widget.region for widget in screen.query(".dialog, Toast")] or [None]


@dataclass
class Look:
    """How the application is looked at."""

    theme: str
    size: tuple[int, int]

    @asynccontextmanager
    async def walk(self, app: LambdaTui) -> AsyncIterator[Walk]:
        """From the first paint, in the theme that `t` leads to."""
        async with app.run_test(size=self.size, notifications=True) as pilot:
            await until_shown(pilot, "Ready.")
            await until(pilot, lambda: app.focused is not None)
            for _ in range(theme.CYCLE.index(self.theme)):
                await pilot.press("t")
            assert app.theme == self.theme
            walk = Walk(pilot)
            yield walk
            assert walk.faint == {}


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}{'-no-color' * bool(look[1])}-{look[2][0]}")
def look(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Look:
    name, variable, size = request.param
    if variable:
        monkeypatch.setenv(variable, "1")
    return Look(name, size)


@pytest.fixture
def history(tmp_path: Path) -> HistoryStore:
    return HistoryStore(tmp_path / "history.sqlite3")


async def test_explore(look: Look) -> None:
    gate = threading.Event()
    runs = SyntheticRuns(
        lambda scenario, run_id: SyntheticRun(scenario, run_id=run_id, gate=gate, hold_after=3, batch=5)
    )
    async with look.walk(LambdaTui(SilentTarget(), start_run=runs, start_comparison=runs.compare)) as walk:
        await walk.look("start")
        await walk.look("slider", "tab", "tab")
        walk.focus("#field-workload FieldSelect")
        await walk.look("list", "space", shows="dynamodb")
        await walk.look("list closed", "escape")
        walk.focus("#field-memory-mb NumberInput")
        await walk.look("field", "6", "4")
        await walk.look("refused", "enter", shows="Memory cannot be")
        await walk.look("mended", "5", "1", "2")
        await walk.look("running", "enter", shows="of 10")
        await walk.look("paused", "z", shows="PAUSED")
        await walk.look("quit?", "z", "q", shows="Stop and quit")
        await walk.look("staying", "escape")
        await walk.look("stopped", "escape", shows="Stopped after")
        gate.clear()
        await walk.look("all models, nothing yet", "a", shows="of at most 40")
        gate.set()
        await walk.look("all models", shows="✓ done  decided")
        await walk.panes("all models", 5)
        await walk.look("done", "escape", "enter", shows="◂sequential")
        await walk.look("compared", "m", "enter", shows="◂threads")
        await walk.panes("compared", 5)
        walk.pane("feed")
        walk.focus("#feed")
        await walk.look("row", "up", "up")
        await walk.look("filter, empty", "slash")
        await walk.look("filter", "c", "o", "l", "d", shows="cold: 1 of 10")
        await walk.look("filtered", "enter")
        await walk.look("help", "question_mark", shows="all seven models")
        await walk.look("explained", "escape", "x", shows="How this bill is calculated")
        await walk.look("copied", "escape", "y", shows="Copied")


async def test_explore_in_trouble(look: Look) -> None:
    lost = TargetLost("The embedded Lambda went away after 20 invocations.")
    runs = SyntheticRuns(lambda scenario, run_id: SyntheticRun(scenario, run_id=run_id, ends_with=lost))
    async with look.walk(LambdaTui(SilentTarget("aws"), start_run=runs)) as walk:
        await walk.look("money", "enter", shows="This costs money")
        await walk.look("other button", "right")
        await walk.look("lost", "y", shows="r restarts")
        await walk.look("no history", "4", "o", shows="no history")
        await walk.pilot.resize_terminal(50, 12)
        await walk.look("too small", "1", shows="at least 60 columns")


async def test_whatif(look: Look, history: HistoryStore) -> None:
    recorded(history, run_of(512, "r1"))
    with closing(history):
        async with look.walk(LambdaTui(SilentTarget(), lambda: history)) as walk:
            await walk.look("start", "3", shows="Typed numbers")
            await walk.look("other memory", "right", "right")
            await walk.look("pinned", "p")
            await walk.look("changed", "right")
            await walk.panes("changed", 4)
            await walk.look("tables", "b")
            await walk.panes("tables", 4)
            await walk.look("picker", "b", "o", shows="Typed numbers")
            await walk.look("of a run", "down", "enter")
            walk.focus("#field-memory-mb NumberInput")
            await walk.look("refused", "1", "enter")
            await walk.look("explained", "x")
            await walk.look("help", "escape", "question_mark")


async def test_environments(look: Look, history: HistoryStore) -> None:
    scenario = Scenario(workload="sleep", tasks=1, task_ms=300, callers=12, invocations=40, memory_mb=512)
    recorded(history, run_of(512, "r9"))
    gate = threading.Event()
    app = LambdaTui(SilentTarget(), lambda: history, scenario, start_run=PoolRuns(cap=8, gate=gate))
    with closing(history):
        async with look.walk(app) as walk:
            await walk.look("empty", "4", shows="Nothing was run yet")
            await walk.look("live", "1", "enter", "4", shows="so far")
            await walk.look("paused", "z", shows="Paused")
            gate.set()
            await walk.look("done", "z", shows="requests in")
            await walk.look("cursor", "j", "n", "l")
            await walk.look("dense", "d")
            await walk.look("zoomed", "d", "plus", "plus")
            await walk.look("explained", "x")
            await walk.look("help", "escape", "question_mark")
            await walk.look("clicks", "escape", "c", "c")
            await walk.look("clicks explained", "x")
            await walk.look("picker", "escape", "escape", "o", shows="Show a run")
            await walk.look("of the history", "enter", shows="5 requests")
