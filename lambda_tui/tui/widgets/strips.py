"""Strips that fill their widget with its own background, and widgets that keep what they drew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from lambda_tui.tui.textual_internals import filters_of_drawing

Row = Iterable[Segment]


def fitted(segments: Row, width: int, style: Style) -> Strip:
    """A strip of exactly `width` cells; what has no style of its own takes `style`."""
    return Strip(segments).adjust_cell_length(width, style).apply_style(style)


class Drawing(Widget):
    """A widget that draws itself as a whole and keeps its strips until `redraw` or another size or theme."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._strips: list[Strip] = []
        self._strips_size: Size | None = None

    def draw(self, width: int, height: int) -> Iterable[Row]:
        """The rows from the top; what is missing below or to the right stays empty."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Something it shows has changed."""
        self._strips_size = None
        self.refresh()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return filters_of_drawing(self)

    def style_of(self, name: str) -> Style:
        """The style of a component class."""
        return self.get_component_rich_style(name)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips_size = None

    def render_line(self, y: int) -> Strip:
        # Not by the Resize event: two layouts may be painted before the first event is handled.
        if self._strips_size != self.size:
            width, height = self._strips_size = self.size
            paper = self.rich_style
            drawn = [fitted(row, width, paper) for row in self.draw(width, height)]
            self._strips = drawn + [Strip.blank(width, paper)] * (height - len(drawn))
        return self._strips[y]
