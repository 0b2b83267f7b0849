"""Axes: round tick values that cover the data."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from zero to `top` with ticks at multiples of `step`."""

    top: float
    step: float

    @property
    def ticks(self) -> list[float]:
        return [self.step * number for number in range(round(self.top / self.step) + 1)]

    def label(self, value: float) -> str:
        """A tick's text with as many decimals as the step needs."""
        decimals = max(0, -math.floor(math.log10(self.step))) if self.step < 1 else 0
        return f"{value:,.{decimals}f}"


def axis_to(maximum: float, ticks: int) -> Axis:
    """The axis of at most `ticks` intervals that reaches `maximum`; steps are 1, 2, 2.5 or 5 times 10^n."""
    maximum = maximum if maximum > 0 else 1.0
    rough = maximum / max(1, ticks)
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (power * factor for factor in ((1, 2, 2.5, 5, 10, 20) if power >= 10 else (1, 2, 5, 10, 20)))
    step = next(step for step in steps if math.ceil(maximum / step - 1e-9) <= max(1, ticks))
    return Axis(top=step * max(1, math.ceil(maximum / step - 1e-9)), step=step)


def time_scale(total_ms: float, columns: int) -> str:
    """Tick labels of a time axis from 0 to `total_ms` over `columns`; what does not fit is left out."""
    if total_ms <= 0:
        return ""
    axis = axis_to(total_ms, max(2, columns // 12))
    text = ""
    for tick in axis.ticks:
        column = round(tick / total_ms * columns)
        label = "╷" + axis.label(tick) + (" ms" if tick == 0 else "")
        if column >= len(text) and column + len(label) <= columns:
            text = text.ljust(column) + label
    return text
