"""Rows of the form: a label, an editor, a unit, and the sentence that refuses a bad value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from lambda_tui.aws_facts import FULL_VCPU_MB
from lambda_tui.tui.textual_internals import QuietInput
from lambda_tui.tui.widgets.field_select import FieldSelect
from lambda_tui.tui.widgets.slider import Slider

MEMORY_SIZES_MB = (
    128, 256, 512, 768, 1024, 1536, FULL_VCPU_MB, 2048, 3008, 3538, 4096, 5307, 6144, 7076, 8192, 8845, 10240,
)  # fmt: skip
"""Sizes people choose, and those where another vCPU begins (1769 MB buys one, AWS documentation)."""


class NumberInput(QuietInput):
    """Takes digits and a point; every letter stays a command of the screen (`a`, `q` and `?` work here)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Up", id="field.up", tooltip="The field above", show=False),
        Binding("down", "app.focus_next", "Down", id="field.down", tooltip="The field below", show=False),
    ]

    def takes(self, character: str | None) -> bool:
        return _is_numeric(character)


def _is_numeric(character: str | None) -> bool:
    return character is not None and (character.isdigit() or character == ".")


class Refusal(Static):
    """Why a value is not usable, under its field."""

    DEFAULT_CSS = "Refusal { height: auto; color: $error; padding: 0 0 0 1; }"


LABEL_WIDTH = 13


class Field(Horizontal):
    """One row named after a scenario field; `refuse` puts a sentence under it.

    The row writes its label and unit itself, beside its editors: twenty widgets less before the first paint.
    """

    DEFAULT_CSS = f"""
    Field {{ height: 1; color: $quiet; padding: 0; }}
    Field:focus-within {{ color: $foreground; text-style: bold; }}
    Field Input {{ width: 8; margin: 0 0 0 {LABEL_WIDTH}; background: $panel; padding: 0 1; }}
    Field Input:focus {{ background: $chosen; }}
    Field.-refused Input {{ background: $alarm; color: $alarm-ink; }}
    Field FieldSelect {{ width: 1fr; margin: 0 0 0 {LABEL_WIDTH}; }}
    Field Slider {{ margin: 0 1 0 {LABEL_WIDTH}; }}
    """

    def __init__(self, name: str, label: str, *, unit: str = "") -> None:
        super().__init__(id=f"field-{name.replace('_', '-')}")
        self.field_name = name
        self._label = label
        self._unit = unit
        self._refusal_text: str | None = None
        self._refusal: Refusal | None = None

    def compose(self) -> ComposeResult:
        yield from self.editors()

    def render(self) -> Content:
        edge = max((child.region.right for child in self.children), default=0) - self.region.x
        return Content(self._label.ljust(edge + 1) + self._unit)

    def editors(self) -> ComposeResult:
        """The widgets between the label and the unit."""
        yield from ()

    @property
    def text(self) -> str:
        """The value as the user gave it, not yet validated."""
        raise NotImplementedError

    def refuse(self, sentence: str | None) -> None:
        """Show why the value is not usable; None takes the sentence away."""
        if sentence == self._refusal_text:
            return
        self._refusal_text = sentence
        self.set_class(sentence is not None, "-refused")
        if self._refusal is not None:
            self._refusal.remove()
            self._refusal = None
        if sentence is not None and isinstance(self.parent, Widget):
            self._refusal = Refusal(sentence, markup=False)
            self.parent.mount(self._refusal, after=self)


class NumberField(Field):
    """A typed number."""

    def __init__(self, name: str, label: str, value: str, *, unit: str = "") -> None:
        super().__init__(name, label, unit=unit)
        self._initial = value

    def editors(self) -> ComposeResult:
        yield NumberInput(self._initial)

    @property
    def text(self) -> str:
        return self.query_one(NumberInput).value.strip()


class SliderField(NumberField):
    """A slider and, beside it, the same value to type."""

    DEFAULT_CSS = "SliderField { Input { margin: 0 3 0 0; } }"

    def __init__(self, name: str, label: str, values: Sequence[int], value: int, *, unit: str = "") -> None:
        super().__init__(name, label, str(value), unit=unit)
        self._slider = Slider(values, value)

    def editors(self) -> ComposeResult:
        yield self._slider
        yield from super().editors()

    def on_slider_changed(self, message: Slider.Changed) -> None:
        message.stop()
        self.query_one(NumberInput).value = str(message.value)

    def on_input_changed(self, message: Input.Changed) -> None:
        if message.value.isdigit():
            self._slider.value = int(message.value)


class ChoiceField(Field):
    """A value out of a list."""

    def __init__(self, name: str, label: str, options: Sequence[tuple[str, str]], value: str) -> None:
        super().__init__(name, label)
        self._options = options
        self._initial = value

    def editors(self) -> ComposeResult:
        yield FieldSelect(self._options, self._initial)

    @property
    def text(self) -> str:
        return self.query_one(FieldSelect).value
