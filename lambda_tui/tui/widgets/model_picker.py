"""The seven concurrency models as a radio list; moving chooses at once, so Enter is free to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel

BOLD = Style(bold=True)
MODEL_CLASSES = {f"model--{model}" for model in CONCURRENCY_MODELS}
MODEL_CSS = "\n".join(f"& > .model--{model} {{ color: $model-{model}; }}" for model in CONCURRENCY_MODELS)
"""Component classes that give every widget the same colour for the same model."""


class ModelPicker(Widget, can_focus=True):
    """One row a model; `value` is the chosen one."""

    DEFAULT_CSS = f"""
    ModelPicker {{
        height: {len(CONCURRENCY_MODELS)}; width: 1fr;
        {MODEL_CSS}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = MODEL_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", id="models.up", tooltip="The model above", show=False),
        Binding("down,j", "move(1)", "Down", id="models.down", tooltip="The model below", show=False),
    ]

    value: reactive[ConcurrencyModel] = reactive[ConcurrencyModel]("sequential")

    @dataclass
    class Changed(Message):
        """Another model was chosen."""

        model: ConcurrencyModel

    def __init__(self, value: ConcurrencyModel, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.set_reactive(ModelPicker.value, value)

    def render_line(self, y: int) -> Strip:
        model = CONCURRENCY_MODELS[y]
        chosen = model == self.value
        style = self.get_component_rich_style(f"model--{model}")
        text_style = style + BOLD if chosen else self.rich_style
        if chosen and self.has_focus:
            text_style += Style(reverse=True)
        width = self.size.width
        mark = Segment("● " if chosen else "○ ", style)
        return Strip([mark, Segment(model.ljust(width - 2)[: width - 2], text_style)], width)

    def action_move(self, by: int) -> None:
        position = CONCURRENCY_MODELS.index(self.value) + by
        if 0 <= position < len(CONCURRENCY_MODELS):
            self._choose(CONCURRENCY_MODELS[position])
        elif by > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def action_cycle(self, by: int) -> None:
        """The next or previous model, round the end; for keys that work from anywhere."""
        position = CONCURRENCY_MODELS.index(self.value) + by
        self._choose(CONCURRENCY_MODELS[position % len(CONCURRENCY_MODELS)])

    def on_click(self, event: events.Click) -> None:
        if 0 <= event.y < len(CONCURRENCY_MODELS):
            self._choose(CONCURRENCY_MODELS[event.y])

    def _choose(self, model: ConcurrencyModel) -> None:
        if model != self.value:
            self.value = model
            self.post_message(self.Changed(model))
