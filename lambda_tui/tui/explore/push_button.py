"""A button of one line; Textual's own brings 300 lines of style sheet to the first paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static


class PushButton(Static, can_focus=True):
    """Pressed with a click, or with Enter while it has the focus."""

    DEFAULT_CSS = """
    PushButton {
        height: 1; width: auto; min-width: 16; padding: 0 1; text-align: center; text-style: bold;
        background: $panel; color: $foreground; pointer: pointer;
        &:hover { background: $panel-lighten-1; }
        &.-primary { background: $block-cursor-background; color: $block-cursor-foreground; }
        &.-primary:hover { background: $primary-darken-1; }
        &:focus { background: $accent; color: $block-cursor-foreground; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "press", "Press", id="button.press", tooltip="Press the button", show=False),
    ]
    ALLOW_SELECT = False
    auto_links = False

    @dataclass
    class Pressed(Message):
        """The button was pressed."""

        button: PushButton

        @property
        def control(self) -> PushButton:
            return self.button

    def __init__(self, label: Content | str, *, id: str, classes: str = "") -> None:  # noqa: A002
        super().__init__(label, id=id, classes=classes)

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        self.post_message(self.Pressed(self))
