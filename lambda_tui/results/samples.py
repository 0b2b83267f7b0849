"""Exact samples of one metric in ascending order, cheap to add to at any count."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import overload

CHUNK = 1_000
"""A chunk is split at twice this many values."""

FEW = 50
"""Up to this many are inserted into a chunk one by one; more are merged."""


class Samples(Sequence[float]):
    """Numbers in ascending order, in chunks, so that finding a value's place searches a thousandth as many.

    Added values wait, unsorted, until somebody asks.
    """

    def __init__(self, values: Iterable[float] = ()) -> None:
        self._chunks: list[list[float]] = []
        self._waiting = list(values)
        self._count = 0
        self._mean = self._squares = 0.0

    def add(self, value: float) -> None:
        """Add one value."""
        self._waiting.append(value)

    @property
    def mean(self) -> float:
        """Zero while there is no sample."""
        self._sort_in()
        return self._mean

    @property
    def stddev(self) -> float:
        """The sample standard deviation (n - 1); zero below two samples."""
        self._sort_in()
        return math.sqrt(self._squares / (self._count - 1)) if self._count > 1 else 0.0

    def at(self, ranks: Iterable[int]) -> list[float]:
        """The values at these ranks, from 0; all in one pass over the chunks."""
        self._sort_in()
        ends = list(accumulate(map(len, self._chunks)))
        values = []
        for rank in ranks:
            place = bisect_left(ends, rank + 1)
            values.append(self._chunks[place][rank - ends[place]])
        return values

    def _sort_in(self) -> None:
        if not self._waiting:
            return
        added, self._waiting = sorted(self._waiting), []
        self._sum_up(added)
        old, self._chunks = self._chunks, []
        begin = 0
        for chunk in old[:-1]:
            end = bisect_left(added, chunk[-1], begin)
            self._keep(chunk, added[begin:end])
            begin = end
        self._keep(old[-1] if old else [], added[begin:])

    def _keep(self, chunk: list[float], added: list[float]) -> None:
        if len(added) < FEW:
            for value in added:
                insort(chunk, value)
        else:
            # Two ascending runs, which Python's sort merges.
            chunk = sorted(chunk + added)
        if len(chunk) <= 2 * CHUNK:
            self._chunks.append(chunk)
            return
        self._chunks += [chunk[start : start + CHUNK] for start in range(0, len(chunk), CHUNK)]

    def _sum_up(self, added: list[float]) -> None:
        """Count, mean and squares of both together (Chan, Golub, LeVeque, 1979)."""
        mean = math.fsum(added) / len(added)
        delta, count = mean - self._mean, self._count + len(added)
        self._squares += math.fsum((value - mean) ** 2 for value in added)
        self._squares += delta * delta * self._count * len(added) / count
        self._mean += delta * len(added) / count
        self._count = count

    def __len__(self) -> int:
        return self._count + len(self._waiting)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        if isinstance(index, slice):
            return list(self)[index]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self.at([index % len(self)])[0]

    def __iter__(self) -> Iterator[float]:
        self._sort_in()
        for chunk in self._chunks:
            yield from chunk
