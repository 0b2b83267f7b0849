"""The screen as text, and golden files of it. The only place that touches Textual's private API."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from rich.cells import cell_len
from rich.style import Style
from textual.app import App
from textual.geometry import Region

SNAPSHOTS = Path(__file__).parent / "snapshots"
SHORT_WAITS = {"textual._wait.SLEEP_GRANULARITY": 1 / 200, "textual._wait.SLEEP_IDLE": 1 / 4000}
"""Pilot looks every 20 ms whether the program is idle, twice after every key; 5 ms are enough to see that."""

UPDATE = "LAMBDA_TUI_UPDATE_SNAPSHOTS"
BLANKS = " \N{BRAILLE PATTERN BLANK}"


def screen_text(app: App[None]) -> str:
    """What a terminal would show, without colours, lines without trailing blanks."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def has_exited(app: App[None]) -> bool:
    """True once the app was told to end."""
    return app._exit


def assert_looks_like(app: App[None], name: str) -> None:
    """Compare with `snapshots/<name>.txt`; with LAMBDA_TUI_UPDATE_SNAPSHOTS=1 write it instead.

    The title bar is left out: it names the other screens, which come and go without this one.
    """
    shown = screen_text(app).partition("\n")[2] + "\n"
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get(UPDATE):
        path.write_text(shown, encoding="utf-8")
        return
    expected = path.read_text(encoding="utf-8")
    difference = "\n".join(difflib.unified_diff(expected.splitlines(), shown.splitlines(), "golden", "shown"))
    assert shown == expected, f"{name} looks different ({UPDATE}=1 accepts it):\n{difference}"


Cell = tuple[str, Style, int, int]
"""A character, its style, its column and its row."""


def painted(app: App[None], within: Region | None = None) -> Iterator[Cell]:
    """Every cell with a visible character, as it goes to the terminal; of a part of the screen."""
    part = within or app.screen.region
    for row, strip in enumerate(app.screen._compositor.render_strips()):
        column = 0
        for text, style, _ in strip:
            for character in text:
                if character.strip(BLANKS) and part.contains(column, row):
                    yield character, style or Style.null(), column, row
                column += cell_len(character)
