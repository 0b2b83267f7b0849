"""The open loop: makes every start when it is due, regardless of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lambda_tui.load.engine.pacing import Pacer
from lambda_tui.load.engine.start_timer import new_start_timer


class OpenLoop:
    """Calls `start` with each intended instant in ms as it comes, and `finished` after the last.

    `hits` are the numbers of the pacer's starts that are ours; `began_ms` is when its first is due, `zero`
    the start of the run on the clock of `time.perf_counter`.
    """

    def __init__(
        self,
        pacer: Pacer,
        hits: Iterator[int],
        *,
        zero: float,
        began_ms: float,
        now_ms: Callable[[], float],
        start: Callable[[float], None],
        finished: Callable[[], None],
    ) -> None:
        self._pacer = pacer
        self._hits = hits
        self._zero = zero
        self._began_ms = began_ms
        self._now_ms = now_ms
        self._start = start
        self._finished = finished
        self._timer = new_start_timer(self._make_due)
        self._next_ms = self._due_ms()
        self._make_due()

    @property
    def all_made(self) -> bool:
        return self._next_ms is None

    def close(self) -> None:
        """Make no further starts."""
        self._next_ms = None
        self._timer.close()

    def _due_ms(self) -> float | None:
        due_ms = self._pacer.start_ms(next(self._hits))
        return None if due_ms is None else self._began_ms + due_ms

    def _make_due(self) -> None:
        """Make every start that is due by now: one that was slept through is late, never skipped."""
        while self._next_ms is not None and self._next_ms <= self._now_ms():
            self._start(self._next_ms)
            self._next_ms = self._due_ms()
        if self._next_ms is None:
            self._finished()
        else:
            self._timer.arm(self._zero + self._next_ms / 1000)
