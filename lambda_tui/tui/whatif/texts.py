"""What the What-if screen says: rows of the bill, tables behind the pictures, help."""

from __future__ import annotations

from decimal import Decimal

from textual.content import Content

from lambda_tui.aws_facts import vcpus_of
from lambda_tui.billing import Bill, BillLine, money_text
from lambda_tui.billing.explain import explain
from lambda_tui.billing.whatif import Difference, difference
from lambda_tui.forecast.answer import Answer
from lambda_tui.forecast.measured import MeasuredBase, SizeDuration
from lambda_tui.forecast.question import Question
from lambda_tui.tui.dialogs.reading import help_content
from lambda_tui.tui.whatif.bill_table import BillRow
from lambda_tui.tui.whatif.composition_bar import item_ink, item_title
from lambda_tui.wording.money import (
    SIGNS,
    big_money,
    format_difference,
    format_money,
    format_percent,
    plain,
)
from lambda_tui.wording.numbers import format_ms, format_quantity, format_vcpus, ms_number
from lambda_tui.wording.scenarios import work_and_model

KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Turn",
        (
            ("Tab ↑ ↓", "from field to field; j and k as well"),
            ("← →", "change a slider or a list; h and l as well"),
            ("o", "start from another run, or from typed numbers"),
            ("r", "reset every value"),
        ),
    ),
    (
        "Look",
        (
            ("p", "pin this month: everything is compared with it; p again takes the pin away"),
            ("b", "tables behind the pictures, and back"),
            ("x", "explain the chosen amount of the bill: values, rates, date and source"),
            ("[ ]", "previous and next picture, where they are tabs"),
        ),
    ),
    ("Take away", (("e", "write the cost document as JSON"), ("y", "copy a summary to the clipboard"))),
    ("Program", (("1", "Explore"), ("? F1", "this help"), ("t", "next theme"), ("q", "quit"))),
)

PARAGRAPHS = (
    (
        "Cost by memory",
        "The month at every memory size. ● was measured; the dashed curve is a forecast: waiting stays, CPU "
        "time shrinks with the CPU that memory buys, up to the threads that can use it. The dotted band "
        "is where the month may lie: twice the spread of the forecast. ★ is the cheapest size, ◆ on the "
        "vertical line is yours. Of typed numbers, the part said to be CPU is forecast the "
        "same way; with none, the duration is the same at every size and the curve is solid.",
    ),
    (
        "Cost by traffic",
        "The same function four ways, on logarithmic axes, for traffic spread evenly over the month: on "
        "demand, on provisioned concurrency, on Managed Instances, on Fargate. ╳ is where on demand stops "
        "being the cheaper one. The table says how each is sized.",
    ),
    (
        "The bill",
        "A month has 730 hours. Amounts are exact until they are shown; x shows every digit. The free tier "
        "is not deducted unless you say so, because it is shared by the whole account.",
    ),
    (
        "Rules",
        "What the same month would have cost under earlier rules: init of zip functions was free before "
        "2025-08-01, and before 2020-12 every invocation was rounded up to 100 ms.",
    ),
)


def help_text() -> Content:
    """Keys in groups, then a paragraph a picture."""
    return help_content(KEYS, PARAGRAPHS)


def duration_line(duration: SizeDuration, memory_mb: int) -> Content:
    """`forecast 412 ms (380–455)` and the CPU share; what is not measured always says so."""
    cpu = f"\n{format_vcpus(vcpus_of(memory_mb))}"
    shown = duration_text(duration)
    style = "bold $success" if duration.kind == "measured" else "bold $primary"
    if duration.kind == "typed":
        return Content.styled(f"{shown}{cpu}", "$quiet")
    return Content.assemble((shown, style), (cpu, "$quiet"))


def duration_text(duration: SizeDuration, most: int = 60) -> str:
    """One phrase for a duration, with the interval of a forecast where it fits into `most` characters."""
    text = format_ms(float(duration.duration_ms))
    if duration.kind == "forecast":
        whole = f"forecast {text} ({ms_number(float(duration.low_ms))}–{ms_number(float(duration.high_ms))})"
        return whole if len(whole) <= most else f"forecast {text}"
    words = {"measured": "measured", "held": "held at", "typed": "taken as"}
    return f"{words[duration.kind]} {text}"


def price_line(answer: Answer) -> Content:
    """The date of the prices; loud when they are old."""
    if answer.prices_are_stale:
        return Content.styled(f"{answer.rates.as_of}, over a year old", "bold $warning")
    return Content.styled(f"prices {answer.rates.as_of} {answer.rates.currency}", "$quiet")


def traffic_line(question: Question) -> str:
    """Invocations of the month, readable."""
    return f"{question.invocations:,} a month"


def unit_costs(bill: Bill) -> Content:
    """What one and a million invocations cost."""
    return Content.assemble(
        (format_money(bill.per_million_usd, bill.currency), "bold"), (" per million    ", "$quiet"),
        (format_money(bill.per_invocation_usd, bill.currency), "bold"), (" each", "$quiet"),
    )  # fmt: skip


def bill_caption(answer: Answer) -> str:
    """`us-east-1 x86_64 · prices 2026-09-19`, and the rules where they are not today's."""
    era = "" if answer.question.era == "today" else f" · rules {answer.question.era.replace('-', ' ', 1)}"
    return f"{answer.rates.region} {answer.rates.architecture} · prices {answer.rates.as_of}{era}"


def change_content(answer: Answer, pinned: Answer | None, against: str = " vs pinned") -> Content:
    """What changed against the pinned month, in money and percent."""
    if pinned is None:
        return Content.styled("p pins this month to compare with", "$quiet")
    if pinned.bill.currency != answer.bill.currency:
        return Content.styled(f"pinned in {pinned.bill.currency}: not comparable", "$warning")
    change = difference(answer.bill, pinned.bill)
    style = "$quiet"
    if change.change_usd:
        style = "bold $error" if change.change_usd > 0 else "bold $success"
    money = format_difference(change.change_usd, answer.bill.currency)
    return Content.assemble((f"{money}  {_percent(change)}", style), (against, "$quiet"))


def headline(answer: Answer, pinned: Answer | None) -> Content:
    """The month in one line, for screens without room for big digits."""
    bill = answer.bill
    parts: list[Content | tuple[str, str]] = [
        (big_money(bill.total_usd, bill.currency), "bold $accent"),
        (" a month  ", "$quiet"),
    ]
    if pinned is not None:
        parts.append(change_content(answer, pinned, against=""))
    else:
        parts += [(format_money(bill.per_million_usd, bill.currency), "bold"), (" per million", "$quiet")]
    return Content.assemble(*parts)


def bill_rows(answer: Answer, pinned: Answer | None) -> list[BillRow]:
    """The total, then every line of the bill; `explained` takes the number of a row."""
    bill, currency = answer.bill, answer.bill.currency
    change = comparison(answer, pinned)
    count = f"{bill.invocations:,} × {format_quantity(bill.billed_ms)} ms billed"
    total = BillRow(
        "Month", count, format_money(bill.total_usd, currency),
        change=_change(change.change_usd, _percent(change), currency) if change else "",
        is_rise=_is_rise(change.change_usd) if change else None, is_total=True,
    )  # fmt: skip
    return [total, *(_row(line, bill, change) for line in bill.lines)]


def explained(answer: Answer, row: int) -> str:
    """How the amount of a row of `bill_rows` is calculated."""
    bill = answer.bill
    return explain(bill if row == 0 else bill.lines[row - 1], currency=bill.currency)


def comparison(answer: Answer, pinned: Answer | None) -> Difference | None:
    """The difference, None without a pinned month in the same currency."""
    if pinned is None or pinned.bill.currency != answer.bill.currency:
        return None
    return difference(answer.bill, pinned.bill)


def _row(line: BillLine, bill: Bill, change: Difference | None) -> BillRow:
    currency = bill.currency
    first = next(entry for entry in bill.lines if entry.item == line.item) is line
    items = change.items if change and first else ()
    item = next((entry for entry in items if entry.item == line.item), None)
    detail = f"{format_quantity(line.quantity)} {line.unit} × {plain_rate(line.rate_usd, currency)}"
    return BillRow(
        item_title(line.item), detail, format_money(line.usd, currency),
        change=format_difference(item.change_usd, currency) if item else "",
        is_rise=_is_rise(item.change_usd) if item else None, ink=item_ink(line.item), note=line.note,
    )  # fmt: skip


def plain_rate(rate: Decimal, currency: str) -> str:
    """A rate with all its digits: `$0.0000166667`."""
    return f"{SIGNS.get(currency, currency + ' ')}{money_text(rate)}"


def _change(usd: Decimal, percent: str, currency: str) -> str:
    return f"{format_difference(usd, currency)}  {percent}"


def _percent(change: Difference) -> str:
    return format_percent(change.percent)


def _is_rise(usd: Decimal) -> bool | None:
    return usd > 0 if usd else None


_SHORT_NAMES = {"provisioned concurrency": "provisioned", "Managed Instances": "Managed Inst."}


def short_name(alternative: str) -> str:
    """An alternative's name where there is little room."""
    return _SHORT_NAMES.get(alternative, alternative)


def short_rate(requests_per_s: float) -> str:
    """A rate with three significant digits and no exponent: `4.57`, `12,300`, `0.01`."""
    value = float(f"{requests_per_s:.3g}")
    return plain(value)


def summary_text(answer: Answer, base: MeasuredBase | None) -> str:
    """One line with the figures people paste into a chat."""
    question, bill = answer.question, answer.bill
    what = work_and_model(base.scenario) if base is not None else "typed numbers"
    return (
        f"{what}: {question.memory_mb:,} MB {question.architecture} in {question.region}, "
        f"{duration_text(answer.duration)}, {bill.invocations:,} invocations a month: "
        f"{format_money(bill.total_usd, bill.currency)} a month, "
        f"{format_money(bill.per_million_usd, bill.currency)} per million (prices of {bill.prices_as_of})"
    )


def duration_reason(answer: Answer, base: MeasuredBase | None) -> str:
    """Where the duration comes from, in a sentence."""
    duration = answer.duration
    if base is None:
        question = answer.question
        typed = f"{format_ms(float(question.duration_ms))} typed for {question.typed_at_mb:,} MB"
        if duration.kind == "typed":
            return f"Duration: {typed}."
        return (
            f"Duration is a {duration_text(duration)}, from {typed}, {format_ms(float(question.cpu_ms))} "
            f"of it CPU time on the CPU that memory buys."
        )
    if duration.kind == "measured":
        return f"Duration: the mean of the warm invocations measured at {duration.memory_mb:,} MB."
    model = base.model
    if model is None:
        return f"Duration held at the nearest measured size: {base.why_no_model}"
    return (
        f"Duration is a {duration_text(duration)}: {format_ms(model.wait_ms)} waiting + "
        f"{format_ms(model.cpu_ms)} of CPU on the CPU that {duration.memory_mb:,} MB buy, "
        f"{model.threads} thread{'s' if model.threads > 1 else ''} at most."
    )
