"""The lines of a bill, to be walked through: each can be explained."""

from __future__ import annotations

from collections.abc import Sequence
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

from lambda_tui.tui.widgets.strips import fitted

TWO_LINES_FROM = 60
"""Below this width the change against the baseline gets a line of its own."""


@dataclass(frozen=True, slots=True)
class BillRow:
    """One amount as text: what it is, how it is calculated, how much, and the change against a baseline."""

    title: str
    detail: str
    amount: str
    change: str = ""
    is_rise: bool | None = None
    is_total: bool = False
    ink: str = ""
    note: str = ""
    """Said where there is room for it; the explanation always has it."""


class BillTable(Widget, can_focus=True):
    """A cursor over amounts; `selected` is the number of the row it stands on."""

    DEFAULT_CSS = """
    BillTable {
        height: auto; width: 1fr;
        & > .bill--title { color: $foreground; }
        & > .bill--quiet { color: $quiet; }
        & > .bill--total { color: $accent; text-style: bold; }
        & > .bill--rise { color: $error; text-style: bold; }
        & > .bill--fall { color: $success; text-style: bold; }
        & > .bill--cursor { background: $chosen; text-style: bold; }
        & > .bill--marked { background: $panel; }
        & > .bill--series-1 { color: $series-1; }
        & > .bill--series-2 { color: $series-2; }
        & > .bill--series-3 { color: $series-3; }
        & > .bill--series-4 { color: $series-4; }
        & > .bill--series-5 { color: $series-5; }
        & > .bill--series-6 { color: $series-6; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"bill--{name}" for name in ("title", "quiet", "total", "rise", "fall", "cursor", "marked")
    } | {f"bill--series-{number}" for number in range(1, 7)}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", id="bill.up", tooltip="The amount above", show=False),
        Binding("down,j", "move(1)", "Down", id="bill.down", tooltip="The amount below", show=False),
        Binding("enter", "explain", "Explain", id="bill.explain", tooltip="How it is calculated", show=False),
    ]  # fmt: skip

    selected: reactive[int] = reactive(0)

    @dataclass
    class Explain(Message):
        """The row under the cursor should explain itself."""

        row: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: Sequence[BillRow] = ()
        self._compares = False
        self._title_width = self._amount_width = self._change_width = 0

    def show(self, rows: Sequence[BillRow]) -> None:
        """Replace the rows; the cursor stays where it is while that row exists."""
        height = self.get_content_height(None, None, self.size.width)
        self._rows = rows
        self._compares = any(row.change for row in rows)
        self._title_width = max((len(row.title) + 4 for row in rows), default=0)
        self._amount_width = max((len(row.amount) + 2 for row in rows), default=0)
        self._change_width = max((len(row.change) + 3 for row in rows), default=0) if self._compares else 0
        self.selected = max(0, min(self.selected, len(rows) - 1))
        self.refresh(layout=self.get_content_height(None, None, self.size.width) != height)

    @property
    def titles(self) -> list[str]:
        """What the rows are called, from top to bottom."""
        return [row.title for row in self._rows]

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return len(self._rows) * self._lines(width)

    def _lines(self, width: int) -> int:
        """Quantity x rate stands beside the title where every row has room for it, otherwise under it."""
        longest = max((len(row.detail) for row in self._rows), default=0)
        if self._title_width + longest + self._amount_width + self._change_width < width:
            return 1
        return 3 if self._compares and width < TWO_LINES_FROM else 2

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        lines = self._lines(width)
        number, line = divmod(y, lines)
        if number >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[number]
        if lines == 1:
            segments = self._single(row, width)
        elif line == 0:
            segments = self._first(row, width, with_change=lines == 2)
        elif line == 1:
            segments = [Segment(f"  {_detail(row, width - 2)}", self._style("quiet"))]
        else:
            segments = [Segment(f"{row.change:>{width - 1}}", self._change_style(row))]
        paper = self.rich_style
        if number == self.selected:
            cursor = self.get_component_rich_style("bill--cursor" if self.has_focus else "bill--marked")
            paper += Style(bgcolor=cursor.bgcolor, bold=self.has_focus or None)
        return fitted(segments, width, paper)

    def _style(self, name: str) -> Style:
        style = self.get_component_rich_style(f"bill--{name}")
        return Style(color=style.color, bold=style.bold or None)

    def _single(self, row: BillRow, width: int) -> list[Segment]:
        change = self._change_width
        room = width - self._title_width - self._amount_width - change - 1
        return [
            *self._title(row, self._title_width),
            Segment(f"{_detail(row, room):<{room}}", self._style("quiet")),
            Segment(f"{row.amount:>{self._amount_width}}", self._amount_style(row)),
            Segment(f"{row.change:>{change}} ", self._change_style(row)),
        ]

    def _first(self, row: BillRow, width: int, *, with_change: bool) -> list[Segment]:
        change = self._change_width if with_change else 0
        room = max(4, width - len(row.amount) - change - 1)
        return [
            *self._title(row, room),
            Segment(row.amount, self._amount_style(row)),
            Segment(f"{row.change:>{change}}" if change else "", self._change_style(row)),
        ]

    def _title(self, row: BillRow, width: int) -> list[Segment]:
        mark = Segment("■ " if row.ink else "  ", self._style(row.ink) if row.ink else None)
        style = self._style("total" if row.is_total else "title")
        return [mark, Segment(f"{row.title[: width - 3]:<{width - 2}}", style)]

    def _amount_style(self, row: BillRow) -> Style:
        return self._style("total" if row.is_total else "title")

    def _change_style(self, row: BillRow) -> Style:
        if row.is_rise is None:
            return self._style("quiet")
        return self._style("rise" if row.is_rise else "fall")

    def action_move(self, by: int) -> None:
        wanted = self.selected + by
        if 0 <= wanted < len(self._rows):
            self.selected = wanted
            line = wanted * self._lines(self.size.width)
            self.scroll_visible_line(line)
        elif by > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def scroll_visible_line(self, line: int) -> None:
        """Keep the cursor in sight of the pane that scrolls."""
        parent = self.parent
        if isinstance(parent, Widget):
            region = self.virtual_region
            lines = self._lines(self.size.width)
            parent.scroll_to_region(
                region.__class__(region.x, region.y + line, region.width, lines), animate=False
            )

    def action_explain(self) -> None:
        self.post_message(self.Explain(self.selected))

    def on_click(self, event: events.Click) -> None:
        number = event.y // self._lines(self.size.width)
        if number < len(self._rows):
            again = number == self.selected and event.chain > 1
            self.selected = number
            if again:
                self.action_explain()


def _detail(row: BillRow, width: int) -> str:
    """Quantity and rate, and the note if it fits as a whole."""
    whole = f"{row.detail}  {row.note}" if row.note else row.detail
    return whole if len(whole) <= width else row.detail[:width]
