"""A text to read in a window, and the derivation of an amount laid out for it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label

_INDENT = " " * 12
"""Where the values stand in the text of `billing.explain`."""


def reading_width(columns: int) -> int:
    """Cells of a line in a Reading dialog on a screen of so many columns."""
    return min(84, columns * 9 // 10) - 7


def help_content(
    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]], paragraphs: Sequence[tuple[str, str]]
) -> Content:
    """What `?` shows: keys with their meanings in groups, then titled paragraphs."""
    parts: list[Content] = []
    for group, keys in groups:
        parts.append(Content.styled(group, "bold $accent"))
        parts += [Content.assemble("  ", (f"{key:<10}", "bold"), meaning) for key, meaning in keys]
        parts.append(Content(""))
    for title, paragraph in paragraphs:
        parts += [Content.styled(title, "bold $accent"), Content(paragraph), Content("")]
    return Content("\n").join(parts[:-1])


def explanation_content(text: str, why: str, width: int) -> Content:
    """A derivation by `billing.explain`, wrapped under its own columns, then `why` as a closing sentence."""
    lines = []
    for line in text.splitlines():
        if line.startswith(" "):
            lines += [Content(part) for part in wrap(line, width, subsequent_indent=_INDENT)]
        else:
            lines.append(Content.styled(line, "bold $accent"))
    if why:
        lines += [Content(""), Content.styled(why, "$quiet")]
    return Content("\n").join(lines)


class Reading(ModalScreen[None]):
    """A text that scrolls; any of Esc, Enter, q, ? and x closes it."""

    CSS_PATH = "dialogs.tcss"
    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark,f1,x", "dismiss", "Close", id="reading.close", tooltip="Close"),
        Binding("j", "scroll(1)", "Down", id="reading.down", tooltip="Scroll down", show=False),
        Binding("k", "scroll(-1)", "Up", id="reading.up", tooltip="Scroll up", show=False),
    ]

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog reading") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "esc closes"
            yield Label(self._text)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
