"""The tables behind the pictures of the What-if screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from lambda_tui.forecast.answer import Answer
from lambda_tui.forecast.measured import SizeDuration
from lambda_tui.forecast.question import requests_per_second
from lambda_tui.tui.whatif.composition_bar import item_title, percent_of
from lambda_tui.tui.whatif.texts import comparison, short_rate
from lambda_tui.wording.money import format_difference, format_money, table_money
from lambda_tui.wording.numbers import NOTHING, ms_number

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Heads and rows of text; the first column is set left, the others right."""


def memory_table(answer: Answer) -> Table:
    """The month by memory size."""
    currency = answer.bill.currency
    rows = []
    for size in answer.sizes:
        mark = "◆" if size.memory_mb == answer.question.memory_mb else " "
        star = "★" if size is answer.cheapest else " "
        rows.append([
            f"{mark}{star}{size.memory_mb:>7,}",
            ms_number(float(size.duration.duration_ms)),
            _range(size.duration),
            format_money(size.usd, currency),
            size.duration.kind,
        ])  # fmt: skip
    return ("  MB", "ms", "range", "a month", ""), rows


def _range(duration: SizeDuration) -> str:
    low, high = float(duration.low_ms), float(duration.high_ms)
    return "" if low == high else f"{ms_number(low)}–{ms_number(high)}"


_HEADS = {"provisioned concurrency": "provis.", "Managed Instances": "Managed"}


def traffic_table(answer: Answer) -> Table:
    """The month by traffic, one column an alternative."""
    chart, currency = answer.traffic, answer.bill.currency
    heads = ["req/s", *(_HEADS.get(line.name, line.name) for line in chart.lines)]
    rows = [
        [
            short_rate(float(requests_per_second(count))),
            *(table_money(line.usd[number], currency) for line in chart.lines),
        ]
        for number, count in enumerate(chart.invocations)
    ]
    return heads, rows


def traffic_notes(answer: Answer) -> list[str]:
    """Break-evens and how each alternative is sized, a sentence each."""
    chart = answer.traffic
    notes = [
        f"From {short_rate(float(requests_per_second(break_even.invocations)))} req/s "
        f"{break_even.cheaper} costs less than {break_even.dearer}."
        for break_even in sorted(chart.break_evens, key=lambda break_even: break_even.invocations)
    ]
    return [*notes, *(f"{line.name}: {line.basis}." for line in chart.lines), *chart.left_out]


def composition_table(answer: Answer, pinned: Answer | None) -> Table:
    """The bill by item, beside the pinned one."""
    currency = answer.bill.currency
    shares = {part.item: percent_of(part.share) for part in answer.shares}
    change = comparison(answer, pinned)
    if change is None:
        amounts = ((part.item, part.usd) for part in answer.shares)
        return ("Item", "a month", "share"), [
            [item_title(item), format_money(usd, currency), shares[item]] for item, usd in amounts
        ]
    rows = [
        [
            item_title(item.item),
            format_money(item.after_usd, currency),
            shares.get(item.item, NOTHING),
            format_money(item.before_usd, currency),
            format_difference(item.change_usd, currency),
        ]
        for item in change.items
    ]
    return ("Item", "a month", "share", "pinned", "change"), rows


def table_content(table: Table, notes: Sequence[str] = ()) -> Content:
    """Columns as wide as their widest cell; many columns stand closer."""
    heads, rows = table
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    gap = " " if len(heads) > 4 else "  "

    def line(cells: Sequence[str]) -> str:
        numbers = (f"{cell:>{width}}" for cell, width in zip(cells[1:], widths[1:], strict=True))
        return gap.join([f"{cells[0]:<{widths[0]}}", *numbers])

    lines = [Content.styled(line(heads), "bold $quiet"), *(Content(line(row)) for row in rows)]
    if notes:
        lines += [Content(""), *(Content.styled(note, "$quiet") for note in notes)]
    return Content("\n").join(lines)
