"""A canvas of braille dots: 2 x 4 dots a cell, one layer (and so one colour) a cell."""

from __future__ import annotations

BLANK = 0x2800
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class BrailleCanvas:
    """Cells of braille dots in layers; where layers meet in a cell, only the highest is seen.

    Mixing the dots of two layers in one cell would paint one run's dots in the other's colour.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._dots = [bytearray(columns) for _ in range(rows)]
        self._layers = [bytearray(columns) for _ in range(rows)]
        self._marks: dict[tuple[int, int], str] = {}

    @property
    def dots_wide(self) -> int:
        return self.columns * 2

    @property
    def dots_high(self) -> int:
        return self.rows * 4

    def dot(self, x: int, y: int, layer: int) -> None:
        """Set the dot at x from the left, y from the top (in dots); layers count from 1."""
        column, row = x >> 1, y >> 2
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return
        present = self._layers[row][column]
        if layer < present:
            return
        if layer > present:
            self._layers[row][column] = layer
            self._dots[row][column] = 0
            self._marks.pop((row, column), None)
        self._dots[row][column] |= _BITS[y & 3][x & 1]

    def blob(self, x: int, y: int, layer: int) -> None:
        """A point of 2 x 2 dots: visible from the back of a room where there are few points."""
        for across in (x, x + 1):
            for down in (y - 1, y):
                self.dot(across, down, layer)

    def mark(self, x: int, y: int, character: str, layer: int) -> None:
        """Put a whole character into the cell that holds the dot (x, y)."""
        column, row = x >> 1, y >> 2
        if 0 <= column < self.columns and 0 <= row < self.rows and layer >= self._layers[row][column]:
            self._layers[row][column] = layer
            self._marks[row, column] = character

    def row(self, row: int, background: str = " ") -> list[tuple[str, int]]:
        """The row as runs of (text, layer); layer 0 is empty and filled with `background`."""
        runs: list[tuple[str, int]] = []
        text, current = "", 0
        for column in range(self.columns):
            layer = self._layers[row][column]
            if layer != current and text:
                runs.append((text, current))
                text = ""
            current = layer
            text += self._character(row, column, background)
        return [*runs, (text, current)] if text else runs

    def _character(self, row: int, column: int, background: str) -> str:
        if self._layers[row][column] == 0:
            return background
        return self._marks.get((row, column)) or chr(BLANK + self._dots[row][column])
