"""One half of the clicks: its figures, its lanes in the room there is, and what it showed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import ConcurrencyModel
from lambda_tui.tui.drawing.lanes import Ink, LaneCells, half_runs
from lambda_tui.tui.drawing.time_window import TimeView
from lambda_tui.tui.environments.clicks import Side
from lambda_tui.tui.environments.explained import run_explained
from lambda_tui.tui.environments.lane_inks import LANE_CLASSES, LANE_CSS, ink_style
from lambda_tui.tui.environments.run_timeline import RunTimeline, ShownRun
from lambda_tui.tui.environments.texts import (
    big_figures,
    clicks_facts,
    clicks_figures,
    grid_figures,
    lesson,
    small_figures,
)
from lambda_tui.tui.widgets.border_text import set_border
from lambda_tui.tui.widgets.flat_text import FlatText
from lambda_tui.tui.widgets.strips import Drawing, Row

ROOM_FOR_BIG = 42
"""From this many columns on, a half shows its figures in big digits."""

TITLES: dict[Side, str] = {"at-once": "All at once", "spread": "Spread over time"}


PROMISES: dict[Side, str] = {
    "at-once": "Every click at the same moment: each needs an environment of its own.",
    "spread": "The same clicks at a constant rate: a few environments take turns.",
}


class LanesPicture(Drawing):
    """All lanes of a run in the rows there are: one a row, two, or a sample of them that says so."""

    DEFAULT_CSS = f"""
    LanesPicture {{
        height: 1fr; min-height: 2;
        {LANE_CSS}
        & > .lanes--axis {{ color: $quiet; }}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = LANE_CLASSES | {"lanes--axis"}

    @dataclass
    class Resized(Message):
        """There is room for another number of lanes."""

    def __init__(self) -> None:
        super().__init__()
        self._run = RunTimeline()
        self._model: ConcurrencyModel = "sequential"

    def show_run(self, run: RunTimeline) -> None:
        self._run = run
        if run.run is not None:
            self._model = run.run.scenario.concurrency
        self.redraw()

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def draw(self, width: int, height: int) -> Iterable[Row]:
        run, rows = self._run, height - 1
        lanes = run.timeline.lanes
        if run.run is None or rows < 1:
            return []
        window = TimeView().window(run.now_ms, width, live=run.run.live)
        drawn = min(len(lanes), 2 * rows)
        seen = [lanes[number * len(lanes) // drawn] for number in range(drawn)]
        cells = [LaneCells(lane, window, run.now_ms, run.idle_limit_ms) for lane in seen]
        if len(seen) <= rows:
            lines = [[Segment(text, self._ink(ink)) for text, ink in lane.runs()] for lane in cells]
        else:
            nothing: list[Ink] = [""] * width
            inks = [lane.inks for lane in cells] + [nothing]
            lines = [
                [self._half(*part) for part in half_runs(inks[row], inks[row + 1])]
                for row in range(0, len(cells), 2)
            ]
        return [[Segment(window.scale(), self.style_of("lanes--axis"))], *lines]

    def caption(self) -> str:
        """`50 of 64 environments drawn`, where there is no room for all."""
        lanes, room = len(self._run.timeline.lanes), 2 * max(1, self.size.height - 1)
        return f"{room:,} of {lanes:,} environments drawn" if lanes > room else ""

    def _half(self, text: str, ink: Ink, paper: Ink) -> Segment:
        style = self._ink(ink)
        return Segment(text, style + Style(bgcolor=self._ink(paper).color) if paper else style)

    def _ink(self, ink: Ink) -> Style:
        return ink_style(self, ink, self._model)


class ClicksHalf(Vertical):
    """One of the two runs: big figures, its lanes, facts and a sentence."""

    DEFAULT_CSS = """
    ClicksHalf { width: 1fr; height: 1fr; padding: 0 1; }
    ClicksHalf > LanesPicture { margin: 1 0; }
    ClicksHalf > .figures { height: 4; }
    ClicksHalf > .facts { height: 2; }
    ClicksHalf > .lesson { height: auto; max-height: 5; }
    """

    def __init__(self, side: Side) -> None:
        super().__init__(id=f"half-{side}", classes="pane")
        self.border_title = TITLES[side]
        self._side = side
        self._lanes = RunTimeline()
        self._snapshot: Snapshot | None = None

    def compose(self) -> ComposeResult:
        yield FlatText(classes="figures")
        yield FlatText(classes="facts")
        yield LanesPicture()
        yield FlatText(classes="lesson")

    def clear(self, title: str) -> None:
        """Another pair is about to run."""
        set_border(self, title=title, subtitle="")
        self._lanes, self._snapshot = RunTimeline(), None
        self.query_one(LanesPicture).show_run(self._lanes)
        for text in self.query(FlatText):
            text.show(Content(""))
        self._show()

    def show_run(self, snapshot: Snapshot) -> None:
        """Show this state of the half's run."""
        self._snapshot = snapshot
        self._lanes.take(ShownRun.of_snapshot(snapshot))
        self._show()

    @property
    def sentence(self) -> str:
        """What the half showed, for the clipboard."""
        return "" if self._snapshot is None else lesson(self._snapshot, self._lanes.counts()).plain

    def explained(self) -> str:
        """How its numbers are calculated; empty before it ran."""
        return "" if self._snapshot is None else f"{TITLES[self._side]}\n\n{run_explained(self._lanes)}"

    def on_resize(self) -> None:
        self._show()

    def on_lanes_picture_resized(self) -> None:
        set_border(self, subtitle=self.query_one(LanesPicture).caption())

    def _show(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            self.query_one(".lesson", FlatText).show(Content.styled(PROMISES[self._side], "$quiet"))
            return
        counts = self._lanes.counts()
        width = max(20, self.size.width - 2)
        figures = big_figures if width >= ROOM_FOR_BIG else small_figures
        self.query_one(".figures", FlatText).show(figures(clicks_figures(counts), width))
        self.query_one(".facts", FlatText).show(grid_figures(clicks_facts(snapshot, counts), width))
        self.query_one(".lesson", FlatText).show(lesson(snapshot, counts))
        picture = self.query_one(LanesPicture)
        picture.show_run(self._lanes)
        set_border(self, subtitle=picture.caption())
