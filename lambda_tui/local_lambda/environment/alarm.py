"""A timer that is set again at every invocation."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable


class Alarm:
    """Calls `ring` once, when the time it was last set to is over.

    A timer of the loop that rings too early is kept, and set again then: cancelling and making two timers
    per invocation took a tenth of the server's time.
    """

    __slots__ = ("_at", "_loop", "_ring", "_timer", "_timer_at")

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._at = self._timer_at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def set(self, delay_s: float) -> None:
        """Ring after this many seconds, and no longer at the time set before."""
        self._at = time.perf_counter() + delay_s
        if self._at < self._timer_at:
            self._start_timer(delay_s)

    def clear(self) -> None:
        """Do not ring."""
        self._at = math.inf

    def end(self) -> None:
        """Do not ring, and release everything; idempotent."""
        self._at = self._timer_at = math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_timer(self, delay_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._at
        self._timer = self._loop.call_later(delay_s, self._look)

    def _look(self) -> None:
        self._timer, self._timer_at = None, math.inf
        left_s = self._at - time.perf_counter()
        if left_s <= 0:
            self._at = math.inf
            self._ring()
        elif self._at < math.inf:
            self._start_timer(left_s)
