"""The What-if screen by itself on a fixed day, and runs to ask about."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path, PurePath
from typing import ClassVar

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from lambda_tui.history import HistoryStore
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.tui import app, theme
from lambda_tui.tui.whatif.screen import WhatIfScreen
from lambda_tui.tui.widgets.field_select import FieldSelect
from lambda_tui.tui.widgets.fields import Refusal
from tests.tui.screen_text import screen_text
from tests.tui.synthetic import SilentTarget, SyntheticRun

BIG, SMALL = (140, 45), (80, 24)
TODAY = date(2026, 11, 21)


class Alone(App[None]):
    """The screen by itself, on a fixed day."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(app.__file__).with_name("frame.tcss")]

    def __init__(
        self, latest: Snapshot | None = None, history: HistoryStore | None = None, today: date = TODAY
    ) -> None:
        super().__init__()
        self.latest = latest
        self.whatif = WhatIfScreen(SilentTarget(), lambda: self.latest, history, today=today)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.variable_defaults(dark=True)

    def on_mount(self) -> None:
        self.register_theme(theme.DARK)
        self.theme = theme.DARK.name
        self.push_screen(self.whatif)

    @property
    def total_usd(self) -> Decimal:
        assert self.whatif.answer is not None
        return self.whatif.answer.bill.total_usd

    def field(self, name: str) -> Input:
        return self.whatif.query_one(f"#field-{name} Input", Input)

    def choose(self, name: str, value: str) -> None:
        self.whatif.query_one(f"#field-{name} FieldSelect", FieldSelect).value = value


def run_of(memory_mb: int = 512, run_id: str = "r1", **changes: object) -> Snapshot:
    scenario = Scenario(memory_mb=memory_mb, invocations=5).with_changes(**changes)
    return list(SyntheticRun(scenario, run_id=run_id).snapshots())[-1]


def recorded(store: HistoryStore, run: Snapshot) -> None:
    recorder = store.begin(run_id=run.run_id, name="", started_at=run.started_at, scenario=run.scenario)
    assert run.target is not None
    recorder.target(run.target)
    recorder.append(list(run.invocations))
    recorder.finish(summary=run.summary, bill=run.bill)


def refusal(app: Alone) -> str:
    """The sentence under the refused field."""
    return str(app.whatif.query_one(Refusal).render())


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for something that a thread brings about."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, screen_text(pilot.app)
        await pilot.pause(0.01)
    await pilot.pause()
