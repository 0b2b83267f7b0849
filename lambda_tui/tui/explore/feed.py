"""The live feed: one row an invocation, drawn on demand, so that 100,000 rows cost what 20 do.

It follows the newest row until it is scrolled back or a row is selected.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lambda_tui.load.snapshot import InvocationLog, Snapshot
from lambda_tui.results import Invocation
from lambda_tui.scenario import Scenario
from lambda_tui.tui.explore.feed_rows import Wanted, columns_for, feed_head, feed_row, wanted
from lambda_tui.tui.messages import InvocationSelected
from lambda_tui.tui.textual_internals import set_scrolled_size
from lambda_tui.tui.widgets.border_text import set_border


class Feed(ScrollView, can_focus=True):
    """Rows of the running or last run; follows the end until scrolled back."""

    BORDER_TITLE = "Invocations"
    DEFAULT_CSS = """
    Feed {
        height: 1fr; overflow-y: scroll; overflow-x: hidden;
        & > .feed--head { color: $quiet; text-style: bold; }
        & > .feed--row { color: $foreground; }
        & > .feed--cold { color: $cold; }
        & > .feed--error { color: $error; }
        & > .feed--selected { background: $chosen; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "feed--head", "feed--row", "feed--cold", "feed--error", "feed--selected",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", "Up", id="feed.up", tooltip="Select the row above", show=False),
        Binding("down,j", "select(1)", "Down", id="feed.down", tooltip="Select the row below", show=False),
        Binding("pageup", "select(-10)", "Back", id="feed.back", tooltip="Ten rows back", show=False),
        Binding("pagedown", "select(10)", "On", id="feed.on", tooltip="Ten rows on", show=False),
        Binding("home,g", "select(-1000000)", "First", id="feed.first", tooltip="First row", show=False),
        Binding("end,G,f", "follow", "Follow", id="feed.follow", tooltip="Follow the newest row", show=False),
        Binding("slash", "filter", "Filter", id="feed.filter", tooltip="Show some rows only", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._log = InvocationLog([])
        self._run_id = ""
        self._scenario: Scenario | None = None
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(512)
        self._selected: int | None = None
        self._following = True
        self._filter = ""
        self._wanted: Wanted | None = None
        self._matches: list[int] = []
        self._sought = 0

    def show_run(self, run: Snapshot | None) -> None:
        """Show the invocations of a run, live or over."""
        run_id = "" if run is None else run.run_id
        self._scenario = None if run is None else run.scenario
        self.show(InvocationLog([]) if run is None else run.invocations, same_run=run_id == self._run_id)
        self._run_id = run_id

    def show(self, log: InvocationLog, *, same_run: bool) -> None:
        """Swap to a newer view of the log; rows that were drawn stay drawn within the same run."""
        if not same_run:
            self._strips.clear()
            self._selected, self._following = None, True
            self._matches, self._sought = [], 0
        self._swap(log, same_run=same_run)
        self._show_state()

    def _swap(self, log: InvocationLog, *, same_run: bool) -> None:
        before = self._rows
        self._log = log
        if self._wanted is not None:
            fresh = enumerate(log[self._sought :], self._sought)
            self._matches += [position for position, invocation in fresh if self._wanted(invocation)]
            self._sought = len(log)
        if same_run and self._rows == before:
            return
        # The reactive would lay out the whole screen for every snapshot; only the scroll bar has to know.
        set_scrolled_size(self, Size(0, self._rows + 1))
        self.vertical_scrollbar.window_virtual_size = self._rows + 1
        if self._following:
            self.scroll_end(animate=False, immediate=True)
        self.refresh()

    @property
    def _rows(self) -> int:
        return len(self._log) if self._wanted is None else len(self._matches)

    def _at(self, row: int) -> Invocation:
        return self._log[row if self._wanted is None else self._matches[row]]

    def narrow(self, text: str) -> None:
        """Show only the rows that match all words of a filter; all of them if it is empty."""
        if text == self._filter:
            return
        self._filter, self._wanted = text, wanted(text) if text.strip() else None
        self._matches, self._sought = [], 0
        self._strips.clear()
        self._selected, self._following = None, True
        self._swap(self._log, same_run=False)
        self._show_state()

    def action_filter(self) -> None:
        from lambda_tui.tui.explore.feed_filter import FeedFilter  # noqa: PLC0415  (not before first paint)

        self.app.push_screen(FeedFilter(self._filter, self.narrow))

    def _show_state(self) -> None:
        """Say in the border why not all or not the newest rows are on screen."""
        text = "f follows the newest" if not self._following and len(self._log) else ""
        shown = f" · {self._filter.strip()}: {self._rows:,} of {len(self._log):,}" if self._wanted else ""
        set_border(self, title=f"{self.BORDER_TITLE}{shown}", subtitle=text)

    def newest(self) -> Invocation | None:
        """The selected invocation, otherwise the last one."""
        if self._selected is not None:
            return self._at(self._selected)
        return self._log[-1] if len(self._log) else None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        columns = columns_for(width)
        if y == 0:
            return self._strip(feed_head(columns), self.get_component_rich_style("feed--head"), width)
        row = self.scroll_offset.y + y - 1
        if row >= self._rows:
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get((row, width))
        if strip is None:
            strip = self._strip(feed_row(self._at(row), columns, self._scenario), self._row_style(row), width)
            self._strips[row, width] = strip
        return strip

    def _strip(self, text: str, style: Style, width: int) -> Strip:
        return Strip([Segment(text[:width].ljust(width), style)], width)

    def _row_style(self, row: int) -> Style:
        invocation = self._at(row)
        name = "row" if invocation.status == "ok" else "error"
        if name == "row" and invocation.cold:
            name = "cold"
        style = self.get_component_rich_style(f"feed--{name}")
        if row != self._selected:
            return style
        return style + Style(bold=True, bgcolor=self.get_component_rich_style("feed--selected").bgcolor)

    def action_select(self, by: int) -> None:
        last = self._rows - 1
        if last >= 0:
            start = self._selected if self._selected is not None else last + (1 if by < 0 else 0)
            self._select(min(max(start + by, 0), last))

    def action_follow(self) -> None:
        """Show the newest row and stay with it."""
        if self._selected is not None:
            self._strips.clear()
            self._selected = None
        self._following = True
        self.scroll_end(animate=False)
        self.refresh()
        self._show_state()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling back ends the following; scrolling to the end starts it again."""
        super().watch_scroll_y(old_value, new_value)
        if self._selected is None:
            self._following = new_value >= self.max_scroll_y
            self._show_state()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or at.y == 0:
            return
        row = self.scroll_offset.y + at.y - 1
        if row < self._rows:
            self._select(row)

    def _select(self, row: int) -> None:
        self._strips.clear()
        self._selected, self._following = row, False
        self.scroll_to_region(Region(0, row, 1, 2), animate=False)
        self.refresh()
        self._show_state()
        self.post_message(InvocationSelected(self._at(row)))
