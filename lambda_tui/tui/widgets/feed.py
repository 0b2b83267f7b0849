"""The live feed: one row an invocation, drawn on demand, so that 100,000 rows cost what 20 do.

It follows the newest row until it is scrolled back, a row is selected, or it is paused: a pause freezes the
rows and not the run.
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
from textual.widget import Widget

from lambda_tui.load.snapshot import InvocationLog
from lambda_tui.results import Invocation
from lambda_tui.tui.drawing.numbers import NOTHING, format_usd, ms_number
from lambda_tui.tui.messages import InvocationSelected
from lambda_tui.tui.widgets.border_text import set_border

COLUMNS: tuple[tuple[str, int], ...] = (
    ("#", 7), ("started s", 10), ("latency ms", 11), ("duration ms", 12), ("billed ms", 10), ("init ms", 8),
    ("mem MB", 8), ("cost", 13), ("env", 10), ("status", 0),
)  # fmt: skip
"""Heads and widths; the last column takes what is left. Numbers are set right."""

HEAD = "".join(f"{title:>{width}}" if width else f"  {title}" for title, width in COLUMNS)


def feed_row(invocation: Invocation) -> str:
    """The cells of one invocation, in the widths of COLUMNS."""
    report = invocation.report
    values = (
        f"{invocation.index + 1:,}",
        f"{invocation.started_ms / 1000:.2f}",
        ms_number(invocation.latency_ms),
        ms_number(invocation.duration_ms),
        NOTHING if report is None else f"{report.billed_ms:,}",
        ms_number(report.init_ms) if report is not None and report.init_ms is not None else "",
        NOTHING if report is None or report.max_memory_used_mb is None else f"{report.max_memory_used_mb}",
        format_usd(invocation.usd),
        (invocation.environment_id or NOTHING)[-8:],
    )
    cells = [f"{value:>{width}}" for value, (_, width) in zip(values, COLUMNS[:-1], strict=True)]
    return "".join(cells) + "  " + status_text(invocation)


def status_text(invocation: Invocation) -> str:
    """`ok`, `◆ cold`, or the error with its mark."""
    if invocation.status == "ok":
        return ("◆ cold" if invocation.cold else "ok") + (" · warm-up" if invocation.warmup else "")
    mark = "▼" if invocation.status == "throttled" else "✗"
    error = invocation.error
    return f"{mark} {invocation.status}" if error is None else f"{mark} {error.type}: {error.message}"


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
        & > .feed--selected { background: $primary 30%; text-style: bold; }
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
        Binding(
            "z,space",
            "pause",
            "Pause",
            id="feed.pause",
            tooltip="Freeze the rows; the run goes on",
            show=False,
        ),
    ]

    def __init__(self, *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._log = InvocationLog([])
        self._strips: LRUCache[int, Strip] = LRUCache(512)
        self._selected: int | None = None
        self._following = True
        self._held: InvocationLog | None = None

    @property
    def paused(self) -> bool:
        """The rows are frozen; what arrives is shown when the pause ends."""
        return self._held is not None

    def show(self, log: InvocationLog, *, same_run: bool) -> None:
        """Swap to a newer view of the log; rows that were drawn stay drawn within the same run."""
        if not same_run:
            self._strips.clear()
            self._selected, self._held, self._following = None, None, True
        if self._held is not None:
            self._held = log
        else:
            self._swap(log, same_run=same_run)
        self._tell()

    def _swap(self, log: InvocationLog, *, same_run: bool) -> None:
        grown = len(log) - len(self._log)
        self._log = log
        if same_run and not grown:
            return
        # The reactive would lay out the whole screen for every snapshot; only the scroll bar has to know.
        self.set_reactive(Widget.virtual_size, Size(0, len(log) + 1))
        self.vertical_scrollbar.window_virtual_size = len(log) + 1
        if self._following:
            self.scroll_end(animate=False, immediate=True)
        self.refresh()

    def _tell(self) -> None:
        """Say in the border why the newest rows are not on screen."""
        newer = len(self._held) - len(self._log) if self._held is not None else 0
        text = ""
        if self._held is not None:
            text = f"paused · {newer:,} newer · z goes on"
        elif not self._following and len(self._log):
            text = "f follows the newest"
        set_border(self, subtitle=text)

    def newest(self) -> Invocation | None:
        """The selected invocation, otherwise the last one."""
        if self._selected is not None:
            return self._log[self._selected]
        return self._log[-1] if len(self._log) else None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def on_resize(self) -> None:
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y == 0:
            return self._strip(HEAD, self.get_component_rich_style("feed--head"), width)
        row = self.scroll_offset.y + y - 1
        if row >= len(self._log):
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(row)
        if strip is None:
            strip = self._strip(feed_row(self._log[row]), self._row_style(row), width)
            self._strips[row] = strip
        return strip

    def _strip(self, text: str, style: Style, width: int) -> Strip:
        return Strip([Segment(text[:width].ljust(width), style)], width)

    def _row_style(self, row: int) -> Style:
        invocation = self._log[row]
        name = "row" if invocation.status == "ok" else "error"
        if name == "row" and invocation.cold:
            name = "cold"
        style = self.get_component_rich_style(f"feed--{name}")
        if row != self._selected:
            return style
        return style + Style(bold=True, bgcolor=self.get_component_rich_style("feed--selected").bgcolor)

    def action_select(self, by: int) -> None:
        last = len(self._log) - 1
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
        self._tell()

    def action_pause(self) -> None:
        """Freeze the rows, or show all that arrived meanwhile."""
        if self._held is None:
            self._held = self._log
        else:
            log, self._held = self._held, None
            self._swap(log, same_run=True)
        self._tell()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling back ends the following; scrolling to the end starts it again."""
        super().watch_scroll_y(old_value, new_value)
        if self._selected is None:
            self._following = new_value >= self.max_scroll_y
            self._tell()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or at.y == 0:
            return
        row = self.scroll_offset.y + at.y - 1
        if row < len(self._log):
            self._select(row)

    def _select(self, row: int) -> None:
        self._strips.clear()
        self._selected, self._following = row, False
        self.scroll_to_region(Region(0, row, 1, 2), animate=False)
        self.refresh()
        self._tell()
        self.post_message(InvocationSelected(self._log[row]))
