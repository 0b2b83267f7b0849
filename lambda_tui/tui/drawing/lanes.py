"""A lane of an execution environment as cells: cold start, busy, frozen, errors, and its end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

from lambda_tui.results.environments import Lane
from lambda_tui.tui.drawing.time_window import TimeWindow

Ink = Literal["", "busy", "next", "init", "frozen", "idle", "gone", "error"]
"""`next` is busy with every other invocation, where they are wide enough to tell apart; `idle` follows the
last answer: frozen or reclaimed, a client cannot tell; `gone` is taken as reclaimed."""

Run = tuple[str, Ink]

LEVELS = "▂▃▄▅▆▇"
"""How much of a cell's time was busy. The gap above the highest keeps neighbouring lanes apart."""

CELLS_TO_TELL = 2
"""From this mean width in cells on, neighbouring invocations are told apart."""

COLD, INIT, FROZEN, IDLE, GONE, ERROR = "◆", "▒", "─", "╌", "╳", "✗"


class LaneCells:
    """The characters and inks of a lane, one a column of the window."""

    def __init__(self, lane: Lane, window: TimeWindow, now_ms: float, idle_limit_ms: float) -> None:
        self.characters = [" "] * window.columns
        self.inks: list[Ink] = [""] * window.columns
        self._window = window
        gone_ms = lane.end_ms(now_ms, idle_limit_ms)
        self._paint_busy(lane)
        self._paint_idle(lane.ends_ms[-1], gone_ms)
        self._paint_inits(lane)
        self._paint_marks(lane.errors_ms, ERROR, "error")
        if gone_ms < now_ms:
            self._paint_marks([gone_ms], GONE, "gone")

    def runs(self) -> list[Run]:
        """Neighbouring cells of the same ink as one text."""
        runs, start = [], 0
        for ink, group in groupby(self.inks):
            end = start + sum(1 for _ in group)
            runs.append(("".join(self.characters[start:end]), ink))
            start = end
        return runs

    def _put(self, column: int, character: str, ink: Ink) -> None:
        self.characters[column], self.inks[column] = character, ink

    def _paint_busy(self, lane: Lane) -> None:
        window, width_ms = self._window, self._window.ms_per_column
        first = max(0, window.column(lane.begins_ms[0]))
        last = min(window.columns - 1, window.column(lane.ends_ms[-1]))
        if first > last:
            return
        borders = [window.start_ms + width_ms * column for column in range(first, last + 2)]
        sums = lane.busy_until(borders)
        tell = lane.busy_ms >= CELLS_TO_TELL * width_ms * len(lane)
        for column in range(first, last + 1):
            share = (sums[column - first + 1] - sums[column - first]) / width_ms
            if share <= 1e-9:
                is_over = borders[column - first] >= lane.ends_ms[-1]
                self.characters[column], self.inks[column] = (IDLE, "idle") if is_over else (FROZEN, "frozen")
                continue
            ink: Ink = "busy"
            if tell:
                position = bisect_left(lane.ends_ms, borders[column - first] + width_ms / 2)
                ink = "next" if min(position, len(lane) - 1) % 2 else "busy"
            self.characters[column] = LEVELS[min(int(share * len(LEVELS)), len(LEVELS) - 1)]
            self.inks[column] = ink

    def _paint_idle(self, from_ms: float, until_ms: float) -> None:
        window = self._window
        for column in range(
            max(0, window.column(from_ms) + 1), min(window.columns, window.column(until_ms) + 1)
        ):
            self._put(column, IDLE, "idle")

    def _paint_inits(self, lane: Lane) -> None:
        """A diamond where an init begins, shading while it lasts: however short, a cold start is seen."""
        window = self._window
        for begin_ms, end_ms in lane.inits_ms:
            first, last = window.column(begin_ms), window.column(end_ms)
            if first >= window.columns:
                break
            if end_ms - window.border(last) < window.ms_per_column / 2:
                last -= 1
            for column in range(max(0, first), min(window.columns - 1, last) + 1):
                self._put(column, INIT, "init")
            if first >= 0:
                self._put(first, COLD, "init")

    def _paint_marks(self, times_ms: Sequence[float], mark: str, ink: Ink) -> None:
        window = self._window
        for position in range(bisect_left(times_ms, window.start_ms), len(times_ms)):
            column = window.column(times_ms[position])
            if column >= window.columns:
                break
            self._put(column, mark, ink)


_BOTH: dict[Ink, str] = {
    "": " ", "busy": "█", "next": "█", "init": "▒", "frozen": "─", "idle": "╌", "gone": "╌", "error": "✗",
}  # fmt: skip
_DRAWN: frozenset[Ink] = frozenset({"busy", "next", "init", "error"})
"""Drawn as a block of its own; what is frozen or idle is only a line."""


def half_runs(upper: Iterable[Ink], lower: Iterable[Ink]) -> list[tuple[str, Ink, Ink]]:
    """Two lanes in one row of half blocks: texts with their ink and that of the paper.

    Where both lanes do the same, a whole character says so without colour.
    """
    runs: list[tuple[str, Ink, Ink]] = []
    for (above, below), group in groupby(zip(upper, lower, strict=True)):
        length = sum(1 for _ in group)
        if above == below:
            runs.append((_BOTH[above] * length, above, ""))
        elif above in _DRAWN:
            runs.append(("▀" * length, above, below if below in _DRAWN else ""))
        elif below in _DRAWN:
            runs.append(("▄" * length, below, ""))
        else:
            runs.append(("─" * length, "frozen", ""))
    return runs
