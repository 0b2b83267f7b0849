"""From an answer to the pictures of the What-if screen and the tables behind them."""

from __future__ import annotations

from decimal import Decimal

from textual.content import Content
from textual.screen import Screen

from lambda_tui.forecast.answer import Answer, traffic_points
from lambda_tui.tui.whatif import tables, texts
from lambda_tui.tui.whatif.chart import SERIES_INKS
from lambda_tui.tui.whatif.composition_bar import CompositionBar
from lambda_tui.tui.whatif.memory_chart import MemoryChart
from lambda_tui.tui.whatif.picture_pane import PicturePane
from lambda_tui.tui.whatif.traffic_chart import Crossing, TrafficChart, TrafficCurve
from lambda_tui.wording.money import format_money
from lambda_tui.wording.numbers import format_ms, plural


def show_pictures(screen: Screen[None], answer: Answer, pinned: Answer | None) -> None:
    """Give the three charts what they draw."""
    comparable = pinned if pinned is not None and pinned.bill.currency == answer.bill.currency else None
    moved = comparable if comparable is not None and is_another_curve(comparable, answer) else None
    _show_memory(screen, answer, moved)
    _show_traffic(screen, answer)
    screen.query_one(CompositionBar).show(
        answer.shares,
        currency=answer.bill.currency,
        total=answer.bill.total_usd,
        pinned=comparable.shares if comparable else (),
        pinned_total=comparable.bill.total_usd if comparable else Decimal(0),
    )


def show_tables(screen: Screen[None], answer: Answer, pinned: Answer | None) -> None:
    """Fill the tables that are on screen; the others are filled when they are asked for."""
    for pane in screen.query(PicturePane):
        if not pane.is_tabular:
            continue
        if pane.id == "by-memory":
            pane.show_table(tables.table_content(tables.memory_table(answer)))
        elif pane.id == "by-traffic":
            pane.show_table(tables.table_content(tables.traffic_table(answer), tables.traffic_notes(answer)))
        else:
            pane.show_table(tables.table_content(tables.composition_table(answer, pinned)))


def _show_memory(screen: Screen[None], answer: Answer, pinned: Answer | None) -> None:
    screen.query_one(MemoryChart).show(
        answer.sizes,
        next(size for size in answer.sizes if size.memory_mb == answer.question.memory_mb),
        answer.cheapest,
        currency=answer.bill.currency,
        pinned=pinned.sizes if pinned else (),
        dashed=is_forecast(answer),
    )
    screen.query_one("#by-memory", PicturePane).tell(_memory_words(answer, pinned))


def is_another_curve(pinned: Answer, answer: Answer) -> bool:
    """False where only the memory size moved: the pinned curve would be drawn over its own double."""
    before = {size.memory_mb: size.usd for size in pinned.sizes}
    return any(before.get(size.memory_mb, size.usd) != size.usd for size in answer.sizes)


def is_forecast(answer: Answer) -> bool:
    """Whether the curve between the marks predicts anything."""
    return any(size.duration.kind != "typed" for size in answer.sizes)


def _memory_words(answer: Answer, pinned: Answer | None) -> list[Content]:
    """The legend with the figures of the two marks."""
    question, cheapest = answer.question, answer.cheapest
    currency = answer.bill.currency
    curve = ("╌╌ forecast ", "$primary") if is_forecast(answer) else ("── as typed ", "$primary")
    parts: list[Content | tuple[str, str]] = [curve]
    if any(size.low_usd < size.high_usd for size in answer.sizes):
        parts += [("⢕⢕ ", "$previous"), ("interval ", "$quiet")]
    if any(size.measured for size in answer.sizes):
        parts.append(("● measured ", "bold"))
    if pinned is not None:
        parts.append(("╌╌ pinned ", "$quiet"))
    return [
        Content.assemble(*parts),
        Content.assemble(
            ("● " if answer.duration.kind == "measured" else "◆ ", "bold $accent"),
            f"{question.memory_mb:,} MB  {texts.duration_text(answer.duration, most=26)}",
        ),
        Content.assemble(
            ("★ ", "bold $success"),
            f"{cheapest.memory_mb:,} MB  {format_money(cheapest.usd, currency)}  {cheapest.duration.kind} "
            f"{format_ms(float(cheapest.duration.duration_ms))}",
        ),
    ]


def _show_traffic(screen: Screen[None], answer: Answer) -> None:
    chart = answer.traffic
    curves = [
        TrafficCurve(texts.short_name(line.name), traffic_points(chart, number))
        for number, line in enumerate(chart.lines)
    ]
    question = answer.question
    current = (float(question.requests_per_s), answer.bill.total_usd) if question.invocations else None
    crossings = [
        Crossing(rate, crossing.usd, texts.short_rate(rate))
        for crossing in answer.crossings
        for rate in [float(crossing.requests_per_s)]
    ]
    screen.query_one(TrafficChart).show(curves, crossings, current, currency=chart.currency)
    screen.query_one("#by-traffic", PicturePane).tell(_traffic_words(answer))


def _traffic_words(answer: Answer) -> list[Content]:
    """What is cheapest here, and from which traffic on something else is."""
    lines = []
    if answer.cheapest_way is not None:
        rate = texts.short_rate(float(answer.question.requests_per_s))
        lines.append(
            Content.assemble(
                ("◆ ", "bold $accent"), f"{rate} req/s: {texts.short_name(answer.cheapest_way)} costs least"
            )
        )
    names = [line.name for line in answer.traffic.lines]
    for crossing in answer.crossings[: 3 - len(lines) + 1]:
        ink = SERIES_INKS[names.index(crossing.cheaper)]
        lines.append(
            Content.assemble(
                ("╳ ", "bold"),
                f"from {texts.short_rate(float(crossing.requests_per_s))} ",
                (texts.short_name(crossing.cheaper), f"bold ${ink}"),
                " costs less",
            )
        )
    if answer.traffic.left_out:
        missing = plural(len(answer.traffic.left_out), "alternative")
        lines.append(Content.styled(f"{missing} without a price here: b tells", "$quiet"))
    return lines
