"""A filter for the feed; it narrows with every key."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

EXAMPLES = "cold · error · 429 · >500 · 1a2b3c4d"


class FeedFilter(ModalScreen[None]):
    """Enter keeps the filter, Esc takes it away."""

    CSS_PATH = "../dialogs/dialogs.tcss"
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    FeedFilter { align: center bottom; background: transparent; }
    FeedFilter .dialog { padding: 0 1; margin: 0 0 2 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "All rows", id="feed_filter.clear", tooltip="Show all rows again"),
    ]

    def __init__(self, text: str, narrow: Callable[[str], None]) -> None:
        super().__init__()
        self._text = text
        self._narrow = narrow

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Show only"
            dialog.border_subtitle = "⏎ keeps   esc shows all   >500: longer than 500 ms"
            yield Input(self._text, placeholder=EXAMPLES, compact=True)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    @on(Input.Submitted)
    def _keep(self) -> None:
        self.dismiss(None)

    def action_clear(self) -> None:
        self._narrow("")
        self.dismiss(None)
