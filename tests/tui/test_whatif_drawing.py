"""Scales, frames, pictures and money of the What-if charts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lambda_tui.billing.whatif import Share
from lambda_tui.tui.drawing.braille import BrailleCanvas
from lambda_tui.tui.drawing.frame import Frame
from lambda_tui.tui.drawing.picture import DASH, GAP, Picture, draw_band, draw_curve
from lambda_tui.tui.drawing.scale import decades, linear_scale, logarithmic_scale, steps_of_decades
from lambda_tui.tui.whatif.composition_bar import percent_of, stacked
from lambda_tui.wording.money import (
    axis_money,
    format_difference,
    format_money,
    format_percent,
    plain,
    table_money,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "$0"), (0.01, "$0.01"), (0.0001, "$0.0001"), (500.0, "$500"), (2500.0, "$2,500"),
     (10_000.0, "$10k"), (1e6, "$1M"), (1e9, "$1G")],
)  # fmt: skip
def test_axis_money_is_short_and_plain(value: float, text: str) -> None:
    assert axis_money(value, "USD") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.0496", "$0.0496"), ("31.574", "$31.57"), ("331.57", "$332"), ("12345.6", "$12,346"),
     ("331570", "$332k"), ("1235000", "$1.24M"), ("999999999", "$1,000.00M"), ("0", "$0.00")],
)  # fmt: skip
def test_table_money(value: str, text: str) -> None:
    assert table_money(Decimal(value), "USD") == text


def test_money_shows_its_currency_and_never_an_exponent() -> None:
    assert format_money(Decimal("1E-9"), "CNY") == "¥0.000000001"
    assert format_money(Decimal("1E+12"), "USD") == "$1,000,000,000,000.00"
    assert format_difference(Decimal("-0.5"), "USD") == "▼ −$0.50"
    assert format_difference(Decimal("1.2"), "USD") == "▲ +$1.20"
    assert format_difference(Decimal(0), "USD") == "= $0.00"
    assert plain(1e-05) == "0.00001"


@pytest.mark.parametrize(
    ("percent", "text"),
    [(-66.12, "−66.1%"), (0.4, "+0.4%"), (250, "+250%"), (3900, "×40"), (0.01, "±0.0%"), (-100, "−100%"),
     (None, "–")],
)  # fmt: skip
def test_percent(percent: float | None, text: str) -> None:
    assert format_percent(percent) == text


def test_scales_invert() -> None:
    for scale in (linear_scale(73, 5), decades(0.02, 700, 9), logarithmic_scale(128, 10240, (128, 512))):
        for value in (scale.low + 1, (scale.low + scale.high) / 3, scale.high):
            assert scale.value(scale.share(value)) == pytest.approx(value)
        assert scale.share(scale.low) == 0
        assert scale.share(scale.high) == 1


def test_decades_cover_the_range_and_never_collapse() -> None:
    scale = decades(0.02, 700, 9)
    assert [scale.low, scale.high] == [0.01, 1000]
    assert decades(5, 5, 9).high > decades(5, 5, 9).low
    assert len(decades(1e-6, 1e9, 4).ticks) <= 5


def test_steps_of_decades_fit_close() -> None:
    scale = steps_of_decades(6.2, 320, 8)
    assert [scale.low, scale.high] == [5, 500]
    assert list(scale.ticks) == [5, 10, 20, 50, 100, 200, 500]
    assert steps_of_decades(1, 1e6, 8).ticks == (1, 10, 100, 1000, 1e4, 1e5, 1e6)


def test_a_curve_never_breaks_and_a_dashed_one_does() -> None:
    solid, dashed = BrailleCanvas(30, 8), BrailleCanvas(30, 8)
    points = [(0.0, 31.0), (10.0, 30.0), (12.0, 2.0), (59.0, 0.0)]
    draw_curve(solid, points, 1)
    draw_curve(dashed, points, 1, dashed=True)
    assert all(_columns(solid))
    assert _columns(dashed).count(False) >= 59 * GAP // (DASH + GAP) // 2


def _columns(canvas: BrailleCanvas) -> list[bool]:
    """Which cell columns have at least one dot of each half."""
    rows = ["".join(text for text, _ in canvas.row(row)) for row in range(canvas.rows)]
    dots = []
    for column in range(canvas.columns):
        cells = [ord(row[column]) - 0x2800 for row in rows if row[column] != " "]
        dots += [any(cell & 0b01000111 for cell in cells), any(cell & 0b10111000 for cell in cells)]
    return dots


def test_text_never_covers_text_and_avoids_curves() -> None:
    canvas = BrailleCanvas(20, 3)
    draw_curve(canvas, [(0, 5), (39, 5)], 1)
    picture = Picture(20, 3, "grid")
    picture.paint(canvas, {0: "grid", 1: "curve"})
    assert picture.place([(2, 1), (2, 0)], "first", "text")
    assert picture.place([(2, 0), (4, 2)], "second", "text")
    assert not picture.place([(3, 0), (17, 2), (-1, 0)], "third", "text")
    shown = ["".join(text for text, _ in picture.runs(row)) for row in range(3)]
    assert [row.strip() for row in (shown[0], shown[2])] == ["first", "second"]
    assert "text" not in [ink for _, ink in picture.runs(1)]


def test_a_frame_names_both_ends_of_its_axis() -> None:
    x = logarithmic_scale(128, 10240, (128, 1024, 4096, 8192, 10240))
    frame = Frame(
        40, 10, x, linear_scale(10, 4),
        x_labels={tick: f"{tick:,.0f}" for tick in x.ticks}, y_labels={0.0: "$0", 10.0: "$10"},
    )  # fmt: skip
    lines = ["".join(text for text, _ in row) for row in frame.lines(frame.picture({}))]
    assert len(lines) == 10
    assert {len(line) for line in lines} == {40}
    assert lines[0].startswith("$10 ┤")
    assert lines[-1].split()[0] == "128"
    assert lines[-1].split()[-1] == "10,240"


@pytest.mark.parametrize("cells", [3, 10, 37, 94])
def test_stacked_pieces_fill_the_bar_and_none_is_lost(cells: int) -> None:
    shares = [
        Share("duration", Decimal(99), Decimal("0.9899")),
        Share("requests", Decimal(1), Decimal("0.01")),
        Share("init", Decimal("0.01"), Decimal("0.0001")),
    ]
    pieces = [len(text) for text, _ in stacked(shares, cells)]
    assert sum(pieces) == cells
    assert min(pieces) >= 1
    assert pieces[0] == max(pieces)


def test_a_share_that_is_charged_is_never_zero_percent() -> None:
    assert [percent_of(Decimal(share)) for share in ("0.923", "0.0451", "0.0001")] == ["92%", "4.5%", "<0.1%"]


def test_a_band_lies_between_its_bounds_and_is_lighter_than_a_curve() -> None:
    canvas = BrailleCanvas(10, 4)
    draw_band(canvas, [(0.0, 14.0), (10.0, 10.0), (19.0, 8.0)], [(0.0, 14.0), (10.0, 2.0), (19.0, 8.0)], 1)
    rows = ["".join(text for text, _ in canvas.row(row)) for row in range(4)]
    assert rows[0][0] == rows[0][-1] == " "
    assert rows[1][5] in "⢕⡪"
    drawn = {cell for row in rows for cell in row if cell != " "}
    assert all((ord(cell) - 0x2800).bit_count() <= 4 for cell in drawn)
    nothing = BrailleCanvas(10, 4)
    draw_band(nothing, [(0.0, 5.0), (19.0, 5.0)], [(0.0, 5.0), (19.0, 5.0)], 1)
    assert all(nothing.row(row) == [(" " * 10, 0)] for row in range(4))
