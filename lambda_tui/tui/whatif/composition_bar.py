"""What a bill consists of: one stacked bar, a pinned one under it on the same scale, and a legend."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lambda_tui.billing.explain import ITEM_TITLES
from lambda_tui.billing.whatif import Share
from lambda_tui.tui.drawing.frame import Runs
from lambda_tui.tui.whatif.chart import SERIES_INKS, Chart
from lambda_tui.wording.money import legend_money

_INK_OF_ITEM = {
    "duration": 1,
    "requests": 2,
    "provisioned_concurrency": 3,
    "provisioned_duration": 4,
    "init": 5,
    "ephemeral_storage": 6,
}
LABEL_WIDTH = 8
SHORT_TITLES = {"provisioned_duration": "Duration, provisioned"}
"""Where a title of the bill is too long for its column."""


def item_ink(item: str) -> str:
    """The colour an item of the bill has everywhere on the screen."""
    return SERIES_INKS[_INK_OF_ITEM.get(item, 6) - 1]


class CompositionBar(Chart):
    """`show` takes shares from largest to smallest; bars are as long as their totals compare."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._now: Sequence[Share] = ()
        self._pinned: Sequence[Share] = ()
        self._length = self._pinned_length = 1.0
        self._currency = "USD"

    def show(
        self,
        now: Sequence[Share],
        *,
        currency: str,
        pinned: Sequence[Share] = (),
        total: Decimal = Decimal(1),
        pinned_total: Decimal = Decimal(0),
    ) -> None:
        """The totals give the two bars their lengths."""
        self._now, self._pinned, self._currency = now, pinned, currency
        longest = max(total, pinned_total)
        self._length, self._pinned_length = _length(total, longest), _length(pinned_total, longest)
        self.redraw()

    def rows(self, width: int, height: int) -> Sequence[Runs]:
        if not self._now and not self._pinned:
            return [[("Nothing is charged.", "axis")]]
        legend = self._legend(width)
        bars = 2 if self._pinned else 1
        # The pinned bar is one row and stands off by another.
        thick = max(1, min(3, height - len(legend) - 1 - 2 * (bars - 1)))
        rows: list[Runs] = []
        for label, shares, length in self._bars():
            cells = max(1, round((width - self._gutter) * length))
            bar = stacked(shares, cells) if shares else []
            plain = [(_parted(" " * len(text), number), ink) for number, (text, ink) in enumerate(bar)]
            if rows:
                rows.append([])
                thick = 1
            for line in range(thick):
                middle = line == thick // 2
                name = label if middle and self._gutter else ""
                rows.append([(name.ljust(self._gutter), "axis"), *(bar if middle else plain)])
        if len(rows) + len(legend) < height:
            rows.append([])
        return [*rows, *legend][:height]

    @property
    def _gutter(self) -> int:
        return LABEL_WIDTH if self._pinned else 0

    def _bars(self) -> list[tuple[str, Sequence[Share], float]]:
        bars = [("now", self._now, self._length)]
        if self._pinned:
            bars.append(("pinned", self._pinned, self._pinned_length))
        return bars

    def _legend(self, width: int) -> list[Runs]:
        """As many entries a row as fit, in columns."""
        titles = [item_title(part.item) for part in self._now]
        amounts = [legend_money(part.usd, self._currency) for part in self._now]
        title_width, amount_width = (max(map(len, texts), default=0) for texts in (titles, amounts))
        across = max(1, width // (title_width + amount_width + 12))
        rows: list[Runs] = []
        for number, (part, title, amount) in enumerate(zip(self._now, titles, amounts, strict=True)):
            if number % across == 0:
                rows.append([])
            rows[-1] += [
                ("■ ", item_ink(part.item)),
                (f"{title:<{title_width}} ", "text"),
                (f"{amount:>{amount_width}}", "strong"),
                (f" {percent_of(part.share):>5}   ", "axis"),
            ]
        return rows


def stacked(shares: Sequence[Share], cells: int) -> Runs:
    """Pieces whose lengths add up to `cells`; a piece that is charged is never invisible."""
    widths = [max(1, int(part.share * cells)) for part in shares]
    while sum(widths) > cells and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    widths[0] += max(0, cells - sum(widths))
    return [
        (_parted(_caption(part, width).center(width), number), f"bar-{item_ink(part.item)}")
        for number, (part, width) in enumerate(zip(shares, widths, strict=True))
    ]


def _parted(text: str, number: int) -> str:
    """A line where a piece begins: without colour, it and their order distinguish the pieces."""
    return f"▏{text[1:]}" if number else text


def _caption(part: Share, width: int) -> str:
    """As much of `Duration 92%` as fits into a piece."""
    title, share = item_title(part.item), percent_of(part.share)
    for text in (f"{title} {share}", share):
        if len(text) + 2 <= width:
            return text
    return ""


def item_title(item: str) -> str:
    """What an item of the bill is called on the screen."""
    return SHORT_TITLES.get(item) or ITEM_TITLES[item]


def percent_of(share: Decimal) -> str:
    """`92%`, `0.4%`; never 0% of something that is charged."""
    percent = share * 100
    if percent >= 10:
        return f"{percent:.0f}%"
    return f"{percent:.1f}%" if percent >= Decimal("0.1") else "<0.1%"


def _length(total: Decimal, longest: Decimal) -> float:
    return float(total / longest) if longest else 1.0
