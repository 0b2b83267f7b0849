"""Busy environments over time, with throttles and failures as marks; its columns are those of the lanes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment

from lambda_tui.results.environments import EnvironmentTimeline
from lambda_tui.scenario import ConcurrencyModel
from lambda_tui.tui.drawing.axis import axis_to
from lambda_tui.tui.drawing.time_window import TimeWindow
from lambda_tui.tui.environments.lane_painter import lane_columns
from lambda_tui.tui.widgets.model_picker import MODEL_CLASSES, MODEL_CSS
from lambda_tui.tui.widgets.strips import Drawing, Row

EIGHTHS, FULL = " ▁▂▃▄▅▆▇█", "█"
LOWEST_TOP = 4
"""One busy environment is not drawn as a wall."""

THROTTLED, FAILED = "▼", "✗"


class OccupancyChart(Drawing):
    """Columns as high as the most environments that were busy at one time in them."""

    DEFAULT_CSS = f"""
    OccupancyChart {{
        height: 1fr; min-height: 3;
        {MODEL_CSS}
        & > .occupancy--axis {{ color: $quiet; }}
        & > .occupancy--error {{ color: $error; text-style: bold; }}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = MODEL_CLASSES | {"occupancy--axis", "occupancy--error"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._timeline = EnvironmentTimeline()
        self._window = TimeWindow(0.0, 1000.0, 1)
        self._model: ConcurrencyModel = "sequential"
        self._shown: tuple[object, ...] = ()

    def show_run(self, timeline: EnvironmentTimeline, window: TimeWindow, model: ConcurrencyModel) -> None:
        """Draw this window of a run."""
        shown = (id(timeline), timeline.requests, window, model)
        if shown == self._shown:
            return
        self._shown = shown
        self._timeline, self._window, self._model = timeline, window, model
        self.redraw()

    def draw(self, width: int, height: int) -> Iterable[Row]:
        label, _ = lane_columns(width)
        rows = max(1, height - 1)
        axis = axis_to(max(LOWEST_TOP, self._timeline.occupancy.peak), max(1, rows // 2))
        levels = self._timeline.occupancy.maxima(self._window.borders())
        whole = [tick for tick in axis.ticks if tick and tick % 1 == 0]
        ticks = {_row_of(tick, axis.top, rows): f"{tick:,.0f}" for tick in whole}
        style, ink = self.style_of("occupancy--axis"), self.style_of(f"model--{self._model}")
        eighths = [max(1, round(level / axis.top * rows * 8)) if level else 0 for level in levels]
        for row in range(rows):
            tick, above = ticks.get(row), row * 8
            edge = f"{tick or '':>{label - 2}} {'┤' if tick else '│'}"
            # What each height shows in this row: nothing, a part of it, all of it.
            shown = " " * (rows * 8 - above - 8) + EIGHTHS + FULL * above
            yield [Segment(edge, style), Segment("".join(map(shown.__getitem__, eighths)), ink)]
        yield self._marks(label)

    def _marks(self, label: int) -> Row:
        """The axis; a mark in it wherever a request was throttled or failed."""
        cells = ["─"] * self._window.columns
        _mark(cells, self._window, self._timeline.failed_ms, FAILED)
        _mark(cells, self._window, self._timeline.throttled_ms, THROTTLED)
        style, error = self.style_of("occupancy--axis"), self.style_of("occupancy--error")
        segments = [Segment(f"{'0':>{label - 2}} └", style)]
        segments += [
            Segment("".join(group), error if mark in (THROTTLED, FAILED) else style)
            for mark, group in groupby(cells)
        ]
        return segments


def _mark(cells: list[str], window: TimeWindow, times_ms: Sequence[float], mark: str) -> None:
    position = bisect_left(times_ms, window.start_ms)
    while position < len(times_ms):
        column = window.column(times_ms[position])
        if column >= window.columns:
            return
        cells[column] = mark
        # A burst of throttles is one mark: go on with the first time of the next column.
        position = max(position + 1, bisect_left(times_ms, window.border(column + 1), position))


def _row_of(tick: float, top: float, rows: int) -> int:
    return max(0, rows - round(tick / top * rows))
