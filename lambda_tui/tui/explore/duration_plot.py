"""The live scatter: one point an invocation, the previous run dimmed behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation
from lambda_tui.runs.measured import typical_duration_ms
from lambda_tui.tui.drawing.axis import Axis, axis_to
from lambda_tui.tui.drawing.braille import BrailleCanvas
from lambda_tui.tui.widgets.model_picker import MODEL_CLASSES, MODEL_CSS
from lambda_tui.tui.widgets.strips import Drawing, Row

PREVIOUS, WARM, COLD, ERROR = 1, 2, 3, 4
COLD_MARK, ERROR_MARK, THROTTLE_MARK, PREVIOUS_COLD_MARK = "◆", "✗", "▼", "◇"


@dataclass(frozen=True, slots=True)
class _Scale:
    """What the drawn points depend on; while it stays the same, only new points are added."""

    columns: int
    rows: int
    axis: Axis
    planned: int


class DurationPlot(Drawing):
    """Durations in ms over the invocations of the current run, with the previous one behind."""

    DEFAULT_CSS = f"""
    DurationPlot {{
        height: 1fr; min-height: 5;
        {MODEL_CSS}
        & > .plot--axis {{ color: $quiet; }}
        & > .plot--grid {{ color: $grid; }}
        & > .plot--previous {{ color: $previous; }}
        & > .plot--cold {{ color: $cold; text-style: bold; }}
        & > .plot--welcome {{ color: $accent; text-style: bold; }}
        & > .plot--error {{ color: $error; text-style: bold; }}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = MODEL_CLASSES | {
        "plot--axis", "plot--grid", "plot--welcome", "plot--previous", "plot--cold", "plot--error",
    }  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._current: Snapshot | None = None
        self._previous: Snapshot | None = None
        self._canvas: BrailleCanvas | None = None
        self._scale: _Scale | None = None
        self._drawn = 0
        self._maximum = 0.0
        self._welcome: tuple[str, ...] = ()

    def welcome(self, *lines: str) -> None:
        """What stands in the middle while there is nothing to draw."""
        self._welcome = lines
        self.redraw()

    def show(self, current: Snapshot | None, previous: Snapshot | None) -> None:
        """Draw these two runs."""
        same_run = (
            self._current is not None and current is not None and current.run_id == self._current.run_id
        )
        if not same_run or previous is not self._previous:
            self._scale = None
            self._maximum = 0.0
            self._drawn = 0
        self._current, self._previous = current, previous
        self.redraw()

    def draw(self, width: int, height: int) -> Iterable[Row]:
        if self._current is None and self._previous is None:
            return self._welcome_rows(width, height)
        rows = height - 2
        axis = axis_to(self._highest(), max(2, rows // 3))
        gutter = max(len(axis.label(tick)) for tick in axis.ticks) + 2
        columns = width - gutter - self._label_width()
        if rows < 2 or columns < 4:
            return []
        canvas = self._plotted(_Scale(columns, rows, axis, self._planned()))
        labels = self._labels(axis, rows)
        ticks = {_row_of(tick, axis, rows): axis.label(tick) for tick in axis.ticks}
        lines = [self._line(canvas, row, gutter, ticks, labels.get(row)) for row in range(rows)]
        return [*lines, *self._x_axis(gutter, columns)]

    def _welcome_rows(self, width: int, height: int) -> list[Row]:
        above = max(0, (height - len(self._welcome)) // 2)
        styles = [self.style_of("plot--welcome"), self.style_of("plot--axis")]
        lines: list[Row] = [
            [Segment(f"{line[:width]:^{width}}", styles[min(number, 1)])]
            for number, line in enumerate(self._welcome[: height - above])
        ]
        return [[]] * above + lines

    def _highest(self) -> float:
        """The longest duration to be seen; only new invocations are looked at."""
        if self._maximum == 0.0 and self._previous is not None:
            self._maximum = max(map(_height_or_zero, self._previous.invocations), default=0.0)
        if self._current is not None:
            fresh = self._current.invocations[self._drawn :]
            self._maximum = max([self._maximum, *map(_height_or_zero, fresh)])
        return self._maximum

    def _label_width(self) -> int:
        """Room right of the points for the names of the models, with an arrow and a blank."""
        runs = (run for run in (self._current, self._previous) if run is not None)
        return max((len(run.scenario.concurrency) + 2 for run in runs), default=2)

    def _planned(self) -> int:
        return max((run.planned for run in (self._current, self._previous) if run is not None), default=1)

    def _plotted(self, scale: _Scale) -> BrailleCanvas:
        if self._canvas is None or scale != self._scale:
            self._canvas = BrailleCanvas(scale.columns, scale.rows)
            self._scale = scale
            self._drawn = 0
            for invocation in self._previous.invocations if self._previous else ():
                _plot(self._canvas, scale, invocation, is_previous=True)
        if self._current is not None:
            for invocation in self._current.invocations[self._drawn :]:
                _plot(self._canvas, scale, invocation, is_previous=False)
            self._drawn = len(self._current.invocations)
        return self._canvas

    def _labels(self, axis: Axis, rows: int) -> dict[int, tuple[str, Style]]:
        """Each run's model, written at the height of its median."""
        labels: dict[int, tuple[str, Style]] = {}
        for run, style in ((self._current, None), (self._previous, self.style_of("plot--previous"))):
            median = typical_duration_ms(run) if run is not None else None
            if run is None or median is None:
                continue
            row = _row_of(median, axis, rows)
            while row in labels:
                row = row + 1 if row + 1 < rows else row - 1
            model = run.scenario.concurrency
            labels[row] = (model, style or self.style_of(f"model--{model}"))
        return labels

    def _line(
        self,
        canvas: BrailleCanvas,
        row: int,
        gutter: int,
        ticks: dict[int, str],
        label: tuple[str, Style] | None,
    ) -> Row:
        tick = ticks.get(row)
        edge = "┤" if tick is not None else "│"
        segments = [Segment(f"{tick or '':>{gutter - 2}} {edge}", self.style_of("plot--axis"))]
        colours = self._layer_styles()
        background = "╌" if tick is not None else " "
        segments += [Segment(text, colours[layer]) for text, layer in canvas.row(row, background)]
        if label is not None:
            segments.append(Segment("◂" + label[0], label[1]))
        return segments

    def _x_axis(self, gutter: int, columns: int) -> list[Row]:
        style = self.style_of("plot--axis")
        rule = " " * (gutter - 1) + "└" + "─" * columns
        last = f"{self._planned():,}"
        caption = " invocation"
        numbers = " " * gutter + "1" + caption + last.rjust(columns - 1 - len(caption))
        return [[Segment(text, style)] for text in (rule, numbers)]

    def _layer_styles(self) -> dict[int, Style]:
        model = self._current.scenario.concurrency if self._current else "sequential"
        names = {0: "grid", PREVIOUS: "previous", COLD: "cold", ERROR: "error"}
        styles = {layer: self.style_of(f"plot--{name}") for layer, name in names.items()}
        return {**styles, WARM: self.style_of(f"model--{model}")}


def _height_ms(invocation: Invocation) -> float | None:
    return invocation.duration_ms


def _height_or_zero(invocation: Invocation) -> float:
    return invocation.duration_ms or 0.0


def _row_of(value: float, axis: Axis, rows: int) -> int:
    return (rows * 4 - 1 - round(value / axis.top * (rows * 4 - 1))) // 4


def _plot(canvas: BrailleCanvas, scale: _Scale, invocation: Invocation, *, is_previous: bool) -> None:
    share = (invocation.index + 0.5) / max(1, scale.planned)
    x = min(int(share * canvas.dots_wide), canvas.dots_wide - 1)
    bottom = canvas.dots_high - 1
    if invocation.status != "ok" and not is_previous:
        canvas.mark(x, bottom, THROTTLE_MARK if invocation.status == "throttled" else ERROR_MARK, ERROR)
        return
    duration = _height_ms(invocation)
    if duration is None:
        return
    y = bottom - round(duration / scale.axis.top * bottom)
    layer = PREVIOUS if is_previous else WARM
    if invocation.cold:
        canvas.mark(x, y, PREVIOUS_COLD_MARK if is_previous else COLD_MARK, PREVIOUS if is_previous else COLD)
    elif scale.planned <= scale.columns:
        canvas.blob(x, y, layer)
    else:
        canvas.dot(x, y, layer)
