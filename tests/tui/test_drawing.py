from __future__ import annotations

from decimal import Decimal

import pytest

from lambda_tui.tui.drawing.axis import axis_to, time_scale
from lambda_tui.tui.drawing.bars import Cell, Lane, Span, bar_cells, fold_lanes, paint_half_lanes, paint_lane
from lambda_tui.tui.drawing.big_digits import big_digits
from lambda_tui.tui.drawing.braille import BrailleCanvas
from lambda_tui.wording.numbers import (
    format_change,
    format_cheaper,
    format_factor,
    format_ms,
    format_quantity,
    format_usd,
    ms_number,
    plural,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "$0.00"),
        ("0.000000383333", "$0.000000383"),  # one cheap invocation: no exponent, three digits
        ("0.0000002", "$0.0000002"),  # exact: no zeros that say nothing
        ("0.00000400", "$0.000004"),
        ("0.00005699", "$0.0000570"),  # rounded: the zero is a digit
        ("0.05", "$0.05"),
        ("0.5", "$0.50"),
        ("0.9999", "$1.000"),
        ("1", "$1.00"),
        ("2.855", "$2.86"),
        ("1234.5", "$1,234.50"),
        ("-0.0123", "−$0.0123"),
    ],
)
def test_dollars_have_enough_digits_and_no_exponent(value: str, text: str) -> None:
    assert format_usd(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.21, "0.21"), (4.25, "4.2"), (302.4, "302"), (12345.6, "12,346"), (None, "–")],
)
def test_milliseconds(value: float | None, text: str) -> None:
    assert ms_number(value) == text
    assert format_ms(value) == ("–" if value is None else f"{text} ms")


def test_changes_carry_a_sign_an_arrow_and_words() -> None:
    assert format_change(-0.664) == "▼ −66%"
    assert format_change(0.12) == "▲ +12%"
    assert format_change(0.001) == "= ±0%"
    assert format_change(None) == "–"
    changes = [(-0.66, -0.64), (-0.649, -0.59), (-0.1, 0.12), (-0.1, 0.0)]
    assert [format_cheaper(best, worst) for best, worst in changes] == [
        "64% cheaper",
        "59-65% cheaper",
        "12% dearer",
        "no dearer",
    ]
    assert [format_factor(factor) for factor in (2.95, 1.0, 0.98, None)] == ["3.0×", "1.0×", "0.98×", "–"]
    assert [plural(count, "worker") for count in (1, 2, 1000)] == ["1 worker", "2 workers", "1,000 workers"]


def test_quantities_are_plain_numbers() -> None:
    assert format_quantity(Decimal("20")) == "20"
    assert format_quantity(Decimal("9.2314")) == "9.231"
    assert format_quantity(Decimal("0.0000482")) == "0.00004820"
    assert format_quantity(Decimal("1234567")) == "1,234,567"


@pytest.mark.parametrize("maximum", [0.3, 1, 7, 96.4, 302, 923, 1001, 29_999, 900_000])
@pytest.mark.parametrize("ticks", [1, 2, 5, 12])
def test_an_axis_covers_the_data_with_few_round_ticks(maximum: float, ticks: int) -> None:
    axis = axis_to(maximum, ticks)
    assert axis.top >= maximum * 0.999999
    assert 1 <= len(axis.ticks) - 1 <= ticks
    assert axis.top - axis.step < maximum  # no empty interval on top


def test_axis_labels_have_the_decimals_of_the_step() -> None:
    assert [axis_to(1, 2).label(tick) for tick in axis_to(1, 2).ticks] == ["0.0", "0.5", "1.0"]
    assert [axis_to(923, 4).label(tick) for tick in axis_to(923, 4).ticks] == [
        "0",
        "250",
        "500",
        "750",
        "1,000",
    ]
    assert axis_to(0, 4).top > 0


def test_a_time_scale_puts_labels_at_their_times() -> None:
    text = time_scale(900, 60)
    for tick in (0, 200, 400, 600, 800):
        assert text[round(tick / 900 * 60)] == "╷", text
    assert len(text) <= 60
    assert time_scale(0, 60) == ""


def test_braille_dots_stand_where_they_were_set() -> None:
    canvas = BrailleCanvas(2, 1)
    canvas.dot(0, 0, 1)
    canvas.dot(3, 3, 1)
    assert canvas.row(0) == [(chr(0x2801) + chr(0x2880), 1)]
    canvas.dot(-1, 0, 1)
    canvas.dot(4, 0, 1)
    canvas.dot(0, 4, 1)
    assert canvas.row(0) == [(chr(0x2801) + chr(0x2880), 1)]


def test_the_highest_layer_owns_a_cell() -> None:
    canvas = BrailleCanvas(3, 1)
    canvas.dot(0, 0, 1)
    canvas.dot(1, 0, 2)  # takes the cell over
    canvas.dot(0, 1, 1)  # comes too late
    canvas.mark(2, 0, "◆", 3)
    canvas.dot(2, 0, 2)
    assert canvas.row(0, "·") == [(chr(0x2808), 2), ("◆", 3), ("·", 0)]


def test_a_bar_ends_within_an_eighth_of_a_cell() -> None:
    assert bar_cells(0, 2.5, 4) == [(0, Cell("█")), (1, Cell("█")), (2, Cell("▌"))]
    assert bar_cells(0.5, 2, 4) == [(0, Cell("▌", reverse=True)), (1, Cell("█"))]
    assert bar_cells(1, 1, 4) == [(1, Cell("▏"))]  # too short to see is still there
    assert bar_cells(3.99, 9, 4) == [(3, Cell("▉", reverse=True))]  # clipped at the right edge


def test_consecutive_spans_of_a_lane_stay_two() -> None:
    lane = Lane("main", (Span(0, 50), Span(50, 100)))
    assert [cell.span for cell in paint_lane(lane, 100, 4)] == [0, 0, 1, 1]
    assert [cell.span for cell in paint_lane(lane, 0, 4)] != []


def test_half_lanes_put_two_lanes_into_a_row() -> None:
    upper, lower = Lane("a", (Span(0, 50),)), Lane("b", (Span(25, 100),))
    assert paint_half_lanes(upper, lower, 100, 4) == "▀█▄▄"
    assert paint_half_lanes(upper, None, 100, 4) == "▀▀  "


def test_lanes_that_do_not_fit_are_counted() -> None:
    lanes = [Lane(str(number), ()) for number in range(5)]
    assert fold_lanes(lanes, 5) == (lanes, 0)
    assert fold_lanes(lanes, 3) == (lanes[:2], 3)


def test_big_digits_are_three_rows_of_one_width() -> None:
    rows = big_digits("12.9×")
    assert len({len(row) for row in rows}) == 1
    assert rows[1].endswith(" × ")
