"""Strips that fill their widget with its own background."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


def fitted(segments: Iterable[Segment], width: int, style: Style) -> Strip:
    """A strip of exactly `width` cells; what has no style of its own takes `style`."""
    return Strip(segments).adjust_cell_length(width, style).apply_style(style)
