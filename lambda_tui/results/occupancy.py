"""How many environments were busy at a time: a step function that grows at its end."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

_BLOCK = 256
"""So many steps share a kept maximum: a range is looked at step by step only in its first and last block."""


class Occupancy:
    """Busy spans added up; exact, and cheap to extend with spans that end near the present one's end."""

    def __init__(self, spans: Iterable[tuple[float, float]] = ()) -> None:
        self._times: list[float] = []
        self._steps: list[int] = []
        self._levels: list[int] = []
        self._maxima: list[int] = []
        self.add(spans)

    def add(self, spans: Iterable[tuple[float, float]]) -> None:
        """Add spans of (begin, end) in ms. Only what lies after the earliest begin is computed anew."""
        fresh = [event for begin, end in spans if end > begin for event in ((begin, 1), (end, -1))]
        if not fresh:
            return
        first = bisect_left(self._times, min(fresh)[0])
        # A begin and an end at the same time are not two busy environments: ends sort first.
        tail = sorted([*zip(self._times[first:], self._steps[first:], strict=True), *fresh])
        del self._times[first:], self._steps[first:], self._levels[first:]
        level = self._levels[-1] if self._levels else 0
        self._times += [time_ms for time_ms, _ in tail]
        self._steps += [step for _, step in tail]
        self._levels += list(accumulate((step for _, step in tail), initial=level))[1:]
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
        return self._times[self._levels.index(peak, start)]

    def maximum(self, from_ms: float, until_ms: float) -> int:
        """The most environments busy at one time in [from_ms, until_ms); with both the same, at that time."""
        first = bisect_right(self._times, from_ms)
        last = bisect_left(self._times, until_ms, first)
        at_first = self._levels[first - 1] if first else 0
        return max(at_first, self._range_maximum(first, last))

    def _range_maximum(self, first: int, last: int) -> int:
        left, right = -(-first // _BLOCK), last // _BLOCK
        if left >= right:
            return max(self._levels[first:last], default=0)
        edges = self._levels[first : left * _BLOCK] + self._levels[right * _BLOCK : last]
        return max(edges + self._maxima[left:right])
