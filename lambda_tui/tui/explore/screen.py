"""Explore: choose, press Enter, watch durations and dollars; `a` lays all models side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList

from lambda_tui.errors import InvalidInput, LambdaTuiError, TargetError
from lambda_tui.load.series import ComparisonFactory, RunFactory
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.consent import SpendingGate
from lambda_tui.tui.explore.controls import Controls
from lambda_tui.tui.explore.duration_plot import DurationPlot
from lambda_tui.tui.explore.feed import Feed
from lambda_tui.tui.explore.feed_rows import feed_row
from lambda_tui.tui.explore.folding import CONTAINERS, PANES, containers_of
from lambda_tui.tui.explore.keys import EXPLORE_KEYS
from lambda_tui.tui.explore.push_button import PushButton
from lambda_tui.tui.explore.results import Results
from lambda_tui.tui.explore.status_line import StatusLine
from lambda_tui.tui.explore.texts import MARGINAL_PRICES, cpu_line, help_text, promise_line, welcome_lines
from lambda_tui.tui.messages import (
    AllModelsRequested,
    ComparisonArrived,
    InvocationSelected,
    RunFailed,
    RunRequested,
    ScenarioEdited,
    SnapshotArrived,
    TargetOpened,
    TargetProgressed,
)
from lambda_tui.tui.mode_screen import Explanation, ModeScreen
from lambda_tui.tui.modes import EXPLORE
from lambda_tui.tui.session import ExploreSession, asked_about
from lambda_tui.tui.widgets.model_picker import ModelPicker
from lambda_tui.tui.widgets.pane_tabs import PaneTabs
from lambda_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from lambda_tui.history import RecordedRun
    from lambda_tui.tui.export import Document


class ExploreScreen(ModeScreen):
    """Controls, results and feed around one ExploreSession."""

    MODE = EXPLORE
    PANES = PANES
    AUTO_FOCUS = ""
    """The models get the focus after the first paint: before it, that restyles half the screen again."""
    BINDINGS: ClassVar[list[BindingType]] = [*EXPLORE_KEYS]

    def __init__(
        self,
        target: Target,
        scenario: Scenario,
        start_run: RunFactory,
        start_comparison: ComparisonFactory,
    ) -> None:
        super().__init__(target)
        self._scenario = scenario
        self._gate = SpendingGate(self, target)
        self.session = ExploreSession(target, start_run, start_comparison, self.post_message)

    def compose_content(self) -> ComposeResult:
        yield PaneTabs(id="tabs")
        with Vertical(id="body"):
            with Horizontal(id="top"):
                yield Controls(self._scenario, id="controls", classes="pane")
                yield Results(id="results")
            yield Feed(id="feed", classes="pane")
        yield StatusLine(id="status")

    def on_mount(self) -> None:
        self._show_promise(self._scenario)
        self._show_runs()
        self.call_after_refresh(lambda: self.focused or self.query_one(ModelPicker).focus())

    # Layout

    def classes_for(self, width: int, height: int) -> set[str]:
        comparing = self.session.comparing
        states = [
            ("-comparing", comparing is not None),
            ("-compared", comparing is not None and not comparing.is_running),
            ("-paused", self.session.frozen is not None),
        ]
        return super().classes_for(width, height) | {name for name, holds in states if holds}

    def arranged(self) -> None:
        comparing = self.session.comparing is not None
        shown = containers_of(self.pane, comparing=comparing) if self.has_class("-folded") else CONTAINERS
        for name in CONTAINERS:
            self.query_one(f"#{name}").set_class(name not in shown, "-away")
        self.show_tabs(
            [(name, "All models" if comparing and name == "chart" else title) for name, title in PANES]
        )

    def action_show_pane(self, name: str) -> None:
        super().action_show_pane(name)
        targets = {"controls": "ModelPicker", "feed": "#feed", "bill": "#bill"}
        focus = "#comparison" if name == "chart" and self.session.comparing is not None else targets.get(name)
        self.set_focus(self.query_one(focus) if focus else None)

    # Runs

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter chooses in an open list and presses a focused button; everywhere else it runs."""
        if action in ("pause", "stop") and not self.session.running:
            return (self.session.frozen if action == "pause" else self.session.comparing) is not None
        return not (action == "run" and isinstance(self.focused, OptionList | PushButton))

    @on(RunRequested)
    def action_run(self) -> None:
        self._ask(all_models=False)

    @on(AllModelsRequested)
    def action_all_models(self) -> None:
        self._ask(all_models=True)

    def action_pause(self) -> None:
        """Freeze chart, figures, bill, tasks and feed, or show where the run is now."""
        self.session.freeze()
        self._show_others()

    def _show_others(self) -> None:
        """Other runs are on screen, or the one on it is over."""
        self.lay_out(*self.size)
        self._show_newest(self.session.shown)
        self.refresh_bindings()

    def _show_newest(self, snapshot: Snapshot | None) -> None:
        if self.session.frozen is not None and snapshot is not None:
            self.query_one(StatusLine).show_paused(snapshot)
            return
        self._show_runs()
        if snapshot is not None:
            self.query_one(StatusLine).show_run(snapshot, self.session.comparing)

    def action_stop(self) -> None:
        if self.session.running:
            self.session.stop()
            if self.session.frozen is not None:
                self.action_pause()
        elif self.session.comparing is not None:
            self.session.leave_comparison()
            self._show_others()

    def action_restart(self) -> None:
        if self.query_one("#banner").has_class("-shown"):
            self.show_banner(None)
            self.query_one(StatusLine).say("Restarting …")
            self.session.open()

    def action_next_model(self, by: int) -> None:
        self.query_one(ModelPicker).action_cycle(by)

    def _valid_scenario(self) -> Scenario | None:
        if self.session.running:
            self.query_one(StatusLine).flash_hint()
            return None
        controls = self.query_one(Controls)
        try:
            return controls.scenario()
        except InvalidInput as error:
            if self.has_class("-folded"):
                self.action_show_pane("controls")
            controls.focus_field(error.field)
            return None

    def _ask(self, *, all_models: bool) -> None:
        scenario = self._valid_scenario()
        if scenario is None:
            return
        scenarios, how = asked_about(scenario) if all_models else ([scenario], "")
        self._gate.enter(
            scenarios, lambda: self._start(scenario, all_models=all_models), self._show_failure, how=how
        )

    def _start(self, scenario: Scenario, *, all_models: bool) -> None:
        self.show_banner(None)
        if all_models:
            self.session.compare_models(scenario)
        else:
            self.session.run(scenario)
        if self.has_class("-folded") and (self.pane == "controls" or all_models):
            self.action_show_pane("chart")
        self._show_others()

    def show_recorded(self, run: RecordedRun) -> None:
        """Show a run of the history, unless one is in progress."""
        if self.session.running:
            self.query_one(StatusLine).flash_hint()
            return
        self.show_banner(None)
        self.session.show_recorded(run)
        if self.has_class("-folded"):
            self.action_show_pane("chart")
        self._show_others()

    # Messages of threads and widgets

    def on_snapshot_arrived(self, message: SnapshotArrived[str]) -> None:
        if self.session.take(message):
            self._taken(message.snapshot)

    def _taken(self, snapshot: Snapshot) -> None:
        if not snapshot.is_final:
            self._show_newest(snapshot)
            return
        self.query_one(TitleBar).show_target(self.target.label)
        self._show_others()
        if isinstance(snapshot.stopped_by, TargetError):
            self._show_failure(snapshot.stopped_by)

    def on_comparison_arrived(self, message: ComparisonArrived) -> None:
        if self.session.take_comparison(message):
            self._taken(message.state.whole)

    def on_run_failed(self, message: RunFailed) -> None:
        if self.session.fail(message):
            self._show_failure(message.error)
            self._show_others()

    def on_target_progressed(self, message: TargetProgressed) -> None:
        self._say(message.text)

    def on_target_opened(self, message: TargetOpened) -> None:
        self.query_one(TitleBar).show_target(self.target.label)
        if message.error is not None:
            self._show_failure(message.error)
        else:
            self._say("Ready.")

    def _say(self, text: str) -> None:
        """Say something on the status line, unless it shows a run."""
        if not self.session.running:
            self.query_one(StatusLine).say(text)

    def on_scenario_edited(self, message: ScenarioEdited) -> None:
        self._show_promise(message.scenario or self._scenario)

    def on_invocation_selected(self, message: InvocationSelected) -> None:
        if (snapshot := self.session.on_screen) is not None:
            self.query_one(Results).show_tasks(snapshot, message.invocation)

    # Showing

    def _show_runs(self) -> None:
        session, snapshot, results = self.session, self.session.shown, self.query_one(Results)
        with self.app.batch_update():
            if session.comparing is not None:
                results.show_comparison(session.comparing, snapshot)
            else:
                results.show_run(session.latest, session.previous)
            self.query_one(Feed).show_run(snapshot)
            if snapshot is not None:
                results.show_tasks(snapshot, self.query_one(Feed).newest())

    def _show_failure(self, error: LambdaTuiError) -> None:
        self.show_banner(f"{error} The key r restarts the target.")

    def _show_promise(self, scenario: Scenario) -> None:
        self._scenario, kind = scenario, self.target.kind
        self.query_one(DurationPlot).welcome(*welcome_lines(scenario, kind))
        self.query_one(Controls).show_hints(cpu_line(scenario.memory_mb, kind), promise_line(scenario, kind))

    # Reading, copying, exporting

    def help_text(self) -> Content:
        return help_text()

    def explanation(self) -> Explanation | None:
        snapshot = self.session.on_screen
        if snapshot is None or not snapshot.bill.invocations:
            return None
        from lambda_tui.billing.explain import explain  # noqa: PLC0415  (not needed for the first paint)

        text = explain(snapshot.bill, currency=snapshot.bill.currency)
        return Explanation("How this bill is calculated", text, MARGINAL_PRICES)

    def copied(self) -> str:
        from lambda_tui.tui.export import summary_text  # noqa: PLC0415  (not needed for the first paint)

        snapshot, feed = self.session.on_screen, self.query_one(Feed)
        row = feed.newest() if feed.has_focus else None
        summary = "" if snapshot is None else summary_text(snapshot)
        return summary if row is None else feed_row(row).strip()

    def exports(self) -> Iterable[Document]:
        from lambda_tui.tui.export import run_export  # noqa: PLC0415  (not needed for the first paint)

        return map(run_export, self.session.runs_on_screen)
