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
"""From this mean width in cells on, neighbouring invocations are distinguished."""

COLD, INIT, FROZEN, IDLE, GONE, ERROR = "◆", "▒", "─", "╌", "╳", "✗"


class LaneCells:
    """The characters and inks of a lane, one a column of the window."""

    def __init__(self, lane: Lane, window: TimeWindow, now_ms: float, idle_limit_ms: float) -> None:
        self.lane = lane
        self.characters = [" "] * window.columns
        self.inks: list[Ink] = [""] * window.columns
        self._window = window
        self._idle_limit_ms = idle_limit_ms
        self._tells = False
        self._painted = 0
        self._last_ms = 0.0
        self.update(now_ms)

    def update(self, now_ms: float) -> None:
        """Paint what has come since the last time; what ended before that stays as it is."""
        lane, window = self.lane, self._window
        tells = lane.busy_ms >= CELLS_TO_TELL * window.ms_per_column * len(lane)
        has_grown = tells == self._tells and self._is_continued()
        first = max(0, window.column(self._last_ms)) if has_grown else 0
        self._tells, self._painted, self._last_ms = tells, len(lane), lane.ends_ms[-1]
        empty = window.columns - first
        if empty <= 0:
            return
        self.characters[first:], self.inks[first:] = [" "] * empty, [""] * empty
        gone_ms = lane.end_ms(now_ms, self._idle_limit_ms)
        self._paint_busy(first)
        self._paint_idle(first, gone_ms)
        self._paint_inits(first)
        self._paint_marks(first, lane.errors_ms, ERROR, "error")
        if gone_ms < now_ms:
            self._paint_marks(first, [gone_ms], GONE, "gone")

    def _is_continued(self) -> bool:
        """False for a lane that is not painted yet, or has been rebuilt since."""
        return self._painted > 0 and self.lane.ends_ms[self._painted - 1] == self._last_ms

    def runs(self) -> list[Run]:
        """Neighbouring cells of the same ink as one text."""
        runs, start = [], 0
        for ink, group in groupby(self.inks):
            end = start + sum(1 for _ in group)
            runs.append(("".join(self.characters[start:end]), ink))
            start = end
        return runs

    def _paint_busy(self, since: int) -> None:
        lane, window, width_ms = self.lane, self._window, self._window.ms_per_column
        first = max(since, window.column(lane.begins_ms[0]))
        last = min(window.columns - 1, window.column(lane.ends_ms[-1]))
        if first > last:
            return
        borders = [window.start_ms + width_ms * column for column in range(first, last + 2)]
        sums = lane.busy_until(borders)
        for column in range(first, last + 1):
            share = (sums[column - first + 1] - sums[column - first]) / width_ms
            if share <= 1e-9:
                is_over = borders[column - first] >= lane.ends_ms[-1]
                self.characters[column], self.inks[column] = (IDLE, "idle") if is_over else (FROZEN, "frozen")
                continue
            ink: Ink = "busy"
            if self._tells:
                position = bisect_left(lane.ends_ms, borders[column - first] + width_ms / 2)
                ink = "next" if min(position, len(lane) - 1) % 2 else "busy"
            self.characters[column] = LEVELS[min(int(share * len(LEVELS)), len(LEVELS) - 1)]
            self.inks[column] = ink

    def _paint_idle(self, since: int, gone_ms: float) -> None:
        window = self._window
        first = max(since, window.column(self.lane.ends_ms[-1]) + 1)
        for column in range(first, min(window.columns, window.column(gone_ms) + 1)):
            self.characters[column], self.inks[column] = IDLE, "idle"

    def _paint_inits(self, since: int) -> None:
        """A diamond where an init begins, shading while it lasts: however short, a cold start is seen."""
        window, inits = self._window, self.lane.inits_ms
        earliest = bisect_left(inits, window.border(since), key=lambda init: init[1])
        for begin_ms, end_ms in inits[earliest:]:
            first, last = window.column(begin_ms), window.column(end_ms)
            if first >= window.columns:
                break
            if end_ms - window.border(last) < window.ms_per_column / 2:
                last -= 1
            for column in range(max(since, first), min(window.columns - 1, last) + 1):
                self.characters[column], self.inks[column] = INIT, "init"
            if first >= since:
                self.characters[first], self.inks[first] = COLD, "init"

    def _paint_marks(self, since: int, times_ms: Sequence[float], mark: str, ink: Ink) -> None:
        window = self._window
        for position in range(bisect_left(times_ms, window.border(since)), len(times_ms)):
            column = window.column(times_ms[position])
            if column >= window.columns:
                break
            if column >= since:
                self.characters[column], self.inks[column] = mark, ink


_BOTH: dict[Ink, str] = {
    "": " ", "busy": "█", "next": "█", "init": "▒", "frozen": "─", "idle": "╌", "gone": "╌", "error": "✗",
}  # fmt: skip
_DRAWN: frozenset[Ink] = frozenset({"busy", "next", "init", "error"})
"""Drawn as a block of its own; what is frozen or idle is only a line."""


def half_runs(upper: Iterable[Ink], lower: Iterable[Ink]) -> list[tuple[str, Ink, Ink]]:
    """Two lanes in one row of half blocks: texts with their ink and that of the paper.

    Where both lanes do the same, a whole character says so without colour. An init of either shades the
    whole cell: there are no half blocks of shading, and no cold start is to be overlooked.
    """
    runs: list[tuple[str, Ink, Ink]] = []
    for (above, below), group in groupby(zip(upper, lower, strict=True)):
        length = sum(1 for _ in group)
        if above == below:
            runs.append((_BOTH[above] * length, above, ""))
        elif "init" in (above, below):
            other = below if above == "init" else above
            runs.append((INIT * length, "init", other if other in _DRAWN else ""))
        elif above in _DRAWN:
            runs.append(("▀" * length, above, below if below in _DRAWN else ""))
        elif below in _DRAWN:
            runs.append(("▄" * length, below, ""))
        else:
            runs.append(("─" * length, "frozen", ""))
    return runs
