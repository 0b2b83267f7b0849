"""What the charts of the What-if screen share: strips drawn once and kept until something changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from lambda_tui.tui.drawing.frame import Runs
from lambda_tui.tui.widgets.strips import fitted

SERIES_INKS = tuple(f"series-{number}" for number in range(1, 7))
BAR_INKS = tuple(f"bar-{ink}" for ink in SERIES_INKS)
"""The same colours as paper, for bars with words in them."""

INKS = ("axis", "grid", "text", "strong", "mark", "best", "measured", "forecast", *SERIES_INKS, *BAR_INKS)


_PAPERS = " ".join(
    f"& > .ink--bar-{ink} {{ color: ${ink}; text-style: bold reverse; }}" for ink in SERIES_INKS
)


class Chart(Widget):
    """A picture made of runs of (text, ink); every ink is a component class."""

    DEFAULT_CSS = f"""
    Chart {{
        height: 1fr; width: 1fr;
        & > .ink--axis {{ color: $quiet; }}
        & > .ink--grid {{ color: $grid; }}
        & > .ink--text {{ color: $foreground; }}
        & > .ink--strong {{ color: $foreground; text-style: bold; }}
        & > .ink--mark {{ color: $accent; text-style: bold; }}
        & > .ink--best {{ color: $success; text-style: bold; }}
        & > .ink--measured {{ color: $foreground; text-style: bold; }}
        & > .ink--forecast {{ color: $primary; }}
        {" ".join(f"& > .ink--{ink} {{ color: ${ink}; }}" for ink in SERIES_INKS)}
        {_PAPERS}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{ink}" for ink in INKS}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._strips: list[Strip] = []
        self._styles: dict[str, Style] = {}

    def draw(self, width: int, height: int) -> Sequence[Runs]:
        """The rows of the chart; subclasses say how."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Something it shows has changed."""
        self._strips = []
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips = []
        self._styles = {}

    def on_resize(self) -> None:
        self._strips = []

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if not self._strips:
            styles = self._styles or {ink: self.get_component_rich_style(f"ink--{ink}") for ink in INKS}
            self._styles, paper = styles, self.rich_style
            self._strips = [
                fitted((Segment(text, styles[ink]) for text, ink in row), width, paper)
                for row in self.draw(width, height)
            ]
        return self._strips[y] if y < len(self._strips) else Strip.blank(width, self.rich_style)
