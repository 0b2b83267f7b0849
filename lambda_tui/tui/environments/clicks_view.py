"""The scene of the clicks: a form, both halves side by side, and the two runs behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input

from lambda_tui.errors import Interrupted, InvalidInput, LambdaTuiError
from lambda_tui.load.series import RunFactory
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.consent import SpendingGate
from lambda_tui.tui.environments.clicks import (
    DEFAULT_CLICKS,
    DEFAULT_SECONDS,
    MAX_CLICKS,
    SIDES,
    Side,
    clicks_scenarios,
)
from lambda_tui.tui.environments.clicks_half import TITLES, ClicksHalf
from lambda_tui.tui.environments.texts import expectation
from lambda_tui.tui.messages import RunFailed, SnapshotArrived, ThreadCrashed
from lambda_tui.tui.session import RunSession
from lambda_tui.tui.widgets.border_text import set_border
from lambda_tui.tui.widgets.fields import NumberField
from lambda_tui.tui.widgets.flat_text import FlatText
from lambda_tui.wording.numbers import plural
from lambda_tui.wording.scenarios import work_line


class ClicksView(Vertical):
    """How many clicks, over how long, and what became of them; `session` holds the runs."""

    DEFAULT_CSS = """
    ClicksView { height: 1fr; }
    ClicksView #clicks-form { height: auto; padding: 0 1; }
    ClicksView #clicks-fields { height: auto; }
    ClicksView NumberField { width: 26; }
    ClicksView NumberField .label { width: 12; }
    ClicksView Button { min-width: 14; margin: 0 2 0 0; }
    #clicks-form #run-both:focus { text-style: bold; background: $accent; color: $block-cursor-foreground; }
    ClicksView #clicks-promise { height: auto; color: $quiet; }
    ClicksView #clicks-halves { height: 1fr; }
    """

    @dataclass
    class Requested(Message):
        """The button was pressed."""

    @dataclass
    class Changed(Message):
        """A run has something newer, has begun or has ended; `error` is why it ended early."""

        error: LambdaTuiError | None

    def __init__(
        self,
        target: Target,
        start_run: RunFactory,
        scenario: Callable[[], Scenario],
    ) -> None:
        super().__init__()
        self._target = target
        self._scenario = scenario
        self._gate = SpendingGate(self, target)
        self.session: RunSession[Side] = RunSession(start_run, self.post_message)

    def compose(self) -> ComposeResult:
        with Vertical(id="clicks-form", classes="pane") as form:
            form.border_title = "Clicks"
            with Horizontal(id="clicks-fields"):
                yield NumberField("clicks", "Clicks", str(DEFAULT_CLICKS), unit="")
                yield NumberField("seconds", "spread over", f"{DEFAULT_SECONDS:g}", unit="s")
                yield Button("Run both [not bold]c[/]", id="run-both", variant="primary", compact=True)
            yield FlatText(id="clicks-promise")
        with Horizontal(id="clicks-halves"):
            for side in SIDES:
                yield ClicksHalf(side)

    def half(self, side: Side) -> ClicksHalf:
        return self.query_one(f"#half-{side}", ClicksHalf)

    def numbers(self) -> tuple[int, float] | None:
        """Clicks and seconds; None if one of them is refused."""
        clicks, seconds = (self.query_one(f"#field-{name}", NumberField) for name in ("clicks", "seconds"))
        count = int(clicks.text) if clicks.text.isdigit() else 0
        clicks.refuse(None if 1 <= count <= MAX_CLICKS else f"1 to {MAX_CLICKS:,}.")
        try:
            span = float(seconds.text)
        except ValueError:
            span = 0.0
        seconds.refuse(None if 1 <= span <= 3600 else "1 to 3,600 s.")
        return (count, span) if 1 <= count <= MAX_CLICKS and 1 <= span <= 3600 else None

    @on(Input.Changed)
    def promise(self) -> None:
        """Say what will be run, and what to expect."""
        numbers, scenario = self.numbers(), self._scenario()
        if numbers is not None:
            form = self.query_one("#clicks-form")
            alike = scenario.with_changes(invocations=numbers[0], warmup=0, rate=None, seconds=None)
            set_border(form, subtitle=f"{scenario.concurrency} · {work_line(alike)}")
            self.query_one("#clicks-promise", FlatText).show(Content(expectation(scenario, *numbers)))

    # Running

    def run(self) -> None:
        """Run both halves; on a real account ask first."""
        numbers = self.numbers()
        if numbers is None:
            return
        try:
            scenarios = clicks_scenarios(self._scenario(), *numbers, self._target.kind)
        except InvalidInput as error:
            self.notify(str(error), title=error.title, severity="error", markup=False)
            return
        clicks = plural(scenarios["at-once"].invocations, "time")
        self._gate.enter(
            list(scenarios.values()),
            lambda: self._start(scenarios),
            lambda error: self.notify(str(error), title=error.title, severity="error", markup=False),
            how=f"{clicks} at once, then as often spread over time",
        )

    def _start(self, scenarios: dict[Side, Scenario]) -> None:
        for side in SIDES:
            self.half(side).clear(f"{TITLES[side]} · {scenarios[side].name}")
        self.session.start(scenarios.items())
        self.post_message(self.Changed(None))

    def on_snapshot_arrived(self, message: SnapshotArrived[Side]) -> None:
        side = self.session.take(message)
        if side is not None:
            self.half(side).show_run(message.snapshot)
            self.post_message(self.Changed(_worth_telling(message.snapshot)))

    def on_run_failed(self, message: RunFailed) -> None:
        if self.session.fail(message):
            self.post_message(self.Changed(message.error))

    def on_thread_crashed(self, message: ThreadCrashed) -> None:
        raise message.error

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Requested())

    # What it says

    def state(self) -> str:
        """The last line of the screen."""
        side = self.session.running
        if side is None:
            return "c runs both halves   esc back to the lanes"
        snapshot = self.session.runs.get(side)
        note = f" · {snapshot.note}" if snapshot is not None and snapshot.note else ""
        return f"▸ {TITLES[side]}{note}   esc stops"

    def explained(self) -> str:
        """How the numbers of both halves are calculated."""
        return "\n\n\n".join(self.half(side).explained() for side in self.session.runs)

    def summary(self) -> str:
        """Two lines for the clipboard."""
        return "\n".join(self.half(side).sentence for side in self.session.runs)


def _worth_telling(snapshot: Snapshot) -> LambdaTuiError | None:
    stopped_by = snapshot.stopped_by if snapshot.is_final else None
    return None if isinstance(stopped_by, Interrupted) else stopped_by
