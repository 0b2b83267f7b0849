"""One invocation, task by task: who worked or waited when."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from lambda_tui.results import Invocation
from lambda_tui.results.task_span import TaskSpan, cpu_ms, task_spans
from lambda_tui.scenario import ConcurrencyModel
from lambda_tui.tui.drawing.axis import time_scale
from lambda_tui.tui.drawing.bars import Lane, PaintedCell, Span, fold_lanes, paint_lane
from lambda_tui.tui.widgets.model_picker import MODEL_CLASSES, MODEL_CSS
from lambda_tui.tui.widgets.strips import fitted
from lambda_tui.wording.numbers import format_ms, plural

LABEL_WIDTH = 14


def task_lanes(spans: tuple[TaskSpan, ...], rows: int) -> list[Lane]:
    """A lane a task while there is room (a staircase or a wall, seen at once), otherwise a lane a worker."""
    if len(spans) <= rows:
        return [Lane(span.worker or f"task {span.index}", (_span(span),)) for span in spans]
    workers: dict[str, list[Span]] = {}
    for span in spans:
        workers.setdefault(span.worker, []).append(_span(span))
    return [Lane(worker, tuple(pieces)) for worker, pieces in workers.items()]


def _span(span: TaskSpan) -> Span:
    return Span(span.start_ms, span.end_ms, span.ok)


class TaskPicture(Widget):
    """Bars from start to end on the handler's own clock; `show` takes the invocation to draw."""

    DEFAULT_CSS = f"""
    TaskPicture {{
        height: 1fr; min-height: 3; padding: 0 1;
        {MODEL_CSS}
        & > .tasks--axis {{ color: $quiet; }}
        & > .tasks--label {{ color: $foreground; }}
        & > .tasks--error {{ color: $error; }}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = MODEL_CLASSES | {"tasks--axis", "tasks--label", "tasks--error"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._invocation: Invocation | None = None
        self._model: ConcurrencyModel = "sequential"
        self._spans: tuple[TaskSpan, ...] = ()

    def show(self, invocation: Invocation | None, model: ConcurrencyModel) -> None:
        self._invocation = invocation
        self._model = model
        self._spans = task_spans(invocation) if invocation else ()
        self.refresh()

    def caption(self) -> str:
        """`#20 · threads · 3 tasks · cpu 12 ms of 302 ms · held back in 9 periods of 20 ms`."""
        invocation = self._invocation
        if invocation is None:
            return ""
        parts = [f"#{invocation.index + 1}", self._model]
        if self._spans:
            parts.append(plural(len(self._spans), "task"))
        used_ms, total_ms = cpu_ms(invocation), invocation.handler_ms or invocation.duration_ms
        if used_ms is not None and total_ms is not None:
            parts.append(f"cpu {format_ms(used_ms)} of {format_ms(total_ms)}")
        if invocation.cpu is not None and invocation.cpu.throttled_periods:
            parts.append(f"held back in {plural(invocation.cpu.throttled_periods, 'period')} of 20 ms")
        return " · ".join(parts)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        line = self._content(y, width, height)
        return fitted(line, width, self.rich_style)

    def _content(self, y: int, width: int, height: int) -> list[Segment]:
        style = self.get_component_rich_style
        if not self._spans:
            return [Segment(self._why_empty(), style("tasks--axis"))] if y == 0 else []
        total_ms = self._total_ms()
        columns = max(1, width - LABEL_WIDTH)
        if y == 0:
            return [Segment(" " * LABEL_WIDTH + time_scale(total_ms, columns), style("tasks--axis"))]
        lanes, left_out = fold_lanes(task_lanes(self._spans, height - 1), height - 1)
        if y - 1 < len(lanes):
            lane = lanes[y - 1]
            label = Segment(f"{lane.label[: LABEL_WIDTH - 2]:<{LABEL_WIDTH}}", style("tasks--label"))
            cells = paint_lane(lane, total_ms, columns)
            return [label, *self._painted(lane, cells, y - 1)]
        if left_out and y - 1 == len(lanes):
            return [Segment(f"and {plural(left_out, 'more worker')}", style("tasks--axis"))]
        return []

    def _total_ms(self) -> float:
        handler = self._invocation.handler_ms if self._invocation else None
        return max([handler or 0.0, *(span.end_ms for span in self._spans)])

    def _why_empty(self) -> str:
        if self._invocation is None:
            return "Each task of the last invocation will be drawn here."
        error = self._invocation.error
        return f"✗ {error.type}: {error.message}" if error else "This function does not report its tasks."

    def _painted(self, lane: Lane, cells: list[PaintedCell], number: int) -> list[Segment]:
        return paint_segments(
            lane,
            number,
            cells,
            self.get_component_rich_style(f"model--{self._model}"),
            self.get_component_rich_style("tasks--error"),
        )


def paint_segments(
    lane: Lane, number: int, cells: list[PaintedCell], style: Style, failed: Style
) -> list[Segment]:
    """Segments of a painted lane; a chessboard of bright and dim keeps neighbouring bars apart."""
    segments = []
    for painted in cells:
        if painted.span is None:
            segments.append(Segment(" "))
            continue
        ink = style if lane.spans[painted.span].ok else failed
        if (painted.span + number) % 2:
            ink += Style(dim=True)
        segments.append(
            Segment(painted.cell.character, ink + Style(reverse=True) if painted.cell.reverse else ink)
        )
    return segments
