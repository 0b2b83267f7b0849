"""Texts in the border of a pane, set only when they change: Textual paints the whole pane for each."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


def set_border(pane: Widget, *, title: str | None = None, subtitle: str | Content | None = None) -> None:
    """Show texts in the border; None leaves one as it is."""
    if title is not None and _plain(pane.border_title) != title:
        pane.border_title = Content(title)
    if subtitle is not None and _plain(pane.border_subtitle) != str(subtitle):
        pane.border_subtitle = Content(subtitle) if isinstance(subtitle, str) else subtitle


def _plain(markup: str | None) -> str:
    return Content.from_markup(markup).plain if markup else ""
