"""Scales from values to dots, linear from zero or logarithmic, with the ticks worth naming."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lambda_tui.tui.drawing.axis import axis_to


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps `low`..`high` to 0..1; `logarithmic` needs both above zero."""

    low: float
    high: float
    logarithmic: bool
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value lies, 0 at `low` and 1 at `high`; outside values lie outside."""
        if not self.logarithmic:
            return (value - self.low) / (self.high - self.low)
        return math.log(max(value, self.low * 1e-9) / self.low) / math.log(self.high / self.low)

    def value(self, share: float) -> float:
        """The inverse of `share`."""
        if not self.logarithmic:
            return self.low + share * (self.high - self.low)
        return self.low * math.pow(self.high / self.low, share)


def linear_scale(highest: float, ticks: int) -> Scale:
    """From zero to a round value that covers `highest`."""
    axis = axis_to(highest, ticks)
    return Scale(0.0, axis.top, logarithmic=False, ticks=tuple(axis.ticks))


def decades(lowest: float, highest: float, most: int) -> Scale:
    """Whole powers of ten around a range, at most `most` ticks."""
    first = math.floor(math.log10(lowest) + 1e-9)
    last = max(first + 1, math.ceil(math.log10(highest) - 1e-9))
    step = math.ceil((last - first + 1) / max(2, most))
    ticks = tuple(10.0**power for power in range(first, last + 1, step))
    return Scale(10.0**first, 10.0**last, logarithmic=True, ticks=ticks)


def logarithmic_scale(low: float, high: float, ticks: Sequence[float]) -> Scale:
    """Exactly `low` to `high` with the ticks that lie inside."""
    return Scale(low, high, logarithmic=True, ticks=tuple(tick for tick in ticks if low <= tick <= high))


def steps_of_decades(lowest: float, highest: float, most: int) -> Scale:
    """A logarithmic scale with ticks at 1, 2 and 5 times powers of ten; decades where those are many."""
    first, last = math.floor(math.log10(lowest)), math.ceil(math.log10(highest))
    candidates = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
    low = max(tick for tick in candidates if tick <= lowest * (1 + 1e-9))
    high = min((tick for tick in candidates if tick >= highest * (1 - 1e-9)), default=10.0**last)
    ticks = [tick for tick in candidates if low <= tick <= high]
    if low == high or len(ticks) > most:
        return decades(lowest, highest, most)
    return Scale(low, high, logarithmic=True, ticks=tuple(ticks))
