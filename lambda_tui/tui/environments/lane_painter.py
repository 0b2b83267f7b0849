"""Rows of lanes as strips: drawn once, and again only where something has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from lambda_tui.results.environments import Lane
from lambda_tui.scenario import ConcurrencyModel
from lambda_tui.tui.drawing.lanes import Ink, LaneCells, half_runs
from lambda_tui.tui.drawing.time_window import TimeWindow
from lambda_tui.tui.environments.lane_inks import LANE_CLASSES, LANE_CSS, ink_style
from lambda_tui.tui.widgets.strips import fitted

WIDE_LABEL, NARROW_LABEL = 16, 6
COUNT_WIDTH = 8
ROOMY = 100
"""From this many columns on, a lane's environment is named beside its number."""

ROW_CSS = f"""
    {LANE_CSS}
    & > .lanes--axis {{ color: $quiet; }}
    & > .lanes--label {{ color: $quiet; }}
    & > .lanes--selected {{ background: $chosen; color: $foreground; text-style: bold; }}
    & > .lanes--cursor {{ color: $accent; text-style: bold; }}
"""
ROW_CLASSES = LANE_CLASSES | {f"lanes--{part}" for part in ("axis", "label", "selected", "cursor")}


def lane_columns(width: int) -> tuple[int, int]:
    """Cells of the label, and of the time axis, of a widget `width` wide with room for a scrollbar."""
    label = WIDE_LABEL if width >= ROOMY else NARROW_LABEL
    return label, max(1, width - label - COUNT_WIDTH - 1)


@dataclass(frozen=True, slots=True)
class Scene:
    """What every row depends on. `width` is that of a strip; `cursor` is a column of the time axis."""

    window: TimeWindow
    model: ConcurrencyModel
    now_ms: float
    idle_limit_ms: float
    is_dense: bool
    label_width: int
    width: int
    cursor: int | None


class LanePainter:
    """Draws for one widget with ROW_CSS."""

    def __init__(self, widget: Widget) -> None:
        self.drawn_window: TimeWindow | None = None
        self._widget = widget
        self._strips: dict[int, tuple[tuple[object, ...], Strip]] = {}
        self._cells: dict[int, LaneCells] = {}
        self._styles: dict[str, Style] = {}

    def forget(self) -> None:
        """Draw every lane from scratch."""
        self._strips.clear()
        self._cells.clear()

    def forget_rows(self) -> None:
        """Put the rows together again; the lanes' cells stay as they are."""
        self._strips.clear()

    def forget_styles(self) -> None:
        """The theme is another."""
        self._strips.clear()
        self._styles.clear()

    def look_at(self, window: TimeWindow) -> None:
        """Everything drawn from now on is in this window."""
        if window != self.drawn_window:
            self.forget()
            self.drawn_window = window

    def axis(self, scene: Scene) -> Strip:
        """The first row: times, and where the cursor is."""
        style = self._widget.get_component_rich_style("lanes--axis")
        margin, text = " " * scene.label_width, scene.window.scale()
        segments = [Segment(margin + text, style)]
        if scene.cursor is not None:
            cursor = self._widget.get_component_rich_style("lanes--cursor")
            segments = [
                Segment(margin + text[: scene.cursor], style),
                Segment("▼", cursor),
                Segment(text[scene.cursor + 1 :], style),
            ]
        count = Segment(f"{'used ×':>{COUNT_WIDTH - 1}}", style)
        return fitted([*segments, count], scene.width, self._paper)

    def row(self, row: int, lanes: Sequence[Lane], scene: Scene, cursor: object) -> Strip:
        """One lane, or two in a dense row; none is a blank. `cursor` is set where the row is selected."""
        if not lanes:
            return Strip.blank(scene.width, self._paper)
        key = (*lanes, *map(len, lanes), scene.window.column(scene.now_ms), cursor)
        cached = self._strips.get(row)
        if cached is None or cached[0] != key:
            strip = self._drawn(row, lanes, scene, is_selected=cursor is not None)
            cached = self._strips[row] = (key, strip)
        return cached[1]

    def _drawn(self, row: int, lanes: Sequence[Lane], scene: Scene, *, is_selected: bool) -> Strip:
        first = row * 2 if scene.is_dense else row
        cells = [self._cells_of(number, lane, scene) for number, lane in enumerate(lanes, first)]
        if scene.is_dense:
            lower: list[Ink] = cells[1].inks if len(cells) > 1 else [""] * scene.window.columns
            painted = [self._half(*run, scene.model) for run in half_runs(cells[0].inks, lower)]
        else:
            painted = [Segment(text, self._ink(ink, scene.model)) for text, ink in cells[0].runs()]
        label = self._label(row, lanes, scene, is_selected=is_selected)
        count = Segment(f"{sum(map(len, lanes)):>{COUNT_WIDTH - 1},}", self._style("label"))
        # The length is known: measuring every segment would cost as much as painting them.
        length = label.cell_length + scene.window.columns + COUNT_WIDTH - 1
        strip = Strip([label, *painted, count], length).adjust_cell_length(scene.width, self._paper)
        if not is_selected or scene.cursor is None:
            return strip
        at = scene.label_width + scene.cursor
        before, cell, after = strip.divide([at, at + 1, strip.cell_length])
        return Strip.join([before, cell.apply_style(Style(reverse=True)), after])

    def _cells_of(self, number: int, lane: Lane, scene: Scene) -> LaneCells:
        """The lane's cells in this window: kept, and painted on where something has come."""
        cells = self._cells.get(number)
        if cells is None or cells.lane is not lane:
            cells = LaneCells(lane, scene.window, scene.now_ms, scene.idle_limit_ms)
            self._cells[number] = cells
        else:
            cells.update(scene.now_ms)
        return cells

    def _label(self, row: int, lanes: Sequence[Lane], scene: Scene, *, is_selected: bool) -> Segment:
        width = scene.label_width
        number = row * 2 + 1 if scene.is_dense else row + 1
        text = f"{number:>{NARROW_LABEL - 1},}"
        if width > NARROW_LABEL:
            name = (lanes[0].environment_id or "unnamed")[-8:]
            text += f"–{number + len(lanes) - 1:,}" if scene.is_dense else f"  {name}"
        return Segment(f"{text[: width - 1]:<{width}}", self._style("selected" if is_selected else "label"))

    def _half(self, text: str, ink: Ink, paper: Ink, model: ConcurrencyModel) -> Segment:
        style = self._ink(ink, model)
        if paper:
            style += Style(bgcolor=self._ink(paper, model).color)
        return Segment(text, style)

    def _ink(self, ink: Ink, model: ConcurrencyModel) -> Style:
        style = self._styles.get(f"{ink} {model}")
        if style is None:
            style = self._styles[f"{ink} {model}"] = self._paper + ink_style(self._widget, ink, model)
        return style

    def _style(self, name: str) -> Style:
        return self._paper + self._widget.get_component_rich_style(f"lanes--{name}")

    @property
    def _paper(self) -> Style:
        """The widget's own style; Textual computes it from all ancestors whenever it is asked for."""
        if "" not in self._styles:
            self._styles[""] = self._widget.rich_style
        return self._styles[""]
