"""All models side by side: one row each with its tasks in miniature, on one common time axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from lambda_tui.load.comparison import ModelResult, compare_models
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation
from lambda_tui.results.task_span import TaskSpan, task_spans
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel
from lambda_tui.tui.drawing.axis import time_scale
from lambda_tui.tui.drawing.bars import Lane, paint_half_lanes, paint_lane
from lambda_tui.tui.drawing.numbers import NOTHING, format_factor, format_usd, ms_number
from lambda_tui.tui.widgets.model_picker import BOLD, MODEL_CLASSES, MODEL_CSS
from lambda_tui.tui.widgets.task_picture import paint_segments, task_lanes

NAME_WIDTH = 18
FIGURES: tuple[tuple[str, int], ...] = (("p50 ms", 9), ("billed ms", 11), ("$/million", 11), ("faster", 8))
FIGURES_WIDTH = sum(width for _, width in FIGURES)
HEAD_ROWS = 2


class ModelComparison(Widget, can_focus=True):
    """Seven rows that fill as the runs go; the fastest carry a star."""

    DEFAULT_CSS = f"""
    ModelComparison {{
        height: 1fr; padding: 0 1;
        {MODEL_CSS}
        & > .compare--head {{ color: $quiet; }}
        & > .compare--grid {{ color: $grid; }}
        & > .compare--text {{ color: $foreground; text-style: bold; }}
        & > .compare--winner {{ color: $success; text-style: bold; }}
        & > .compare--error {{ color: $error; }}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = MODEL_CLASSES | {
        "compare--head", "compare--grid", "compare--text", "compare--winner", "compare--error",
    }  # fmt: skip
    BORDER_TITLE = "All models, same scenario"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._runs: Mapping[ConcurrencyModel, Snapshot] = {}
        self._results: dict[ConcurrencyModel, ModelResult] = {}
        self._spans: dict[ConcurrencyModel, tuple[TaskSpan, ...]] = {}
        self._running: ConcurrencyModel | None = None
        self._total_ms = 0.0

    def show(self, runs: Mapping[ConcurrencyModel, Snapshot], running: ConcurrencyModel | None) -> None:
        """Draw these runs; `running` is the model being measured now."""
        self._runs = dict(runs)
        self._running = running
        self._results = compare_models(self._runs)
        pictures = {model: picture_of(run) for model, run in runs.items()}
        self._spans = {model: task_spans(one) for model, one in pictures.items() if one is not None}
        self._total_ms = max((span.end_ms for spans in self._spans.values() for span in spans), default=0.0)
        self.refresh()

    def results(self) -> Mapping[ConcurrencyModel, ModelResult]:
        return self._results

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < HEAD_ROWS:
            segments = self._head(y, width)
        else:
            row_height = max(1, min(4, (self.size.height - HEAD_ROWS) // len(CONCURRENCY_MODELS)))
            number, line = divmod(y - HEAD_ROWS, row_height)
            segments = (
                self._row(CONCURRENCY_MODELS[number], line, row_height, width)
                if number < len(CONCURRENCY_MODELS)
                else []
            )
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name)

    def _columns(self, width: int) -> int:
        return max(6, width - NAME_WIDTH - FIGURES_WIDTH - 1)

    def _head(self, y: int, width: int) -> list[Segment]:
        style = self._style("compare--head")
        columns = self._columns(width)
        if y == 1:
            return [Segment(" " * NAME_WIDTH + "─" * columns, self._style("compare--grid"))]
        figures = "".join(f"{title:>{size}}" for title, size in FIGURES)
        return [
            Segment(
                " " * NAME_WIDTH + time_scale(self._total_ms, columns).ljust(columns) + " " + figures, style
            )
        ]

    def _row(self, model: ConcurrencyModel, line: int, height: int, width: int) -> list[Segment]:
        text_line = 1 if height == 4 else 0
        name = self._name(model) if line == text_line else Segment(" " * NAME_WIDTH)
        columns = self._columns(width)
        segments = [name, *self._picture(model, line, height, columns)]
        if line == text_line:
            segments += [Segment(" "), *self._figures(model)]
        elif line == text_line + 1:
            segments += [Segment(" "), *self._remark(model)]
        return segments

    def _name(self, model: ConcurrencyModel) -> Segment:
        result = self._results.get(model)
        star = "★ " if result is not None and result.is_fastest and model != self._running else "  "
        if model == self._running:
            star = "▸ "
        return Segment(f"{star}{model}"[:NAME_WIDTH].ljust(NAME_WIDTH), self._style(f"model--{model}") + BOLD)

    def _picture(self, model: ConcurrencyModel, line: int, height: int, columns: int) -> list[Segment]:
        """Three lanes of bars where a model has four rows, otherwise up to four lanes of half blocks."""
        spans = self._spans.get(model, ())
        if not spans:
            return self._no_picture(model, line, height, columns)
        style = self._style(f"model--{model}")
        if height >= 4:
            lanes = task_lanes(spans, 3)[:3]
            if line >= len(lanes):
                return [Segment(" " * columns)]
            cells = paint_lane(lanes[line], self._total_ms, columns)
            return paint_segments(lanes[line], cells, style, self._style("compare--error"))
        lanes = task_lanes(spans, 2 * height)
        pair: list[Lane | None] = [*lanes[2 * line : 2 * line + 2], None, None]
        return [Segment(paint_half_lanes(pair[0], pair[1], self._total_ms, columns), style)]

    def _no_picture(self, model: ConcurrencyModel, line: int, height: int, columns: int) -> list[Segment]:
        result = self._results.get(model)
        text, style = "", self._style("compare--head")
        if line == (1 if height == 4 else 0):
            if result is not None and result.error:
                text, style = f"✗ {result.error}", self._style("compare--error")
            elif model == self._running:
                text = "starting …"
            elif result is None:
                text = "·"
        return [Segment(text[:columns].ljust(columns), style)]

    def _figures(self, model: ConcurrencyModel) -> list[Segment]:
        result = self._results.get(model)
        if result is None or result.duration_ms is None:
            return [Segment(" " * FIGURES_WIDTH)]
        winner = result.is_fastest and self._running is None
        strong = self._style("compare--winner" if winner else "compare--text")
        plain = self._style("compare--text")
        cheap = self._style("compare--winner") if result.is_cheapest and self._running is None else plain
        billed = NOTHING if result.billed_ms is None else ms_number(float(result.billed_ms))
        texts = (
            ms_number(result.duration_ms),
            billed,
            format_usd(result.per_million_usd),
            format_factor(result.factor),
        )
        styles = (strong, plain, cheap, strong)
        return [
            Segment(f"{text:>{width}}", style)
            for text, (_, width), style in zip(texts, FIGURES, styles, strict=True)
        ]

    def _remark(self, model: ConcurrencyModel) -> list[Segment]:
        result, run = self._results.get(model), self._runs.get(model)
        if model == self._running and run is not None:
            text = f"{len(run.invocations):,} of {run.planned:,}"
        elif result is not None and self._running is None:
            text = " · ".join(
                word
                for word, holds in (("fastest", result.is_fastest), ("cheapest", result.is_cheapest))
                if holds
            )
        else:
            text = ""
        return [Segment(f"{text:>{FIGURES_WIDTH}}", self._style("compare--head"))]


def picture_of(run: Snapshot) -> Invocation | None:
    """The newest invocation that tells its tasks."""
    for position in range(len(run.invocations) - 1, -1, -1):
        invocation = run.invocations[position]
        if invocation.status == "ok" and invocation.payload is not None:
            return invocation
    return None
