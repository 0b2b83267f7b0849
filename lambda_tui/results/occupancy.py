"""How many environments were busy at a time: a step function that grows at its end."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

_BLOCK = 256
"""This many levels share a stored maximum: only the first and last block of a range are scanned singly."""


class Occupancy:
    """Busy spans added up; exact, and cheap to extend with spans that end near the latest end."""

    def __init__(self, spans: Iterable[tuple[float, float]] = ()) -> None:
        self._begins: list[float] = []
        self._ends: list[float] = []
        self._levels: list[int] = []
        """Busy right after each begin: it rises nowhere else."""
        self._maxima: list[int] = []
        self.add(spans)

    def add(self, spans: Iterable[tuple[float, float]]) -> None:
        """Add spans of (begin, end) in ms. Only what lies after the earliest begin is recomputed."""
        fresh = [span for span in spans if span[1] > span[0]]
        if not fresh:
            return
        begins, ends = [begin for begin, _ in fresh], [end for _, end in fresh]
        first = _merge(self._begins, begins)
        _merge(self._ends, ends)
        del self._levels[first:]
        ended = 0
        for number in range(first, len(self._begins)):
            ended = bisect_right(self._ends, self._begins[number], ended)
            self._levels.append(number + 1 - ended)
        block = first // _BLOCK
        del self._maxima[block:]
        for start in range(block * _BLOCK, len(self._levels), _BLOCK):
            self._maxima.append(max(self._levels[start : start + _BLOCK]))

    @property
    def peak(self) -> int:
        """The most environments busy at one time."""
        return max(self._maxima, default=0)

    @property
    def peak_at_ms(self) -> float | None:
        """When the peak was reached first."""
        if not self._maxima:
            return None
        peak = self.peak
        start = self._maxima.index(peak) * _BLOCK
        return self._begins[self._levels.index(peak, start)]

    def maximum(self, from_ms: float, until_ms: float) -> int:
        """The most environments busy at one time in [from_ms, until_ms); with both the same, at that time."""
        return self.maxima([from_ms, until_ms])[0]

    def maxima(self, borders_ms: Sequence[float]) -> list[int]:
        """The same for each pair of neighbouring times; they must ascend."""
        counts, begun, ended = [], 0, 0
        for from_ms, until_ms in pairwise(borders_ms):
            begun = bisect_right(self._begins, from_ms, begun)
            ended = bisect_right(self._ends, from_ms, ended)
            last = bisect_left(self._begins, until_ms, begun)
            counts.append(max(begun - ended, self._range_maximum(begun, last)))
            begun = last
        return counts

    def _range_maximum(self, first: int, last: int) -> int:
        if last - first < 2 * _BLOCK:
            return max(self._levels[first:last], default=0)
        left, right = -(-first // _BLOCK), last // _BLOCK
        edges = self._levels[first : left * _BLOCK] + self._levels[right * _BLOCK : last]
        return max(edges + self._maxima[left:right])


def _merge(times: list[float], fresh: list[float]) -> int:
    """Merge times into ascending ones in place; return the position of the first change."""
    first = bisect_left(times, min(fresh))
    times[first:] = sorted(times[first:] + fresh)
    return first
