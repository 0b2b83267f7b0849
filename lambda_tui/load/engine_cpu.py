"""How busy the load engines are, one second at a time."""

from __future__ import annotations

from collections import deque

WINDOW_MS = 1000.0
LEAST_WINDOW_MS = 500.0
"""Shorter spans say little: a few invocations are always a burst."""


class EngineCpu:
    """Turns each engine's CPU seconds since the start into the busiest engine's share of one core."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, tuple[float, ...]]] = deque([(0.0, ())])

    def percent(self, now_ms: float, cpu_s: tuple[float, ...]) -> float:
        """Over the last second; 0 until half a second has passed."""
        self._readings.append((now_ms, cpu_s))
        while len(self._readings) > 2 and self._readings[1][0] <= now_ms - WINDOW_MS:
            self._readings.popleft()
        then_ms, before = self._readings[0]
        span_ms = now_ms - then_ms
        if span_ms < LEAST_WINDOW_MS:
            return 0.0
        used = (now - then for now, then in zip(cpu_s, before or (0.0,) * len(cpu_s), strict=True))
        return max(used, default=0.0) * 1000 / span_ms * 100
