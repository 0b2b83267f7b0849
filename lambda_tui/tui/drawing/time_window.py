"""The part of a run's time that is on screen: zooming, panning, following, and its tick labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SHORTEST_MS = 5.0
"""What one can zoom into at most: below that the client's clock says nothing about an environment."""


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """From `start_ms` to `end_ms` over `columns` cells."""

    start_ms: float
    end_ms: float
    columns: int

    @property
    def span_ms(self) -> float:
        return self.end_ms - self.start_ms

    @property
    def ms_per_column(self) -> float:
        return self.span_ms / self.columns

    def border(self, column: int) -> float:
        """The time at the left edge of a column."""
        return self.start_ms + self.span_ms * column / self.columns

    def borders(self) -> list[float]:
        """The left edges of all columns, and the right edge of the last."""
        return [self.border(column) for column in range(self.columns + 1)]

    def column(self, time_ms: float) -> int:
        """The column that holds a time; outside the window it is outside 0 to `columns` - 1."""
        return math.floor((time_ms - self.start_ms) / self.span_ms * self.columns)

    def scale(self) -> str:
        """Tick labels at round times, as wide as the window."""
        step = _round_step(self.span_ms / max(1, self.columns // 12))
        unit, factor = ("s", 1000.0) if self.end_ms >= 2_000 else ("ms", 1.0)
        decimals = max(0, -math.floor(math.log10(step / factor) + 1e-9))
        text = ""
        for number in range(math.ceil(self.start_ms / step - 1e-9), math.floor(self.end_ms / step) + 1):
            column = self.column(number * step + 1e-6)
            label = f"╷{number * step / factor:,.{decimals}f}" + ("" if text.strip() else f" {unit}")
            if column >= len(text) and column + len(label) <= self.columns:
                text = text.ljust(column) + label
        return text.ljust(self.columns)


@dataclass(frozen=True, slots=True)
class TimeView:
    """What the user asked to see: all of it, or `span_ms` from `start_ms` or ending at the live end."""

    span_ms: float | None = None
    start_ms: float = 0.0
    follow: bool = True

    def window(self, now_ms: float, columns: int, *, live: bool) -> TimeWindow:
        """The window at a time. A live one that shows all grows in steps: each step redraws all lanes."""
        columns = max(1, columns)
        whole_ms = max(now_ms, SHORTEST_MS)
        if self.span_ms is None:
            return TimeWindow(0.0, _rounded_up(whole_ms) if live else whole_ms, columns)
        span_ms = min(self.span_ms, whole_ms)
        latest_ms = whole_ms - span_ms
        start_ms = latest_ms if self.follow else min(max(0.0, self.start_ms), latest_ms)
        return TimeWindow(start_ms, start_ms + span_ms, columns)

    def zoomed(self, window: TimeWindow, factor: float, around_ms: float, now_ms: float) -> TimeView:
        """A view `factor` times as long, with `around_ms` in its column; all of it where that is less."""
        span_ms = max(SHORTEST_MS, window.span_ms * factor)
        if span_ms >= now_ms:
            return TimeView()
        share = (around_ms - window.start_ms) / window.span_ms
        return replace(self, span_ms=span_ms, start_ms=around_ms - share * span_ms)

    def moved(self, window: TimeWindow, by_ms: float) -> TimeView:
        """A view further on by `by_ms`; it no longer follows. A view of all of it cannot move."""
        if self.span_ms is None:
            return self
        return TimeView(window.span_ms, max(0.0, window.start_ms + by_ms), follow=False)


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9))


def _rounded_up(time_ms: float) -> float:
    """The next of about ten steps a decade, so that at most an eighth of the window is empty."""
    power = 10.0 ** math.floor(math.log10(time_ms))
    lead = time_ms / power
    step = power * (0.1 if lead < 2 else 0.25 if lead < 5 else 0.5)
    return math.ceil(time_ms / step) * step
