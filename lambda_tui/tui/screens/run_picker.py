"""Choosing one of several runs from a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

Choice = tuple[str, str]
"""What is returned, and the line that says what it is."""


class RunPicker(ModalScreen[str]):
    """Enter takes a choice, Esc leaves things as they are (None)."""

    CSS_PATH = "../styles/dialogs.tcss"
    DEFAULT_CSS = """
    RunPicker { align: center middle; }
    RunPicker OptionList { height: auto; max-height: 20; background: $surface; padding: 0; }
    RunPicker OptionList, RunPicker OptionList:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "close", "Close", id="run_picker.close", tooltip="Keep what is on screen"),
        Binding("j", "move('down')", "Down", id="run_picker.down", tooltip="Next run", show=False),
        Binding("k", "move('up')", "Up", id="run_picker.up", tooltip="Previous run", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._choices = choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "⏎ takes it   esc keeps"
            yield OptionList(*(Option(Content(text), id=choice) for choice, text in self._choices))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_move(self, direction: str) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if direction == "down" else options.action_cursor_up()
