"""The bill: this run with its lines, per million, and per month at a rate that can be typed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, Static

from lambda_tui.billing import Bill, Rates, invocations_per_month, monthly_usd
from lambda_tui.load.comparison import compare_runs
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.tui.drawing.numbers import NOTHING, format_quantity, format_usd, plural
from lambda_tui.tui.widgets.fields import NumberInput
from lambda_tui.tui.widgets.statistics import change_content

DEFAULT_RATE = "10"
"""Requests a second for the monthly figure, until another is typed."""


class BillPane(VerticalScroll, can_focus=True):
    """Line items, totals, the month, and the change since the previous run."""

    BORDER_TITLE = "Bill"
    DEFAULT_CSS = """
    BillPane > Static { height: auto; padding: 0 1; }
    BillPane > #month { height: 1; padding: 0 1; }
    BillPane > #month Label { color: $quiet; }
    BillPane > #month Input { width: 8; background: $panel; padding: 0 1; text-align: right; }
    BillPane > #month Input:focus { background: $primary 30%; }
    BillPane > #month Input.-refused { background: $error 30%; }
    BillPane > #month #per-month { width: 1fr; text-align: right; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._snapshot: Snapshot | None = None
        self._previous: Snapshot | None = None
        self._rates: Rates | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="lines")
        with Horizontal(id="month"):
            yield Label("Per month at ")
            yield NumberInput(DEFAULT_RATE)
            yield Label(" req/s")
            yield Static(id="per-month")
        yield Static(id="change")

    def show(self, snapshot: Snapshot | None, previous: Snapshot | None, rates: Rates | None) -> None:
        """Show the bill of `snapshot`; `rates` price the month."""
        self._snapshot, self._previous, self._rates = snapshot, previous, rates
        self.query_one("#lines", Static).update(
            bill_content(snapshot.bill if snapshot else None, self._inner())
        )
        self.query_one("#change", Static).update(self._change(snapshot, previous))
        self._show_month()

    def on_resize(self) -> None:
        self.show(self._snapshot, self._previous, self._rates)

    @property
    def rate_text(self) -> str:
        return self.query_one(NumberInput).value

    def _inner(self) -> int:
        return max(24, self.scrollable_content_region.width - 2)

    @on(Input.Changed)
    def _rate_edited(self, event: Input.Changed) -> None:
        event.stop()
        self._show_month()

    def _show_month(self) -> None:
        rate = parse_rate(self.rate_text)
        self.query_one(NumberInput).set_class(rate is None, "-refused")
        text = Content.styled(NOTHING, "bold")
        if rate is None:
            text = Content.styled("a number, please", "$error")
        elif self._snapshot and self._snapshot.bill.invocations and self._rates:
            count = invocations_per_month(rate)
            usd = monthly_usd(self._snapshot.bill, self._rates, invocations_per_month=count)
            text = Content.styled(format_usd(usd), "bold $accent")
        self.query_one("#per-month", Static).update(text)

    def _change(self, snapshot: Snapshot | None, previous: Snapshot | None) -> Content:
        lines = []
        if snapshot is not None and previous is not None:
            change = compare_runs(previous, snapshot)
            before = (
                f"\nSince the run before ({previous.scenario.concurrency}, {previous.scenario.memory_mb} MB)"
            )
            lines.append(Content.styled(before, "$quiet"))
            lines.append(
                Content.assemble(
                    change_content(change.duration, "time"), "    ", change_content(change.cost, "cost")
                )
            )
        if snapshot is not None:
            prices = f"\n{self._price_line(snapshot)}   x explains"
            lines.append(Content.styled(prices, "$quiet"))
        return Content("\n").join(lines)

    def _price_line(self, snapshot: Snapshot) -> str:
        region = f"{self._rates.region} " if self._rates else ""
        return f"Prices: {region}{snapshot.scenario.architecture}, {snapshot.bill.prices_as_of}"


def parse_rate(text: str) -> Decimal | None:
    """Requests a second, or None if the text is not a usable number."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and 0 < rate <= 1_000_000 else None


def bill_content(bill: Bill | None, width: int) -> Content:
    """The bill as rows: name, quantity, dollars, set to both edges of `width`."""
    if bill is None:
        return Content.styled("Press Enter: the bill grows with every invocation.", "$quiet")
    rows = [
        _row(
            "This run",
            plural(bill.invocations, "invocation"),
            format_usd(bill.total_usd),
            width,
            "bold $accent",
        )
    ]
    for line in bill.lines:
        quantity = (
            f"{format_quantity(line.quantity)} {line.unit}"
            if line.unit == "GB-s"
            else format_quantity(line.quantity)
        )
        rows.append(_row(f"  {line.item.replace('_', ' ')}", quantity, format_usd(line.usd), width, ""))
    rows.append(_row("Billed per invocation", "", f"{format_quantity(bill.billed_ms)} ms", width, ""))
    million = format_usd(bill.per_million_usd) if bill.invocations else NOTHING
    rows.append(Content(""))
    rows.append(_row("Per million", "", million, width, "bold $accent"))
    return Content("\n").join(rows)


def _row(name: str, middle: str, amount: str, width: int, style: str) -> Content:
    room = max(1, width - len(name) - len(amount) - 2)
    return Content.assemble(
        (name, "bold" if style else "$quiet"),
        "  ",
        (middle.rjust(room - 2)[:room], "$quiet"),
        "  "[:2],
        (amount, style),
    )
