"""A chart's frame: a gutter with values, a rule with ticks, and the cells between them."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_tui.tui.drawing.braille import BrailleCanvas
from lambda_tui.tui.drawing.picture import Picture
from lambda_tui.tui.drawing.scale import Scale

AXIS, GRID = "axis", "grid"
"""The inks a frame uses itself."""

Runs = list[tuple[str, str]]
"""One row of a chart as (text, ink)."""


class Frame:
    """`width` x `height` cells with room for labels; `x_labels` and `y_labels` name the ticks."""

    def __init__(
        self,
        width: int,
        height: int,
        x: Scale,
        y: Scale,
        *,
        x_labels: Mapping[float, str],
        y_labels: Mapping[float, str],
    ) -> None:
        self.x, self.y = x, y
        self._x_labels = x_labels
        self._y_labels = y_labels
        self.gutter = max((len(text) for text in y_labels.values()), default=1) + 2
        self.columns = max(1, width - self.gutter)
        self.rows = max(1, height - 2)
        self.canvas = BrailleCanvas(self.columns, self.rows)

    @property
    def has_room(self) -> bool:
        """Whether a curve can be seen in it."""
        return self.columns >= 12 and self.rows >= 3

    def dots(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies, in dots from the left and from the top."""
        across = self.x.share(x) * (self.canvas.dots_wide - 1)
        return across, (1 - self.y.share(y)) * (self.canvas.dots_high - 1)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """The column and row of the cell a point lies in."""
        across, down = self.dots(x, y)
        return round(across) >> 1, round(down) >> 2

    def picture(self, inks: Mapping[int, str]) -> Picture:
        """The canvas so far with rules at the ticks, ready for text."""
        picture = Picture(self.columns, self.rows, GRID)
        picture.paint(self.canvas, {0: GRID, **inks}, self._rows_of_ticks())
        return picture

    def lines(self, picture: Picture) -> list[Runs]:
        """Every row of the chart from top to bottom."""
        ticks = self._rows_of_ticks()
        rows: list[Runs] = []
        for row in range(self.rows):
            label = ticks.get(row)
            edge = "┤" if label is not None else "│"
            rows.append([(f"{label or '':>{self.gutter - 2}} {edge}", AXIS), *picture.runs(row)])
        return [*rows, *self._x_axis()]

    def _rows_of_ticks(self) -> dict[int, str]:
        rows: dict[int, str] = {}
        for tick, label in self._y_labels.items():
            row = self.cell(self.x.low, tick)[1]
            if not {row - 1, row, row + 1} & rows.keys():
                rows[row] = label
        return rows

    def _x_axis(self) -> list[Runs]:
        rule = ["─"] * self.columns
        names = [" "] * (self.gutter + self.columns)
        ends = (list(self._x_labels.items()) or [(0.0, "")])[-1:]
        # The ends of an axis say more than its middle: the last label takes its place first.
        for tick, label in [*ends, *self._x_labels.items()]:
            column = min(self.columns - 1, self.cell(tick, self.y.low)[0])
            start = min(max(self.gutter + column - len(label) // 2, 0), len(names) - len(label))
            rule[column] = "┴"
            if not "".join(names[max(0, start - 1) : start + len(label) + 1]).strip():
                names[start : start + len(label)] = label
        return [[(" " * (self.gutter - 1) + "└" + "".join(rule), AXIS)], [("".join(names), AXIS)]]
