"""Horizontal bars with eighth-of-a-cell precision, and the lanes they are laid out in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Cell:
    """One character of a bar; `reverse` swaps ink and paper, which draws a block from the right edge."""

    character: str
    reverse: bool = False


def bar_cells(start: float, end: float, width: int) -> list[tuple[int, Cell]]:
    """Columns and cells of a bar from `start` to `end`, in cells; shorter than an eighth shows as one."""
    first = max(0, min(round(start * 8), width * 8 - 1))
    last = max(first + 1, min(round(end * 8), width * 8))
    cells = []
    for column in range(first // 8, (last + 7) // 8):
        left = max(first - column * 8, 0)
        right = min(last - column * 8, 8)
        cells.append((column, _cell(left, right)))
    return cells


def _cell(left: int, right: int) -> Cell:
    if left == 0:
        return Cell(_EIGHTHS[right])
    if right == 8:
        return Cell(_EIGHTHS[left], reverse=True)
    return Cell("▐" if left >= 4 else _EIGHTHS[max(right, 1)])


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of work on the time axis, in milliseconds from the start of the picture."""

    start_ms: float
    end_ms: float
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of a task picture: a label and the spans on it, in order of start."""

    label: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class PaintedCell:
    """A cell of a lane: which span it belongs to (None is empty) and how it is drawn."""

    span: int | None
    cell: Cell


_EMPTY = PaintedCell(None, Cell(" "))


def paint_lane(lane: Lane, total_ms: float, width: int) -> list[PaintedCell]:
    """The cells of a lane on an axis that ends at `total_ms`; later spans win shared cells."""
    cells = [_EMPTY] * width
    scale = width / total_ms if total_ms > 0 else 0.0
    for number, span in enumerate(lane.spans):
        for column, cell in bar_cells(span.start_ms * scale, span.end_ms * scale, width):
            cells[column] = PaintedCell(number, cell)
    return cells


def paint_half_lanes(upper: Lane | None, lower: Lane | None, total_ms: float, width: int) -> str:
    """Two lanes in one row of half blocks: coarser in time, twice as dense in height."""
    tops = _covered(upper, total_ms, width)
    bottoms = _covered(lower, total_ms, width)
    blocks = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    return "".join(blocks[top, bottom] for top, bottom in zip(tops, bottoms, strict=True))


def _covered(lane: Lane | None, total_ms: float, width: int) -> list[bool]:
    covered = [False] * width
    scale = width / total_ms if total_ms > 0 else 0.0
    for span in lane.spans if lane else ():
        first = min(width - 1, max(0, round(span.start_ms * scale)))
        last = max(first + 1, min(width, round(span.end_ms * scale)))
        covered[first:last] = [True] * (last - first)
    return covered


def fold_lanes(lanes: Sequence[Lane], rows: int) -> tuple[list[Lane], int]:
    """The lanes that fit into `rows`, and how many were left out (one row is kept to say so)."""
    if len(lanes) <= rows:
        return list(lanes), 0
    shown = max(0, rows - 1)
    return list(lanes[:shown]), len(lanes) - shown
