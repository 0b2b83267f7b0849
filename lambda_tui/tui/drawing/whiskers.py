"""Intervals of ratios as whiskers on a common logarithmic scale: `├──●─┤`, with a mark at 1."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

LEAST_RATIO, MOST_RATIO = 0.05, 100.0
"""What an interval without a bound is cut to."""


@dataclass(frozen=True, slots=True)
class RatioScale:
    """From `low` to `high` over `columns` cells."""

    low: float
    high: float
    columns: int

    @classmethod
    def over(cls, bounds: Iterable[tuple[float, float]], columns: int) -> RatioScale:
        """A scale that has 1 and all these intervals, however wide, with a little room."""
        edges = [1.0, *(_cut(edge) for pair in bounds for edge in pair)]
        return cls(min(edges) / 1.05, max(edges) * 1.05, columns)

    def column(self, ratio: float) -> int:
        """The cell of a ratio."""
        share = math.log(_cut(ratio) / self.low) / math.log(self.high / self.low)
        return min(self.columns - 1, max(0, int(share * self.columns)))


def whiskers(scale: RatioScale, low: float, ratio: float, high: float) -> str:
    """One interval as text of the scale's width."""
    cells = [" "] * scale.columns
    cells[scale.column(1.0)] = "┊"
    first, last, point = scale.column(low), scale.column(high), scale.column(ratio)
    for column in range(first, last + 1):
        cells[column] = "─"
    if first < last:
        cells[first], cells[last] = "├", "┤"
    cells[point] = "●"
    return "".join(cells)


def _cut(ratio: float) -> float:
    return min(MOST_RATIO, max(LEAST_RATIO, ratio))
