"""Explore: choose, press Enter, watch durations and dollars; `a` lays all models side by side."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import OptionList, Static

from lambda_tui.aws_facts import DEFAULT_REGION
from lambda_tui.billing import Rates, load_prices
from lambda_tui.errors import InvalidInput, LambdaTuiError, TargetError
from lambda_tui.load.series import RunFactory
from lambda_tui.load.snapshot import InvocationLog, Snapshot
from lambda_tui.results import Invocation
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel, Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.consent import SpendingGate
from lambda_tui.tui.dialogs.explanation import explanation_content, reading_width
from lambda_tui.tui.dialogs.windows import Reading
from lambda_tui.tui.explore.bill_pane import BillPane
from lambda_tui.tui.explore.controls import Controls
from lambda_tui.tui.explore.duration_plot import DurationPlot
from lambda_tui.tui.explore.feed import Feed
from lambda_tui.tui.explore.feed_rows import feed_row
from lambda_tui.tui.explore.folding import CONTAINERS, PANES, SMALLEST, containers_of, layout_class
from lambda_tui.tui.explore.keys import EXPLORE_KEYS
from lambda_tui.tui.explore.model_comparison import ModelComparison
from lambda_tui.tui.explore.push_button import PushButton
from lambda_tui.tui.explore.statistics import MoneyLine, StatisticsLines
from lambda_tui.tui.explore.status_line import StatusLine
from lambda_tui.tui.explore.task_picture import TaskPicture
from lambda_tui.tui.explore.texts import (
    MARGINAL_PRICES,
    cpu_line,
    help_text,
    promise_line,
    welcome_lines,
)
from lambda_tui.tui.messages import (
    AllModelsRequested,
    InvocationSelected,
    RunFailed,
    RunRequested,
    ScenarioEdited,
    SnapshotArrived,
    TargetOpened,
    TargetProgressed,
    ThreadCrashed,
)
from lambda_tui.tui.session import ExploreSession
from lambda_tui.tui.widgets.key_bar import KeyBar
from lambda_tui.tui.widgets.model_picker import ModelPicker
from lambda_tui.tui.widgets.pane_tabs import PaneTabs
from lambda_tui.tui.widgets.title_bar import Modes, TitleBar
from lambda_tui.wording.numbers import plural
from lambda_tui.wording.scenarios import model_and_memory, work_line


class ExploreScreen(Screen[None]):
    """Controls, chart, bill, task picture and feed around one ExploreSession."""

    AUTO_FOCUS = ""
    """The models get the focus after the first paint: before it, that restyles half the screen once more."""
    BINDINGS: ClassVar[list[BindingType]] = [*EXPLORE_KEYS]

    def __init__(self, target: Target, scenario: Scenario, start_run: RunFactory, modes: Modes) -> None:
        super().__init__()
        self._target = target
        self._scenario = scenario
        self._modes = modes
        self._gate = SpendingGate(self, target)
        self.session = ExploreSession(target, start_run, self.post_message)
        self._pane = "controls"
        self._feed_of = ""
        self._was_shown = False
        self._frozen: Snapshot | None = None

    @property
    def _shown(self) -> Snapshot | None:
        """The run as it is on screen."""
        return self._frozen or self.session.shown

    @property
    def scenario(self) -> Scenario:
        """What the form said when it last was valid."""
        return self._scenario

    def compose(self) -> ComposeResult:
        # With the right classes from the start, the style sheet is applied once to 100 widgets, not 3 times.
        self.set_classes(self._classes_for(*self.app.size))
        yield TitleBar(self._modes, "explore", self._target.label)
        yield Static(id="banner", markup=False)
        yield PaneTabs(id="tabs")
        with Vertical(id="body"):
            with Horizontal(id="top"):
                yield Controls(self._scenario, id="controls", classes="pane")
                with Vertical(id="results"):
                    with Horizontal(id="upper"):
                        with Vertical(id="chart", classes="pane") as chart:
                            chart.border_title = "Duration per invocation, ms"
                            yield DurationPlot()
                            yield StatisticsLines()
                            yield MoneyLine()
                        yield BillPane(id="bill", classes="pane")
                    with Vertical(id="tasks", classes="pane") as tasks:
                        tasks.border_title = "Last invocation, task by task"
                        yield TaskPicture()
                    yield ModelComparison(id="comparison", classes="pane")
            yield Feed(id="feed", classes="pane")
        yield StatusLine(id="status")
        yield KeyBar()
        yield Static(
            f"lambda-tui needs at least {SMALLEST[0]} columns and {SMALLEST[1]} rows.", id="too-small"
        )

    def on_mount(self) -> None:
        self._tell_promise(self._scenario)
        self._show_runs()
        self.call_after_refresh(self._focus_models)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """The first resume comes right after every widget was styled: once is enough."""
        event.refresh_styles = self._was_shown
        self._was_shown = True

    def _focus_models(self) -> None:
        if self.focused is None:
            self.query_one(ModelPicker).focus()

    # Layout

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width, event.size.height)

    def _arrange(self, width: int, height: int) -> None:
        comparing = self.session.tour is not None
        self.set_classes(self._classes_for(width, height))
        shown = containers_of(self._pane, comparing=comparing) if self.has_class("-folded") else CONTAINERS
        for name in CONTAINERS:
            self.query_one(f"#{name}").set_class(name not in shown, "-away")
        titles = [(name, "All models" if comparing and name == "chart" else title) for name, title in PANES]
        self.query_one(PaneTabs).show(titles, self._pane)

    def _classes_for(self, width: int, height: int) -> set[str]:
        tour = self.session.tour
        states = {
            "-comparing": tour is not None,
            "-compared": tour is not None and tour.running is None,
            "-paused": self._frozen is not None,
        }
        return {name for name, holds in states.items() if holds} | {layout_class(width, height)}

    def action_show_pane(self, name: str) -> None:
        """Show one pane of a folded screen."""
        self._pane = name
        self._arrange(*self.size)
        targets = {"controls": "ModelPicker", "feed": "#feed", "bill": "#bill"}
        focus = "#comparison" if name == "chart" and self.session.tour is not None else targets.get(name)
        self.set_focus(self.query_one(focus) if focus else None)

    def action_turn(self, by: int) -> None:
        if self.has_class("-folded"):
            names = [name for name, _ in PANES]
            self.action_show_pane(names[(names.index(self._pane) + by) % len(names)])

    # Runs

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter chooses in an open list and presses a focused button; everywhere else it runs."""
        if action in ("pause", "stop") and not self.session.running:
            return (self._frozen if action == "pause" else self.session.tour) is not None
        return not (action == "run" and isinstance(self.focused, OptionList | PushButton))

    @on(RunRequested)
    def action_run(self) -> None:
        """Run what the form says."""
        scenario = self._valid_scenario()
        if scenario is not None:
            self._confirmed(scenario, all_models=False)

    @on(AllModelsRequested)
    def action_all_models(self) -> None:
        scenario = self._valid_scenario()
        if scenario is not None:
            self._confirmed(scenario, all_models=True)

    def action_pause(self) -> None:
        """Freeze chart, figures, bill, tasks and feed, or show where the run is now."""
        newest = self.session.shown
        self._frozen = newest if self._frozen is None else None
        self.set_class(self._frozen is not None, "-paused")
        self._show_newest(newest)
        self.refresh_bindings()

    def _show_newest(self, snapshot: Snapshot | None) -> None:
        if self._frozen is not None and snapshot is not None:
            self.query_one(StatusLine).show_paused(snapshot)
            return
        self._show_runs()
        if snapshot is not None:
            self.query_one(StatusLine).show_run(snapshot, self.session.tour)

    def action_stop(self) -> None:
        if self.session.running:
            self.session.stop()
            if self._frozen is not None:
                self.action_pause()
        elif self.session.tour is not None:
            self.session.leave_tour()
            self._arrange(*self.size)
            self._show_newest(self.session.latest)
            self.refresh_bindings()

    def action_restart(self) -> None:
        if self.query_one("#banner").has_class("-shown"):
            self._show_banner(None)
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

    def _confirmed(self, scenario: Scenario, *, all_models: bool) -> None:
        scenarios, how = [scenario], ""
        if all_models:
            scenarios = [scenario.with_changes(concurrency=model) for model in CONCURRENCY_MODELS]
            how = f"through all seven models, each {plural(scenario.planned_invocations, 'time')}"
        self._gate.enter(
            scenarios, lambda: self._start(scenario, all_models=all_models), self._show_banner, how=how
        )

    def _start(self, scenario: Scenario, *, all_models: bool) -> None:
        self._show_banner(None)
        self._frozen = None
        if all_models:
            self.session.run_all_models(scenario)
        else:
            self.session.run(scenario)
        if self.has_class("-folded") and (self._pane == "controls" or all_models):
            self.action_show_pane("chart")
        self._arrange(*self.size)
        self._show_runs()
        self.refresh_bindings()

    # What threads and widgets tell

    def on_snapshot_arrived(self, message: SnapshotArrived[ConcurrencyModel]) -> None:
        if not self.session.take(message):
            return
        snapshot = message.snapshot
        self._show_newest(snapshot)
        if snapshot.is_final:
            self._show_target()
            self._arrange(*self.size)
            self.refresh_bindings()
            if isinstance(snapshot.stopped_by, TargetError):
                self._show_banner(snapshot.stopped_by)

    def on_run_failed(self, message: RunFailed) -> None:
        if self.session.fail(message):
            self._show_banner(message.error)
            self._show_runs()
            self.refresh_bindings()

    def on_thread_crashed(self, message: ThreadCrashed) -> None:
        raise message.error

    def on_target_progressed(self, message: TargetProgressed) -> None:
        if not self.session.running:
            self.query_one(StatusLine).say(message.text)

    def on_target_opened(self, message: TargetOpened) -> None:
        self._show_target()
        if message.error is not None:
            self._show_banner(message.error)
        elif not self.session.running:
            self.query_one(StatusLine).say("Ready.")

    def on_scenario_edited(self, message: ScenarioEdited) -> None:
        try:
            self._scenario = self.query_one(Controls).scenario()
        except InvalidInput:
            return
        self._tell_promise(self._scenario)

    def on_invocation_selected(self, message: InvocationSelected) -> None:
        snapshot = self._shown
        if snapshot is not None:
            self._show_tasks(snapshot, message.invocation)

    # Showing

    def _show_runs(self) -> None:
        session, snapshot = self.session, self.session.shown
        rates = self._rates(snapshot.scenario) if snapshot else None
        with self.app.batch_update():
            if session.tour is not None:
                comparison = self.query_one(ModelComparison)
                comparison.show(session.tour.runs, session.tour.running)
                comparison.border_title = f"All models · {work_line(session.tour.scenario)}"
            else:
                self._show_chart(session.latest, session.previous)
            self.query_one(BillPane).show(snapshot, None if session.tour else session.previous, rates)
            self._show_feed(snapshot)
            if snapshot is not None:
                self._show_tasks(snapshot, self.query_one(Feed).newest())

    def _show_chart(self, latest: Snapshot | None, previous: Snapshot | None) -> None:
        self.query_one(DurationPlot).show(latest, previous)
        self.query_one(StatisticsLines).show_run(latest)
        self.query_one(MoneyLine).show_run(latest, previous)
        self.query_one("#chart").border_subtitle = "" if latest is None else model_and_memory(latest.scenario)

    def _show_feed(self, snapshot: Snapshot | None) -> None:
        run_id = snapshot.run_id if snapshot else ""
        log = snapshot.invocations if snapshot else InvocationLog([])
        self.query_one(Feed).show(log, same_run=run_id == self._feed_of)
        self._feed_of = run_id

    def _show_tasks(self, snapshot: Snapshot, invocation: Invocation | None) -> None:
        picture = self.query_one(TaskPicture)
        picture.show(invocation, snapshot.scenario.concurrency)
        self.query_one("#tasks").border_subtitle = picture.caption()

    def _show_target(self) -> None:
        self.query_one(TitleBar).show_target(self._target.label)

    def _show_banner(self, error: LambdaTuiError | None) -> None:
        banner = self.query_one("#banner", Static)
        banner.set_class(error is not None, "-shown")
        if error is not None:
            banner.update(f"{error} The key r restarts the target.")

    def _tell_promise(self, scenario: Scenario) -> None:
        kind = self._target.kind
        self.query_one(DurationPlot).welcome(*welcome_lines(scenario, kind))
        self.query_one(Controls).tell(cpu_line(scenario.memory_mb, kind), promise_line(scenario, kind))

    def _rates(self, scenario: Scenario) -> Rates:
        shown = self.session.shown
        region = shown.target.region if shown is not None and shown.target is not None else DEFAULT_REGION
        return load_prices().rates(region, scenario.architecture)

    # Reading, copying, exporting

    def action_help(self) -> None:
        self.app.push_screen(Reading("Help", help_text()))

    def action_explain(self) -> None:
        snapshot = self._shown
        if snapshot is None or not snapshot.bill.invocations:
            self.notify("There is no bill yet: press Enter to run.", severity="warning")
            return
        from lambda_tui.billing.explain import explain  # noqa: PLC0415  (not needed for the first paint)

        text = explain(snapshot.bill, currency=snapshot.bill.currency)
        content = explanation_content(text, MARGINAL_PRICES, reading_width(self.size.width))
        self.app.push_screen(Reading("How this bill comes about", content))

    def action_copy(self) -> None:
        from lambda_tui.tui.export import summary_text  # noqa: PLC0415  (brings SQLite along)

        snapshot, feed = self._shown, self.query_one(Feed)
        row = feed.newest() if feed.has_focus else None
        if snapshot is None:
            self.notify("Nothing was run yet.", severity="warning")
            return
        text = feed_row(row).strip() if row is not None else summary_text(snapshot)
        self.app.copy_to_clipboard(text)
        self.notify(text, title="Copied", markup=False)

    def action_export(self) -> None:
        from lambda_tui.tui.export import export_and_tell  # noqa: PLC0415  (brings SQLite along)

        runs = list(self.session.tour.runs.values()) if self.session.tour else [self._shown]
        export_and_tell(self, [run for run in runs if run is not None])
