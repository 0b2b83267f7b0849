"""All models side by side: one row each with its tasks in miniature, on one common time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from lambda_tui.load.judge import ComparisonState
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation
from lambda_tui.results.task_span import TaskSpan, task_spans
from lambda_tui.runs.ranking import RankedRun, rank_runs
from lambda_tui.runs.verdicts import BASE, ModelVerdict
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel
from lambda_tui.tui.drawing.axis import time_scale
from lambda_tui.tui.drawing.bars import Lane, paint_half_lanes, paint_lane
from lambda_tui.tui.drawing.big_digits import big_digits
from lambda_tui.tui.drawing.big_letters import big_letters
from lambda_tui.tui.drawing.whiskers import RatioScale, whiskers
from lambda_tui.tui.explore.model_verdict import Verdict, verdict_of
from lambda_tui.tui.explore.task_picture import paint_segments, task_lanes
from lambda_tui.tui.widgets.model_picker import BOLD, MODEL_CLASSES, MODEL_CSS
from lambda_tui.tui.widgets.strips import fitted
from lambda_tui.wording.numbers import (
    format_change,
    format_factor,
    format_usd,
    ms_number,
)

NAME_WIDTH = 19


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths of the figures on the right of the pictures."""

    p50: int
    billed: int
    dollars: int
    factor: int

    @property
    def numbers(self) -> int:
        return self.p50 + self.billed + self.dollars

    def picture(self, width: int) -> int:
        return max(6, width - NAME_WIDTH - self.numbers - self.factor - 1)


NARROW = _Columns(p50=8, billed=8, dollars=10, factor=7)
ROOMY = _Columns(p50=9, billed=11, dollars=12, factor=10)
BIG = _Columns(p50=9, billed=11, dollars=12, factor=16)
"""With factors in big digits."""

TALL = 4
"""Rows a model needs for three lanes of bars and factors in big digits; below that it gets half blocks."""

STANDINGS = {
    "undecided": "too close to call",
    "as fast": "as fast",
    "no faster": "no faster",
    "slower": "slower",
}
"""What is said of a model that is not surely faster than sequential."""

ROOMY_FROM, BIG_FROM = 96, 110
HEAD_ROWS, FOOT_ROWS = 2, 2
BIG_FOOT_ROWS = 10
"""For winners, gain and lesson in big letters."""


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
        & > .compare--lesson {{ color: $accent; text-style: bold; }}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = MODEL_CLASSES | {
        "compare--head", "compare--grid", "compare--text", "compare--winner", "compare--error",
        "compare--lesson",
    }  # fmt: skip
    BORDER_TITLE = "All models"

    def __init__(self, *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._state: ComparisonState | None = None
        self._runs: Mapping[ConcurrencyModel, Snapshot] = {}
        self._verdicts: Mapping[ConcurrencyModel, ModelVerdict] = {}
        self._results: Mapping[ConcurrencyModel, RankedRun] = {}
        self._spans: Mapping[ConcurrencyModel, tuple[TaskSpan, ...]] = {}
        self._total_ms = 0.0
        self._verdict: Verdict | None = None

    def show(self, state: ComparisonState | None) -> None:
        """Draw a comparison; None where it has only been asked for."""
        self._state = state
        self._runs = {} if state is None else state.runs
        self._verdicts = {} if state is None else state.verdicts
        self._results = rank_runs(self._runs, base=BASE)
        pictures = {model: picture_of(run) for model, run in self._runs.items()}
        self._spans = {model: task_spans(shown) for model, shown in pictures.items() if shown is not None}
        self._total_ms = max((span.end_ms for spans in self._spans.values() for span in spans), default=0.0)
        self._verdict = verdict_of(state) if state is not None and state.is_final else None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        foot = BIG_FOOT_ROWS if self._has_big_foot(width, height) else FOOT_ROWS
        row_height = max(1, min(TALL, (height - HEAD_ROWS - foot) // len(CONCURRENCY_MODELS)))
        number, line = divmod(y - HEAD_ROWS, row_height)
        if y < HEAD_ROWS:
            segments = self._head(y, width, tall=row_height == TALL)
        elif number < len(CONCURRENCY_MODELS):
            segments = self._row(CONCURRENCY_MODELS[number], line, row_height, width)
        else:
            row = y - HEAD_ROWS - row_height * len(CONCURRENCY_MODELS)
            segments = (self._big_foot if foot == BIG_FOOT_ROWS else self._foot)(row, width)
        return fitted(segments, width, self.rich_style)

    def _has_big_foot(self, width: int, height: int) -> bool:
        rows = HEAD_ROWS + 2 * len(CONCURRENCY_MODELS) + BIG_FOOT_ROWS
        return self._verdict is not None and width >= BIG_FROM and height >= rows

    def _foot(self, row: int, width: int) -> list[Segment]:
        """Winners and gain in a line, the lesson in another."""
        if self._verdict is None or row not in (0, 1):
            return []
        if row == 0:
            return [Segment(self._verdict.sentence(width), self._style("compare--winner"))]
        return [Segment(self._verdict.lesson, self._style("compare--lesson"))]

    def _big_foot(self, row: int, width: int) -> list[Segment]:
        """The same three lines three rows high, in the middle."""
        assert self._verdict is not None
        number, line = divmod(row - 1, 3)
        if row < 1 or number > 2:
            return []
        verdict = self._verdict
        winners = [", ".join(verdict.winners) or "Nothing gained", f"{len(verdict.winners)} models"]
        texts = (winners, [verdict.gain], [verdict.lesson])
        styles = ("compare--winner", "compare--text", "compare--lesson")
        drawn = [big_letters(text) for text in texts[number]]
        fitting = next((rows for rows in drawn if len(rows[0]) <= width), None)
        if fitting is None:  # a single line of ordinary letters is better than half of a big one
            text = texts[number][0] if line == 1 else ""
            return [Segment(f"{text:^{width}}", self._style(styles[number]))]
        return [Segment(f"{fitting[line]:^{width}}", self._style(styles[number]))]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name)

    def _columns(self, width: int, *, tall: bool) -> _Columns:
        if width < ROOMY_FROM:
            return NARROW
        return BIG if tall and width >= BIG_FROM else ROOMY

    def _head(self, y: int, width: int, *, tall: bool) -> list[Segment]:
        columns = self._columns(width, tall=tall)
        picture = columns.picture(width)
        if y == 1:
            return [Segment(" " * NAME_WIDTH + "─" * picture, self._style("compare--grid"))]
        figures = (
            f"{'p50 ms':>{columns.p50}}{'billed':>{columns.billed}}"
            f"{'$/million':>{columns.dollars}}{'speed':>{columns.factor}}"
        )
        scale = time_scale(self._total_ms, picture).ljust(picture)
        return [Segment(f"{'':{NAME_WIDTH}}{scale} {figures}", self._style("compare--head"))]

    def _row(self, model: ConcurrencyModel, line: int, height: int, width: int) -> list[Segment]:
        tall = height == TALL
        text_line = 1 if tall else 0
        columns = self._columns(width, tall=tall)
        picture = columns.picture(width)
        if line == TALL - 1:
            return [Segment(" " * NAME_WIDTH), self._why(model, width - NAME_WIDTH)]
        segments = [self._title(model) if line == text_line else Segment(" " * NAME_WIDTH)]
        if model not in self._spans:
            return [*segments, *self._no_picture(model, is_text_line=line == text_line)]
        segments += [*self._picture(model, line, height, picture), Segment(" ")]
        if line == text_line:
            segments += self._figures(model, columns)
        elif tall and line == 0:
            segments.append(self._whiskers(model, columns))
        elif tall:
            segments.append(self._second_line(model, columns))
        elif line == 1:
            segments.append(self._why(model, columns.numbers + columns.factor))
        else:
            segments.append(Segment(" " * columns.numbers))
        if columns is BIG:
            segments.append(self._big_factor(model, line))
        elif line == text_line:
            segments.append(self._factor(model, columns))
        return segments

    def _title(self, model: ConcurrencyModel) -> Segment:
        star = "★ " if self._is_winner(model) else "  "
        return Segment(f"{star}{model}"[:NAME_WIDTH].ljust(NAME_WIDTH), self._style(f"model--{model}") + BOLD)

    def _why(self, model: ConcurrencyModel, width: int) -> Segment:
        """What was measured that explains the place, in words."""
        verdict = self._verdicts.get(model)
        text = ""
        if verdict is not None:
            notes = (STANDINGS.get(verdict.standing or ""), verdict.why.text)
            text = " · ".join(note for note in notes if note)
        return Segment(f"{text[:width]:<{width}}", self._style("compare--head"))

    def _whiskers(self, model: ConcurrencyModel, columns: _Columns) -> Segment:
        """The interval of the speed, on a scale that all models share."""
        speeds = [verdict.speed for verdict in self._verdicts.values() if verdict.speed is not None]
        speed = self._verdicts[model].speed if model in self._verdicts else None
        if speed is None:
            return Segment(" " * columns.numbers)
        scale = RatioScale.over(((each.low, each.high) for each in speeds), columns.numbers - 2)
        text = whiskers(scale, speed.low, speed.ratio, speed.high)
        style = self._style("compare--winner" if self._is_winner(model) else "compare--head")
        return Segment(f"  {text}", style)

    def _picture(self, model: ConcurrencyModel, line: int, height: int, columns: int) -> list[Segment]:
        """Three lanes of bars where a model has four rows, otherwise two lanes of half blocks a row."""
        spans = self._spans[model]
        style = self._style(f"model--{model}")
        if height == TALL:
            lanes = task_lanes(spans, TALL - 1)[: TALL - 1]
            if line >= len(lanes):
                return [Segment(" " * columns)]
            cells = paint_lane(lanes[line], self._total_ms, columns)
            return paint_segments(lanes[line], line, cells, style, self._style("compare--error"))
        pair: Sequence[Lane | None] = [*task_lanes(spans, 2 * height)[2 * line : 2 * line + 2], None, None]
        return [Segment(paint_half_lanes(pair[0], pair[1], self._total_ms, columns), style)]

    def _no_picture(self, model: ConcurrencyModel, *, is_text_line: bool) -> list[Segment]:
        """What stands in a row without a picture: waiting, starting, or why it failed."""
        result = self._results.get(model)
        if not is_text_line:
            return []
        if result is not None and result.error:
            return [Segment(f"✗ {result.error}", self._style("compare--error"))]
        note = "·" if self._state is None else self._state.whole.note or "·"
        return [Segment(note if model == BASE else "·", self._style("compare--head"))]

    def _is_winner(self, model: ConcurrencyModel) -> bool:
        return model in self._verdicts and self._verdicts[model].is_winner

    def _figures(self, model: ConcurrencyModel, columns: _Columns) -> list[Segment]:
        result = self._results.get(model)
        if result is None or result.duration_ms is None:
            return [Segment(" " * columns.numbers)]
        strong = self._style("compare--winner" if self._is_winner(model) else "compare--text")
        billed = ms_number(None if result.billed_ms is None else float(result.billed_ms))
        return [
            Segment(f"{ms_number(result.duration_ms):>{columns.p50}}", strong),
            Segment(f"{billed:>{columns.billed}}", self._style("compare--text")),
            Segment(f"{format_usd(result.per_million_usd):>{columns.dollars}}", strong),
        ]

    def _second_line(self, model: ConcurrencyModel, columns: _Columns) -> Segment:
        """The price against sequential."""
        result = self._results.get(model)
        text = ""
        if result is not None and result.cost_change is not None and model != BASE:
            text = format_change(result.cost_change)
        return Segment(f"{text:>{columns.numbers}}", self._style("compare--head"))

    def _speed(self, model: ConcurrencyModel) -> str:
        """How many times as fast as sequential: of paired rounds, or of medians before the first look."""
        verdict, result = self._verdicts.get(model), self._results.get(model)
        if verdict is not None and verdict.speed is not None:
            return format_factor(verdict.speed.ratio)
        return format_factor(result.factor) if result is not None and result.factor is not None else ""

    def _factor(self, model: ConcurrencyModel, columns: _Columns) -> Segment:
        style = self._style("compare--winner" if self._is_winner(model) else "compare--text")
        return Segment(f"{self._speed(model):>{columns.factor}}", style)

    def _big_factor(self, model: ConcurrencyModel, line: int) -> Segment:
        speed = self._speed(model)
        if not speed or line >= TALL - 1:
            return Segment("")
        style = self._style("compare--winner" if self._is_winner(model) else f"model--{model}")
        return Segment(f"{big_digits(speed)[line]:>{BIG.factor}}", style)


def picture_of(run: Snapshot) -> Invocation | None:
    """The newest invocation that tells its tasks."""
    for position in range(len(run.invocations) - 1, -1, -1):
        invocation = run.invocations[position]
        if invocation.status == "ok" and invocation.payload is not None:
            return invocation
    return None
