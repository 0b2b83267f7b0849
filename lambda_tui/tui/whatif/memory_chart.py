"""Cost per month by memory size: what was measured, what is forecast, and where we stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lambda_tui.forecast.answer import SizeCost
from lambda_tui.tui.drawing.frame import Frame, Runs
from lambda_tui.tui.drawing.picture import Picture, draw_band, draw_curve
from lambda_tui.tui.drawing.scale import Scale, linear_scale, logarithmic_scale, steps_of_decades
from lambda_tui.tui.whatif.chart import Chart
from lambda_tui.wording.money import axis_money, format_money

MEMORY_TICKS = (128, 256, 512, 1024, 2048, 4096, 10240)
LOGARITHMIC_FROM = 12
"""Where the dearest size costs so many times the cheapest, a linear axis would flatten all but the last."""

BAND, PINNED, CURVE = 1, 2, 3
INKS = {BAND: "band", PINNED: "axis", CURVE: "forecast"}

Bound = Literal["usd", "low_usd", "high_usd"]


class MemoryChart(Chart):
    """`show` takes ascending sizes; `current` is marked by a vertical line, the cheapest by a star."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._costs: Sequence[SizeCost] = ()
        self._pinned: Sequence[SizeCost] = ()
        self._current: SizeCost | None = None
        self._cheapest: SizeCost | None = None
        self._currency = "USD"
        self._dashed = True

    def show(
        self,
        costs: Sequence[SizeCost],
        current: SizeCost,
        cheapest: SizeCost,
        *,
        currency: str,
        pinned: Sequence[SizeCost] = (),
        dashed: bool = True,
    ) -> None:
        """`dashed` draws the curve as the forecast it is; typed numbers hold as they were typed."""
        self._costs, self._current, self._cheapest, self._pinned = costs, current, cheapest, pinned
        self._currency, self._dashed = currency, dashed
        self.redraw()

    def rows(self, width: int, height: int) -> Sequence[Runs]:
        current, cheapest = self._current, self._cheapest
        if current is None or cheapest is None:
            return []
        frame = self._frame(width, height)
        if not frame.has_room:
            return []
        low, high = (_dots(frame, self._costs, bound) for bound in ("low_usd", "high_usd"))
        draw_band(frame.canvas, low, high, BAND)
        draw_curve(frame.canvas, _dots(frame, self._pinned), PINNED, dashed=True)
        draw_curve(frame.canvas, _dots(frame, self._costs), CURVE, dashed=self._dashed)
        picture = frame.picture(INKS)
        self._mark(frame, picture, current, cheapest)
        return frame.lines(picture)

    def _frame(self, width: int, height: int) -> Frame:
        x = logarithmic_scale(MEMORY_TICKS[0], MEMORY_TICKS[-1], MEMORY_TICKS)
        y = self._money_scale(max(2, (height - 2) // 2))
        labels = {tick: axis_money(tick, self._currency) for tick in y.ticks}
        names = {float(tick): f"{tick:,}" for tick in MEMORY_TICKS}
        return Frame(width - 1, height, x, y, x_labels=names, y_labels=labels)

    def _money_scale(self, ticks: int) -> Scale:
        shown = (*self._costs, *self._pinned)
        low, high = min(float(cost.low_usd) for cost in shown), max(float(cost.high_usd) for cost in shown)
        if low > 0 and high / low > LOGARITHMIC_FROM:
            return steps_of_decades(low, high, max(4, ticks))
        return linear_scale(high, max(2, ticks * 2 // 3))

    def _mark(self, frame: Frame, picture: Picture, current: SizeCost, cheapest: SizeCost) -> None:
        column = frame.cell(current.memory_mb, frame.y.low)[0]
        for row in range(frame.rows):
            picture.write(column, row, "┊", "mark")
        for cost in self._costs:
            if cost.measured:
                picture.write(*frame.cell(cost.memory_mb, float(cost.usd)), "●", "measured")
        across, down = frame.cell(cheapest.memory_mb, float(cheapest.usd))
        picture.write(across, down, "★", "best")
        here = frame.cell(current.memory_mb, float(current.usd))
        if here != (across, down):
            picture.write(*here, "●" if current.measured else "◆", "mark")
        amount = format_money(current.usd, self._currency)
        picture.place(_beside(column, len(amount), range(frame.rows)), amount, "mark")
        name = f"{cheapest.memory_mb:,} MB"
        picture.place(_around(across, down, len(name)), name, "best")


def _dots(frame: Frame, costs: Sequence[SizeCost], amount: Bound = "usd") -> list[tuple[float, float]]:
    return [frame.dots(cost.memory_mb, float(getattr(cost, amount))) for cost in costs]


def _beside(column: int, length: int, rows: range) -> list[tuple[int, int]]:
    """Right of a vertical line, then left of it, from the top."""
    return [(start, row) for row in rows for start in (column + 2, column - 1 - length)]


def _around(column: int, row: int, length: int) -> list[tuple[int, int]]:
    """Below, above and beside a mark."""
    middle = column - length // 2
    starts = (middle, column, column - length + 1)
    near = [(start, row + by) for by in (1, -1, 2, -2, 3, -3) for start in starts]
    return [*near, (column + 2, row), (column - 1 - length, row)]
