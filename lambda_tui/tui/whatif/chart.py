"""What the charts of the What-if screen share: their inks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment

from lambda_tui.tui.drawing.frame import Runs
from lambda_tui.tui.widgets.strips import Drawing, Row

SERIES_INKS = tuple(f"series-{number}" for number in range(1, 7))
BAR_INKS = tuple(f"bar-{ink}" for ink in SERIES_INKS)
"""The same colours as paper, for bars with words in them."""

INKS = (
    "axis",
    "grid",
    "text",
    "strong",
    "mark",
    "best",
    "measured",
    "forecast",
    "band",
    *SERIES_INKS,
    *BAR_INKS,
)


_PAPERS = " ".join(
    f"& > .ink--bar-{ink} {{ color: ${ink}; text-style: bold reverse; }}" for ink in SERIES_INKS
)


class Chart(Drawing):
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
        & > .ink--band {{ color: $previous; }}
        {" ".join(f"& > .ink--{ink} {{ color: ${ink}; }}" for ink in SERIES_INKS)}
        {_PAPERS}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{ink}" for ink in INKS}

    def rows(self, width: int, height: int) -> Sequence[Runs]:
        """The rows of the chart; subclasses say how."""
        raise NotImplementedError

    def draw(self, width: int, height: int) -> Iterable[Row]:
        for row in self.rows(width, height):
            yield [Segment(text, self.style_of(f"ink--{ink}")) for text, ink in row]
