"""A value out of a list, in one line; the list itself exists only while it is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

TYPED_TOGETHER_S = 0.7
"""Letters typed within this time are the beginning of one name."""


class ChoiceList(OptionList):
    """The open list; letters jump to the next name that has them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="list.close", tooltip="Close the list", show=False),
    ]

    @dataclass
    class Closed(Message):
        """The list is no longer wanted."""

        focus_back: bool

    def __init__(self, labels: Sequence[str], highlighted: int) -> None:
        super().__init__(*(Option(Content(label)) for label in labels), compact=True)
        self._labels = [label.lower() for label in labels]
        self._typed = ""
        self._typed_at = 0.0
        self._first = highlighted

    def on_mount(self) -> None:
        self.highlighted = self._first
        self.focus()

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        if event.character is None or not event.is_printable:
            return
        event.stop()
        event.prevent_default()
        self._typed = (
            self._typed if event.time - self._typed_at < TYPED_TOGETHER_S else ""
        ) + event.character
        self._typed_at = event.time
        matches = [number for number, label in enumerate(self._labels) if self._typed.lower() in label]
        if matches:
            self.highlighted = matches[0]

    def action_close(self) -> None:
        self.post_message(self.Closed(focus_back=True))

    def on_blur(self) -> None:
        self.post_message(self.Closed(focus_back=False))


class FieldSelect(Widget, can_focus=True):
    """Opens on Space or a click: Enter runs and the arrows move on, as everywhere in the form.

    Textual's Select is six widgets whether it is opened or not, and every one is styled before the first
    paint.
    """

    DEFAULT_CSS = """
    FieldSelect {
        height: 1; width: 1fr; padding: 0 1 0 0; background: $surface; color: $foreground; pointer: pointer;
        &:focus { background: $chosen; }
        & > ChoiceList {
            width: 1fr; height: auto; max-height: 12; overlay: screen; constrain: none inside;
            border: tall $border-blurred; background: $surface;
        }
        & > ChoiceList > .option-list--option { padding: 0 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "open", "Open", id="select.open", tooltip="Open the list", show=False),
        Binding("up,k", "app.focus_previous", "Up", id="select.up", tooltip="The field above", show=False),
        Binding("down,j", "app.focus_next", "Down", id="select.down", tooltip="The field below", show=False),
        Binding("left,h", "step(-1)", "Previous", id="select.previous", tooltip="Previous value", show=False),
        Binding("right,l", "step(1)", "Next", id="select.next", tooltip="Next value", show=False),
    ]

    value: reactive[str] = reactive("", init=False)

    @dataclass
    class Changed(Message):
        """Another value was chosen."""

        select: FieldSelect
        value: str

        @property
        def control(self) -> FieldSelect:
            return self.select

    def __init__(self, options: Sequence[tuple[str, str]], value: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._labels = [label for label, _ in options]
        self._values = [option for _, option in options]
        self.set_reactive(FieldSelect.value, value)

    def render(self) -> Content:
        room = max(0, self.content_size.width - 2)
        # What a label says after two blanks is for the open list.
        label = self._labels[self._values.index(self.value)].partition("  ")[0]
        arrow = "▲" if self.children else "▼"
        return Content.assemble(label[:room].ljust(room + 1), (arrow, "$quiet"))

    def watch_value(self, value: str) -> None:
        self.post_message(self.Changed(self, value))

    def action_step(self, by: int) -> None:
        position = self._values.index(self.value) + by
        if 0 <= position < len(self._values):
            self.value = self._values[position]

    def action_open(self) -> None:
        if not self.children:
            self.mount(ChoiceList(self._labels, self._values.index(self.value)))
            self.refresh()

    def on_click(self) -> None:
        self.action_open()

    @on(ChoiceList.OptionSelected)
    def _option_chosen(self, event: ChoiceList.OptionSelected) -> None:
        event.stop()
        self.value = self._values[event.option_index]
        self._close_list(focus_back=True)

    @on(ChoiceList.Closed)
    def _list_closed(self, event: ChoiceList.Closed) -> None:
        event.stop()
        self._close_list(focus_back=event.focus_back)

    def _close_list(self, *, focus_back: bool) -> None:
        self.remove_children()
        if focus_back:
            self.focus()
        self.refresh()
