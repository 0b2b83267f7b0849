"""What one change on the What-if screen costs: answer, every chart, every cell of 140x45."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import date
from pathlib import Path, PurePath
from typing import ClassVar

from textual.app import App

from lambda_tui.billing import load_prices
from lambda_tui.forecast.answer import answer
from lambda_tui.forecast.question import parse_question
from lambda_tui.tui import app, theme
from lambda_tui.tui.whatif.chart import Chart
from lambda_tui.tui.whatif.pictures import show_pictures
from lambda_tui.tui.whatif.screen import WhatIfScreen
from lambda_tui.tui.widgets.slider import Slider
from tests.tui.synthetic import SilentTarget

TITLE = "What-if redraw at 140x45 (CPU, ms)"
ROUNDS = 60


class _Alone(App[None]):
    """The screen with its themes and nothing else."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(app.__file__).with_name("frame.tcss")]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.variable_defaults(dark=True)

    def on_mount(self) -> None:
        self.register_theme(theme.DARK)
        self.theme = theme.DARK.name
        self.push_screen(WhatIfScreen(SilentTarget(), lambda: None, None, today=date(2026, 11, 21)))


def measure() -> dict[str, object]:
    """Medians in milliseconds of CPU time; the budget of `answer and all charts` is one frame, 16 ms."""
    return asyncio.run(_measured())


async def _measured() -> dict[str, object]:
    app = _Alone()
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, WhatIfScreen)
        book, today = load_prices(), date(2026, 11, 21)
        pricing, drawing = [], []
        for round_ in range(ROUNDS):
            question = parse_question({"memory_mb": 512 + round_})
            began = time.process_time()
            current = answer(question, None, book, today)
            priced = time.process_time()
            show_pictures(screen, current, None)
            for chart in screen.query(Chart):
                for row in range(chart.size.height):
                    chart.render_line(row)
            drawing.append(time.process_time() - priced)
            pricing.append(priced - began)
        return {
            "answer (bill, sizes, traffic)": _median_ms(pricing),
            "all charts drawn": _median_ms(drawing),
            "answer and all charts": _median_ms([a + b for a, b in zip(pricing, drawing, strict=True)]),
            "a slider step, from the event to the last painted cell": await _slider_step_ms(app),
        }


async def _slider_step_ms(app: App[None]) -> float:
    """A step of the memory slider with everything involved: events, form, styles, compositor."""
    slider = app.screen.query_one("#field-memory-mb Slider", Slider)
    times = []
    for round_ in range(ROUNDS // 2):
        began = time.process_time()
        slider.action_step(1 if round_ // 8 % 2 == 0 else -1)
        await asyncio.sleep(0.15)
        times.append(time.process_time() - began)
    return _median_ms(times)


def _median_ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000
