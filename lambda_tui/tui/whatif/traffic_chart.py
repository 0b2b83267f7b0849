"""Cost per month by traffic: ways to run the same function, and where one becomes cheaper than another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lambda_tui.tui.drawing.frame import Frame, Runs
from lambda_tui.tui.drawing.picture import Picture, draw_curve
from lambda_tui.tui.drawing.scale import decades
from lambda_tui.tui.whatif.chart import SERIES_INKS, Chart
from lambda_tui.wording.money import axis_money, format_money, short


@dataclass(frozen=True, slots=True)
class TrafficCurve:
    """One way to run it: (requests a second, cost of a month), ascending, all above zero."""

    name: str
    points: Sequence[tuple[float, Decimal]]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where two curves meet; `label` stands beside it."""

    requests_per_s: float
    usd: Decimal
    label: str


class TrafficChart(Chart):
    """Both axes are logarithmic: traffic spans from a cron job to a fleet."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._curves: Sequence[TrafficCurve] = ()
        self._crossings: Sequence[Crossing] = ()
        self._current: tuple[float, Decimal] | None = None
        self._currency = "USD"

    def show(
        self,
        curves: Sequence[TrafficCurve],
        crossings: Sequence[Crossing],
        current: tuple[float, Decimal] | None,
        *,
        currency: str,
    ) -> None:
        """`current` is the traffic and cost of the question; None while there is no traffic."""
        self._curves, self._crossings, self._current = curves, crossings, current
        self._currency = currency
        self.redraw()

    def rows(self, width: int, height: int) -> Sequence[Runs]:
        curves = [curve for curve in self._curves if curve.points]
        if not curves:
            return []
        frame = self._frame(curves, width, height)
        if not frame.has_room:
            return []
        for number in reversed(range(len(curves))):
            dots = [frame.dots(x, float(y)) for x, y in curves[number].points]
            draw_curve(frame.canvas, dots, len(curves) - number)
        picture = frame.picture(
            {len(curves) - number: SERIES_INKS[number % len(SERIES_INKS)] for number in range(len(curves))}
        )
        self._mark(frame, picture)
        for number, curve in enumerate(curves):
            ink = SERIES_INKS[number % len(SERIES_INKS)]
            picture.place(_along(frame, curve), curve.name, ink)
        return frame.lines(picture)

    def _frame(self, curves: Sequence[TrafficCurve], width: int, height: int) -> Frame:
        amounts = [float(usd) for curve in curves for _, usd in curve.points if usd > 0]
        traffic = [x for curve in curves for x, _ in curve.points]
        x = decades(min(traffic), max(traffic), 12)
        y = decades(min(amounts, default=1.0), max(amounts, default=10.0), max(3, (height - 2) // 2))
        return Frame(
            width - 1,
            height,
            x,
            y,
            x_labels={tick: short(tick) for tick in x.ticks},
            y_labels={tick: axis_money(tick, self._currency) for tick in y.ticks},
        )

    def _mark(self, frame: Frame, picture: Picture) -> None:
        if self._current is not None:
            requests, usd = self._current
            column, row = frame.cell(requests, float(usd))
            for line in range(frame.rows):
                picture.write(column, line, "┊", "mark")
            picture.write(column, row, "◆", "mark")
            amount = format_money(usd, self._currency)
            beside = [(at, by) for by in range(frame.rows) for at in (column + 2, column - 1 - len(amount))]
            picture.place(beside, amount, "mark")
        for crossing in self._crossings:
            column, row = frame.cell(crossing.requests_per_s, float(crossing.usd))
            picture.write(column, row, "╳", "strong")
            picture.place(_near(column, row, len(crossing.label)), crossing.label, "strong")


def _near(column: int, row: int, length: int) -> list[tuple[int, int]]:
    """Below right and above left of a crossing first: rising curves leave these corners free."""
    rows = (1, -1, 2, -2, 3, -3)
    return [
        (start, row + by)
        for by in rows
        for start in ((column + 1, column + 2) if by > 0 else (column - length, column - length - 1))
    ] + [(column + 2, row), (column - 1 - length, row)]


def _along(frame: Frame, curve: TrafficCurve) -> list[tuple[int, int]]:
    """Just above, then just below the curve, from the left end on."""
    cells = [frame.cell(x, float(y)) for x, y in curve.points]
    return [(column + 1, row + by) for column, row in cells for by in (-1, 1)]
