"""A pane with a chart, and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from lambda_tui.tui.whatif.chart import Chart


class PicturePane(Vertical):
    """Shows the chart with a line of words under it, or the table."""

    DEFAULT_CSS = """
    PicturePane > .words { height: auto; color: $quiet; padding: 0 1; }
    PicturePane > .words { text-wrap: nowrap; text-overflow: ellipsis; }
    PicturePane > VerticalScroll { display: none; height: 1fr; }
    PicturePane > VerticalScroll {
        scrollbar-size-vertical: 1; scrollbar-color: $grid; scrollbar-background: $background;
    }
    PicturePane > VerticalScroll > Static { width: 1fr; }
    PicturePane.-tabular > VerticalScroll { display: block; }
    PicturePane.-tabular > .words, PicturePane.-tabular > Chart { display: none; }
    """

    def __init__(self, chart: Chart, title: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, classes="pane")
        self._chart = chart
        self._lines = 0
        self.border_title = title

    def compose(self) -> ComposeResult:
        yield self._chart
        yield Static(classes="words")
        with VerticalScroll(can_focus=True):
            yield Static(classes="table")

    @property
    def is_tabular(self) -> bool:
        return self.has_class("-tabular")

    def toggle(self) -> None:
        """From the chart to the table and back."""
        self.toggle_class("-tabular")

    def tell(self, lines: Sequence[Content]) -> None:
        """The words under the chart; a layout only where their number changes, it costs three redraws."""
        layout = len(lines) != self._lines
        self._lines = len(lines)
        self.query_one(".words", Static).update(Content("\n").join(lines), layout=layout)

    def show_table(self, table: Content) -> None:
        self.query_one(".table", Static).update(table)
