"""When to send: the closed loop waits for answers, the open loop follows a pacer."""

from __future__ import annotations

from typing import Protocol


class Pacer(Protocol):
    """Intended start times of an open loop."""

    def start_ms(self, hits: int) -> float | None:
        """When start number `hits` (from 0) is due, from the loop's beginning; None when all are made."""
        ...

    def rate(self, elapsed_ms: float) -> float:
        """Intended starts per second at that time."""
        ...


class ConstantPacer:
    """Evenly spaced starts: `rate` a second for `seconds`."""

    def __init__(self, rate: float, seconds: float) -> None:
        self._rate = rate
        self._count = max(1, round(rate * seconds))

    def start_ms(self, hits: int) -> float | None:
        return None if hits >= self._count else hits * 1000 / self._rate

    def rate(self, elapsed_ms: float) -> float:
        return self._rate
