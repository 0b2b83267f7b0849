"""A slider over a fixed ladder of values, for keys and mouse."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget


def knob_column(values: Sequence[int], value: int, width: int) -> int:
    """Where the knob stands: evenly spaced steps, values between two steps between them."""
    if width < 2 or len(values) < 2:
        return 0
    upper = min(bisect_left(values, value), len(values) - 1)
    lower = max(0, upper - 1) if values[upper] > value else upper
    gap = values[upper] - values[lower]
    position = lower + ((value - values[lower]) / gap if gap else 0)
    return round(min(max(position, 0), len(values) - 1) / (len(values) - 1) * (width - 1))


def value_at(values: Sequence[int], column: int, width: int) -> int:
    """The value whose step is nearest to a column."""
    position = round(column / max(1, width - 1) * (len(values) - 1))
    return values[min(max(position, 0), len(values) - 1)]


class Slider(Widget, can_focus=True):
    """Chooses among `values`; `value` may also lie between two of them when it was typed."""

    DEFAULT_CSS = """
    Slider { height: 1; width: 1fr; color: $quiet; }
    Slider > .slider--track { color: $grid; }
    Slider > .slider--filled { color: $primary; }
    Slider > .slider--knob { color: $foreground; text-style: bold; }
    Slider:focus > .slider--knob { color: $accent; }
    Slider:focus > .slider--filled { color: $accent; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"slider--track", "slider--filled", "slider--knob"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h,minus", "step(-1)", "Less", id="slider.less", tooltip="One step down", show=False),
        Binding("right,l,plus", "step(1)", "More", id="slider.more", tooltip="One step up", show=False),
        Binding("home", "end(0)", "Least", id="slider.least", tooltip="Smallest value", show=False),
        Binding("end", "end(-1)", "Most", id="slider.most", tooltip="Largest value", show=False),
    ]

    value: reactive[int] = reactive(0)

    @dataclass
    class Changed(Message):
        """The user moved the knob."""

        slider: Slider
        value: int

        @property
        def control(self) -> Slider:
            return self.slider

    def __init__(self, values: Sequence[int], value: int, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.values = tuple(values)
        self.set_reactive(Slider.value, value)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        knob = knob_column(self.values, self.value, width)
        track = self.get_component_rich_style("slider--track")
        filled = self.get_component_rich_style("slider--filled")
        return Strip(
            [
                Segment("━" * knob, filled),
                Segment("●", self.get_component_rich_style("slider--knob")),
                Segment("─" * (width - knob - 1), track),
            ],
            width,
        )

    def action_step(self, by: int) -> None:
        if by > 0:
            self._choose(self.values[min(bisect_right(self.values, self.value), len(self.values) - 1)])
        else:
            self._choose(self.values[max(bisect_left(self.values, self.value) - 1, 0)])

    def action_end(self, position: int) -> None:
        self._choose(self.values[position])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._choose(value_at(self.values, event.x, self.size.width))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._choose(value_at(self.values, event.x, self.size.width))

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def on_mouse_scroll_up(self) -> None:
        self.action_step(1)

    def on_mouse_scroll_down(self) -> None:
        self.action_step(-1)

    def _choose(self, value: int) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))
