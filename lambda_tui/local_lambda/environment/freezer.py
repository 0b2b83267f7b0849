"""Stops an environment's processes between its invocations, as Lambda does."""

from __future__ import annotations

from collections.abc import Callable

from lambda_tui.local_lambda.environment.alarm import Alarm
from lambda_tui.local_lambda.sandbox.cell import Cell

FREEZE_AFTER_S = 0.002
"""Freezing and thawing take 0.1 ms each (cgroup v1), which callers that return at once do not pay."""

FREEZE_WAITING_AFTER_S = 0.1
"""A single thread that waits for its next event does nothing that a freeze could stop; it only wakes up each
second."""


class Freezer:
    """Freezes what `idle_cell` returns when the time comes: None while there is nothing to freeze."""

    def __init__(self, idle_cell: Callable[[], Cell | None]) -> None:
        self._idle_cell = idle_cell
        self._alarm = Alarm(self._freeze)
        self._frozen: Cell | None = None

    def started(self, cell: Cell) -> None:
        """A new runtime waits for its first event: whatever was frozen before is gone."""
        self._frozen = None
        self.schedule(cell)

    def schedule(self, cell: Cell) -> None:
        """Freeze soon; later if a single thread waits."""
        self._alarm.set(FREEZE_AFTER_S if cell.can_work_in_background else FREEZE_WAITING_AFTER_S)

    def thaw(self) -> None:
        """Let it continue, and do not freeze it."""
        self._alarm.clear()
        if self._frozen is not None:
            self._frozen.thaw()
            self._frozen = None

    def end(self) -> None:
        """Stop freezing; idempotent."""
        self._alarm.end()

    def _freeze(self) -> None:
        self._frozen = self._idle_cell()
        if self._frozen is not None:
            self._frozen.freeze()
