"""A question in a small window."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class Question(ModalScreen[bool]):
    """A yes or no; Enter is yes, Esc is no."""

    CSS_PATH = "dialogs.tcss"
    AUTO_FOCUS = "#yes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes", id="question.yes", tooltip="Go ahead", show=False),
        Binding("n,escape", "dismiss(False)", "No", id="question.no", tooltip="Back", show=False),
        Binding(
            "left,right",
            "app.focus_next",
            "Other",
            id="question.other",
            tooltip="The other button",
            show=False,
        ),
    ]

    def __init__(self, title: str, text: str, *, yes: str, no: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            yield Static(self._text, markup=False)
            with Horizontal(classes="answers"):
                yield Button(f"{self._yes} ⏎", id="yes", variant="primary", compact=True)
                yield Button(f"{self._no} esc", id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
