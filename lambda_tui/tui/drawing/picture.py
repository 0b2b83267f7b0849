"""A grid of characters with an ink each: braille curves with text written over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from lambda_tui.tui.drawing.braille import BrailleCanvas

DASH, GAP = 4, 2
"""Dots drawn, then left out, along a dashed curve."""

HIDING = 6
"""One hidden cell of a curve weighs as much as so many better spots."""


class Picture:
    """`columns` x `rows` cells; an ink is a name that the widget turns into a style."""

    def __init__(self, columns: int, rows: int, ink: str) -> None:
        self.columns = columns
        self.rows = rows
        self._ink = ink
        self._characters = [[" "] * columns for _ in range(rows)]
        self._inks = [[ink] * columns for _ in range(rows)]
        self._written = [bytearray(columns) for _ in range(rows)]

    def paint(self, canvas: BrailleCanvas, inks: Mapping[int, str], rules: Iterable[int] = ()) -> None:
        """Put a canvas under everything written later; `rules` are rows with a faint line behind it."""
        ruled = set(rules)
        for row in range(self.rows):
            characters: list[str] = []
            names: list[str] = []
            for text, layer in canvas.row(row, "╌" if row in ruled else " "):
                characters += text
                names += [inks[layer]] * len(text)
            self._characters[row], self._inks[row] = characters, names

    def write(self, column: int, row: int, text: str, ink: str) -> None:
        """Text from a cell on; what lies outside is cut."""
        if not 0 <= row < self.rows:
            return
        for position, character in enumerate(text, column):
            if 0 <= position < self.columns:
                self._characters[row][position] = character
                self._inks[row][position] = ink
                self._written[row][position] = 1

    def place(self, spots: Iterable[tuple[int, int]], text: str, ink: str) -> bool:
        """Write at one of the spots, best first: never over other text, and over little of the curves."""
        best: tuple[int, int, int] | None = None
        for order, (column, row) in enumerate(spots):
            hidden = self._hidden(column, row, len(text))
            if hidden is not None and (best is None or order + HIDING * hidden < best[0]):
                best = (order + HIDING * hidden, column, row)
        if best is None:
            return False
        self.write(best[1], best[2], text, ink)
        return True

    def _hidden(self, column: int, row: int, length: int) -> int | None:
        """How many drawn cells a text would cover; None where it does not fit."""
        if not 0 <= row < self.rows or column < 0 or column + length > self.columns:
            return None
        if any(self._written[row][max(0, column - 1) : column + length + 1]):
            return None
        return sum(cell not in " ╌" for cell in self._characters[row][column : column + length])

    def runs(self, row: int) -> list[tuple[str, str]]:
        """A row as runs of (text, ink)."""
        runs: list[tuple[str, str]] = []
        start, inks, characters = 0, self._inks[row], self._characters[row]
        for column in range(1, self.columns + 1):
            if column == self.columns or inks[column] != inks[start]:
                runs.append(("".join(characters[start:column]), inks[start]))
                start = column
        return runs


def draw_curve(
    canvas: BrailleCanvas, points: Sequence[tuple[float, float]], layer: int, *, dashed: bool = False
) -> None:
    """A polyline through points in dots, ascending in x; steep parts are filled so that it never breaks."""
    for (left, low), (right, high) in pairwise(points):
        slope = (high - low) / (right - left) if right > left else 0.0
        for x in range(max(0, round(left)), min(canvas.dots_wide - 1, round(right)) + 1):
            if dashed and x % (DASH + GAP) >= DASH:
                continue
            first = low + slope * (min(max(x - 0.5, left), right) - left)
            last = low + slope * (min(max(x + 0.5, left), right) - left)
            for y in range(*_steps(first, last)):
                canvas.dot(x, y, layer)


def draw_band(
    canvas: BrailleCanvas,
    lows: Sequence[tuple[float, float]],
    highs: Sequence[tuple[float, float]],
    layer: int,
) -> None:
    """Every other dot between two polylines over the same x, so that it is lighter than any curve."""
    for low, high in zip(pairwise(lows), pairwise(highs), strict=True):
        (left, _), (right, _) = low
        for x in range(max(0, round(left)), min(canvas.dots_wide - 1, round(right)) + 1):
            share = min(max((x - left) / (right - left), 0.0), 1.0) if right > left else 0.0
            ends = sorted(begin[1] + share * (end[1] - begin[1]) for begin, end in (low, high))
            if ends[1] - ends[0] < 1:
                continue
            for y in range(round(ends[0]), round(ends[1]) + 1):
                if (x + y) % 2 == 0:
                    canvas.dot(x, y, layer)


def _steps(first: float, last: float) -> tuple[int, int]:
    low, high = sorted((round(first), round(last)))
    return (low, low + 1) if high - low <= 1 else (low, high)
