"""The bill: this run with its lines, per million, and per month at a rate that can be typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Digits, Input, Label

from lambda_tui.billing import Bill, Rates, invocations_per_month, monthly_usd, parse_rate
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.runs.measured import per_million_usd
from lambda_tui.runs.ranking import compare_runs
from lambda_tui.tui.explore.memory_costs import memory_costs
from lambda_tui.tui.explore.statistics import change_content
from lambda_tui.tui.threads import in_background
from lambda_tui.tui.widgets.fields import NumberInput
from lambda_tui.tui.widgets.flat_text import FlatText
from lambda_tui.wording.numbers import NOTHING, format_quantity, format_usd

if TYPE_CHECKING:
    from lambda_tui.forecast import Prediction

DEFAULT_RATE = "10"
"""Requests a second for the monthly figure, until another is typed."""


MAX_WIDTH = 56
"""Wider, a row would be hard to follow from its name to its amount."""


@dataclass
class SizesPriced(Message):
    """What the run costs at other memory sizes; `runs` are its id and that of the one before."""

    runs: tuple[str, str]
    costs: tuple[Prediction, ...]


class BillPane(VerticalScroll, can_focus=True):
    """Line items, totals, the month, and the change since the previous run."""

    BORDER_TITLE = "Bill"
    DEFAULT_CSS = """
    BillPane { scrollbar-gutter: stable; }
    BillPane > Static, BillPane > .caption { height: auto; padding: 0 1; }
    BillPane > .caption { color: $quiet; }
    BillPane > #per-million { color: $accent; text-style: bold; padding: 0 1; width: 100%; }
    BillPane > #change { margin: 0 0 1 0; }
    BillPane > #lines { margin: 1 0 0 0; }
    BillPane > #month { height: 1; padding: 0 1; max-width: 56; }
    BillPane > #month Label { color: $quiet; }
    BillPane > #month Input { width: 8; background: $panel; padding: 0 1; text-align: right; }
    BillPane > #month Input:focus { background: $chosen; }
    BillPane > #month Input.-refused { background: $alarm; color: $alarm-ink; }
    BillPane > #month #per-month { width: 1fr; text-align: right; }
    """

    def __init__(self, *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._snapshot: Snapshot | None = None
        self._previous: Snapshot | None = None
        self._rates: Rates | None = None
        self._priced = ("", "")
        self._costs: tuple[Prediction, ...] = ()

    def compose(self) -> ComposeResult:
        yield Label("Per million invocations", classes="caption")
        yield Digits("", id="per-million")
        yield FlatText(id="change")
        with Horizontal(id="month"):
            yield Label("Per month at ")
            yield NumberInput(DEFAULT_RATE)
            yield Label(" req/s")
            yield FlatText(id="per-month")
        yield FlatText(id="lines")

    def show(self, snapshot: Snapshot | None, previous: Snapshot | None, rates: Rates | None) -> None:
        """Show the bill of `snapshot`; `rates` price the month."""
        self._snapshot, self._previous, self._rates = snapshot, previous, rates
        self.query_one("#per-million", Digits).update(_per_million(snapshot))
        self.query_one("#change", FlatText).show(change_lines(snapshot, previous))
        lines = bill_content(snapshot, self._inner())
        if snapshot is not None and snapshot.summary.host_limited:
            lines = Content("\n").join([lines, _elsewhere(snapshot, self._inner())])
        if snapshot is not None:
            parts = [lines, self._other_sizes(snapshot), Content.styled(self._price_line(snapshot), "$quiet")]
            lines = Content("\n\n").join(part for part in parts if part)
        self.query_one("#lines", FlatText).show(lines)
        self._show_month()

    def _other_sizes(self, snapshot: Snapshot) -> Content:
        """The cost by memory of a run that is over, once known; nothing where it tells nothing of others."""
        if not snapshot.is_final or self._rates is None or not snapshot.summary.ok:
            return Content("")
        runs = (snapshot.run_id, self._previous.run_id if self._previous else "")
        if runs != self._priced:
            self._priced, self._costs = runs, ()
            self._price_other_sizes(snapshot, self._previous, self._rates)
        if not self._costs:
            return Content("")
        return memory_costs(self._costs, snapshot.scenario.memory_mb, self._inner())

    def _price_other_sizes(self, snapshot: Snapshot, previous: Snapshot | None, rates: Rates) -> None:
        """In the background: every answer of the run is read for it. SizesPriced follows."""
        runs = self._priced

        def price() -> SizesPriced:
            from lambda_tui.forecast.measured import cost_by_memory  # noqa: PLC0415  (after a run)

            return SizesPriced(runs, cost_by_memory(snapshot, [previous] if previous else [], rates))

        in_background("cost-by-memory", price, lambda _: SizesPriced(runs, ()), self.post_message)

    def on_sizes_priced(self, message: SizesPriced) -> None:
        message.stop()
        if message.runs == self._priced and message.costs:
            self._costs = message.costs
            self.show(self._snapshot, self._previous, self._rates)

    def on_resize(self) -> None:
        self.show(self._snapshot, self._previous, self._rates)

    @property
    def rate_text(self) -> str:
        return self.query_one(NumberInput).value

    def _inner(self) -> int:
        return max(24, min(MAX_WIDTH, self.scrollable_content_region.width) - 2)

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
        self.query_one("#per-month", FlatText).show(text)

    def _price_line(self, snapshot: Snapshot) -> str:
        region = f"{self._rates.region} " if self._rates else ""
        return f"{region}{snapshot.scenario.architecture} prices, {snapshot.bill.prices_as_of}"


def _per_million(snapshot: Snapshot | None) -> str:
    """A hyphen where nothing is known: large digits have no other dash."""
    usd = None if snapshot is None else per_million_usd(snapshot)
    return "-" if usd is None else format_usd(usd)


def change_lines(snapshot: Snapshot | None, previous: Snapshot | None) -> Content:
    """Time and cost against the previous run, and which one that was."""
    if snapshot is None or previous is None:
        return Content.styled("Run again to compare.\n", "$quiet") if snapshot else Content("\n")
    change = compare_runs(previous, snapshot)
    if change.differs:
        return Content.styled(f"Other work than before:\n{change.differs}", "$quiet")
    scenario = previous.scenario
    return Content.assemble(
        change_content(change.duration, "time"),
        "    ",
        change_content(change.cost, "cost"),
        (f"\nvs {scenario.concurrency} × {scenario.workers}, {scenario.memory_mb:,} MB", "$quiet"),
    )


def bill_content(run: Snapshot | None, width: int) -> Content:
    """The bill as rows: name, quantity, dollars, set to both edges of `width`."""
    if run is None or not run.bill.invocations:
        return Content.styled("The bill grows with every invocation.", "$quiet")
    bill, typical = run.bill, run.bill.typical
    rows = [_row("This run", "", format_usd(bill.total_usd), width, strong=True)]
    for line in bill.lines:
        unit = f" {line.unit}" if line.unit == "GB-s" else ""
        quantity = f"{format_quantity(line.quantity)}{unit}"
        rows.append(_row(f"  {line.item.replace('_', ' ')}", quantity, format_usd(line.usd), width))
    mean = "mean" if typical is bill else "mean without init" if typical.init_left_out else "warm mean"
    if typical.invocations:
        rows.append(_row("Billed each", mean, f"{format_quantity(typical.billed_ms)} ms", width))
    if typical is not bill:
        rows.append(Content.styled(_left_out(bill, run.summary.cold_starts), "$quiet"))
    return Content("\n").join(rows)


def _elsewhere(run: Snapshot, width: int) -> Content:
    """What a million would cost where no other invocation takes the CPU away."""
    share = f"{run.summary.host_limited_share:.0%} lost to this host"
    return _row("≈ On AWS, about", share, format_usd(run.summary.lawful_per_million_usd), width, strong=True)


def _left_out(bill: Bill, cold_starts: int) -> str:
    """What says nothing about a million or a month: cold starts, first uses, unknown durations."""
    if not bill.typical.invocations:
        return "no REPORT came: durations unknown"
    if bill.typical.init_left_out:
        return "none warm: per million without init"
    others = bill.invocations - bill.typical.invocations
    what = " cold," if others == cold_starts else ""
    return f"{others:,} of {bill.invocations:,}{what} left out per million"


AMOUNT_WIDTH = 13
"""Dollars of one cheap invocation: `$0.000000383`."""


def _row(name: str, middle: str, amount: str, width: int, *, strong: bool = False) -> Content:
    room = max(0, width - len(name) - max(AMOUNT_WIDTH, len(amount)))
    return Content.assemble(
        (name, "bold" if strong else "$quiet"),
        (middle.rjust(room)[:room], "$quiet"),
        (f"{amount:>{AMOUNT_WIDTH}}", "bold $accent" if strong else ""),
    )
