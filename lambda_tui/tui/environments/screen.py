"""Environments: a lane per execution environment over time, and the same clicks at once and spread."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static

from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.series import RunFactory
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.dialogs.explanation import explanation_content, reading_width
from lambda_tui.tui.dialogs.run_picker import RunPicker, choice_of, recorded_runs
from lambda_tui.tui.dialogs.windows import Reading
from lambda_tui.tui.drawing.time_window import TimeView
from lambda_tui.tui.environments import texts
from lambda_tui.tui.environments.clicks_view import ClicksView
from lambda_tui.tui.environments.explained import moment_explained, run_explained, run_summary
from lambda_tui.tui.environments.keys import ENVIRONMENTS_KEYS
from lambda_tui.tui.environments.lanes import Lanes
from lambda_tui.tui.environments.occupancy_chart import OccupancyChart
from lambda_tui.tui.environments.opening import RunOpened, open_run
from lambda_tui.tui.environments.run_timeline import RunTimeline, ShownRun
from lambda_tui.tui.export import export_and_tell
from lambda_tui.tui.messages import ThreadCrashed
from lambda_tui.tui.widgets.border_text import set_border
from lambda_tui.tui.widgets.flat_text import FlatText
from lambda_tui.tui.widgets.key_bar import KeyBar
from lambda_tui.tui.widgets.title_bar import Modes, TitleBar
from lambda_tui.wording.numbers import plural
from lambda_tui.wording.scenarios import model_and_memory

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore

WIDE = (120, 36)
SMALLEST = (60, 16)
LOOK_INTERVAL_S = 0.1


class EnvironmentsScreen(Screen[None]):
    """Figures, busy environments and lanes of one run; or the scene of the clicks."""

    CSS_PATH = "environments.tcss"
    AUTO_FOCUS = "Lanes"
    BINDINGS: ClassVar[list[BindingType]] = [*ENVIRONMENTS_KEYS]

    def __init__(
        self,
        modes: Modes,
        target: Target,
        start_run: RunFactory,
        *,
        latest_run: Callable[[], Snapshot | None],
        is_running: Callable[[], bool],
        scenario: Callable[[], Scenario],
        history: HistoryStore | None,
    ) -> None:
        super().__init__()
        self._modes = modes
        self._target = target
        self._latest_run = latest_run
        self._is_running = is_running
        self._scenario = scenario
        self._history = history
        self._lanes = RunTimeline()
        self._opened_over: str | None = None
        self._paused = False
        self._look: Timer | None = None
        self._opening: Thread | None = None
        self._view = ClicksView(target, start_run, scenario)
        self.clicks = self._view.session

    def compose(self) -> ComposeResult:
        yield TitleBar(self._modes, "environments", self._target.label)
        yield Static(id="banner", markup=False)
        with Vertical(id="lanes-view"):
            yield FlatText(id="figures", classes="pane")
            with Vertical(id="occupancy", classes="pane"):
                yield OccupancyChart()
            yield Lanes(id="lanes").add_class("pane")
            yield Static(texts.welcome_text(), id="welcome", classes="pane")
            yield FlatText(id="moment", classes="pane")
        yield self._view
        yield FlatText(id="state")
        yield KeyBar()
        yield Static(
            f"lambda-tui needs at least {SMALLEST[0]} columns and {SMALLEST[1]} rows.", id="too-small"
        )

    def on_mount(self) -> None:
        self.query_one("#figures").border_title = "Run"
        self.query_one("#occupancy").border_title = "Busy environments"
        self.query_one("#moment").border_title = "At the cursor"
        self._look = self.set_interval(LOOK_INTERVAL_S, self._look_at_run, pause=True)
        self._arrange(*self.size)
        self._show()

    def on_screen_resume(self) -> None:
        self.query_one(TitleBar).show_target(self._target.label)
        self._look_at_run()

    def on_screen_suspend(self) -> None:
        if self._look is not None:
            self._look.pause()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width, event.size.height)
        # The lanes know their new width after their own resize.
        self.call_after_refresh(self._show)

    def _arrange(self, width: int, height: int) -> None:
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")
        self.set_class(width < WIDE[0] or height < WIDE[1], "-small")

    # The run on screen

    def _look_at_run(self) -> None:
        """Take the newest state of the last run. The timer runs only while there can be a newer one."""
        snapshot = self._latest()
        if self._look is not None:
            (self._look.resume if self._is_running() else self._look.pause)()
        if snapshot is None or self._paused or snapshot.run_id == self._opened_over:
            return
        self._opened_over = None
        run = ShownRun.of_snapshot(snapshot)
        if run != self._lanes.run:
            self._take(run)

    def _latest(self) -> Snapshot | None:
        """The run that was started last, on screen 1 or as one half of the clicks."""
        latest = self._latest_run()
        runs = [*self.clicks.runs.values(), *([] if latest is None else [latest])]
        return max(runs, key=lambda run: run.started_at, default=None)

    def _take(self, run: ShownRun) -> None:
        was_live = self._is_live
        if self._lanes.take(run):
            self.query_one(Lanes).start_over()
        self._show()
        if was_live != self._is_live:
            self.refresh_bindings()

    @property
    def _is_live(self) -> bool:
        """There is something to pause or to follow."""
        return self._paused or (self._lanes.run is not None and self._lanes.run.live)

    def _show(self) -> None:
        run, lanes = self._lanes.run, self.query_one(Lanes)
        self.set_class(run is None, "-empty")
        with self.app.batch_update():
            if run is not None:
                lanes.show(
                    self._lanes.timeline.lanes,
                    self._lanes.now_ms,
                    live=run.live,
                    model=run.scenario.concurrency,
                    idle_limit_ms=self._lanes.idle_limit_ms,
                )
            self._show_figures()
            self._show_window()
        self._say_state()

    def _show_figures(self) -> None:
        counts = self._lanes.counts()
        figures = texts.counts_figures(counts)
        small = self.has_class("-small")
        pane = self.query_one("#figures", FlatText)
        width = self.size.width - 4
        pane.show((texts.small_figures if small else texts.big_figures)(figures, width))
        run = self._lanes.run
        if run is not None:
            name = f"{run.scenario.name} · " if run.scenario.name else ""
            subtitle = f"{name}{model_and_memory(run.scenario)}"
            set_border(pane, title=f"Run {run.run_id}", subtitle=subtitle)
        unnamed = f" · {plural(counts.unnamed, 'unnamed lane')} inferred" if counts.unnamed else ""
        set_border(self.query_one(Lanes), title=f"Environments{unnamed}")

    def _show_window(self) -> None:
        """What depends on the window and the cursor."""
        lanes, run = self.query_one(Lanes), self._lanes.run
        if run is not None:
            chart = self.query_one(OccupancyChart)
            chart.show_run(self._lanes.timeline, lanes.window, run.scenario.concurrency)
        occupancy = self._lanes.timeline.occupancy
        peak_at_ms = occupancy.peak_at_ms
        if peak_at_ms is not None:
            peak = f"peak {occupancy.peak:,} at {texts.duration_text(peak_at_ms)}"
            set_border(self.query_one("#occupancy"), subtitle=peak)
        first, last = lanes.seen
        total = len(self._lanes.timeline.lanes)
        if run is not None:
            seen, model = f"{first:,}–{last:,} of {total:,}" if total else "", run.scenario.concurrency
            set_border(lanes, subtitle=texts.legend_line(seen, model, small=self.has_class("-small")))
        lane = lanes.lane
        gone_ms = 0.0 if lane is None else lane.end_ms(self._lanes.now_ms, self._lanes.idle_limit_ms)
        self.query_one("#moment", FlatText).show(
            texts.moment_text(
                lane, lanes.lane_number, lanes.cursor_ms, gone_ms, short=self.has_class("-small")
            )
        )

    def _say_state(self) -> None:
        self.query_one("#state", FlatText).show(Content(self._state()))

    def _state(self) -> str:
        run = self._lanes.run
        if self.has_class("-clicks"):
            return self._view.state()
        if self._paused:
            return "Paused: the view stands still, the run goes on. z shows it as it is now."
        if run is None:
            return "Nothing was run yet."
        if run.live:
            return f"▸ {plural(len(run.invocations), 'answer')} so far · {self._following()}"
        return f"{plural(len(run.invocations), 'request')} in {texts.duration_text(run.now_ms)}"

    def _following(self) -> str:
        view = self.query_one(Lanes).view
        if view.span_ms is None:
            return "the whole run is on screen"
        return "following the live end" if view.follow else "standing still: f follows the live end"

    @on(Lanes.Moved)
    def _moved(self) -> None:
        self._show_window()
        self._say_state()

    # Moving

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the lanes do nothing, and are not in the footer, while the clicks are on screen; those of
        a live run neither once it is over."""
        if action in ("pause", "follow") and not self._is_live:
            return False
        lanes_only = action in ("zoom", "fit", "follow", "dense", "pause", "open")
        return not (lanes_only and self.has_class("-clicks"))

    def action_zoom(self, factor: float) -> None:
        self.query_one(Lanes).zoom(factor)

    def action_fit(self) -> None:
        self.query_one(Lanes).set_view(TimeView())

    def action_follow(self) -> None:
        lanes = self.query_one(Lanes)
        lanes.set_view(TimeView(lanes.view.span_ms, lanes.view.start_ms, follow=True))

    def action_dense(self) -> None:
        lanes = self.query_one(Lanes)
        lanes.set_dense(not lanes.dense)
        self._show_window()

    def action_pause(self) -> None:
        """Freeze the view; the run and its recording go on."""
        self._paused = not self._paused
        self._look_at_run()
        self._say_state()
        self.refresh_bindings()

    # The numbers

    def action_explain(self) -> None:
        """How every number on screen comes about, what is at the cursor first."""
        lanes = self.query_one(Lanes)
        if self.has_class("-clicks"):
            text = self._view.explained()
        elif self._lanes.run is None:
            text = ""
        else:
            text = run_explained(self._lanes)
            if lanes.lane is not None and lanes.cursor_ms is not None:
                here = moment_explained(self._lanes, lanes.lane, lanes.lane_number, lanes.cursor_ms)
                text = f"{here}\n\n{text}" if here else text
        if not text:
            self.notify("Nothing was run yet.", severity="warning")
            return
        content = explanation_content(text, texts.CLOCK, reading_width(self.size.width))
        self.app.push_screen(Reading("How these numbers come about", content))

    def action_copy(self) -> None:
        text = self._view.summary() if self.has_class("-clicks") else run_summary(self._lanes)
        if not text:
            self.notify("Nothing was run yet.", severity="warning")
            return
        self.app.copy_to_clipboard(text)
        self.notify(text, title="Copied", markup=False)

    def action_export(self) -> None:
        shown = [self._lanes.run.source] if self._lanes.run is not None else []
        runs = list(self.clicks.runs.values()) if self.has_class("-clicks") else shown
        export_and_tell(self, runs)

    def action_help(self) -> None:
        self.app.push_screen(Reading("Environments", texts.help_text()))

    def action_back(self) -> None:
        if self.clicks.running is not None:
            self.clicks.stop()
        elif self.has_class("-clicks"):
            self._show_clicks(False)

    # A run of the history

    def action_open(self) -> None:
        choices = [choice_of(one) for one in recorded_runs(self, self._history)]
        if choices:
            self.app.push_screen(RunPicker("Show a run", choices), self._open)

    def _open(self, run_id: str | None) -> None:
        if run_id is not None and self._history is not None:
            self.query_one("#state", FlatText).show(Content("Reading the run …"))
            self._opening = open_run(run_id, self._history, self.post_message)

    @on(RunOpened)
    def _opened(self, message: RunOpened) -> None:
        if message.run is None:
            assert message.error is not None
            self.notify(str(message.error), title=message.error.title, severity="error")
            return
        latest = self._latest()
        self._opened_over = latest.run_id if latest is not None else None
        self._take(message.run)

    # The clicks

    @property
    def running(self) -> bool:
        """A run of the clicks is in progress."""
        return self.clicks.running is not None

    def stop(self) -> None:
        self.clicks.stop()

    def leave(self) -> None:
        """Stop, and wait a moment for what was measured to be recorded."""
        self.clicks.leave()

    @on(ClicksView.Requested)
    def action_clicks(self) -> None:
        """Show the scene; run it if it has not run yet or was on screen already."""
        was_shown = self.has_class("-clicks")
        self._show_clicks(True)
        if self.running or not (was_shown or not self.clicks.runs):
            return
        if self._is_running():
            self.notify("A run is in progress: wait for it, or stop it on screen 1.", severity="warning")
            return
        self._show_banner(None)
        self._view.run()

    def _show_clicks(self, shown: bool) -> None:
        self.set_class(shown, "-clicks")
        self._view.promise()
        self.set_focus(self.query_one("#run-both" if shown else "#lanes"))
        if not shown:
            self._show_banner(None)
            self.call_after_refresh(self._look_at_run)
        self.refresh_bindings()
        self._say_state()

    @on(ClicksView.Changed)
    def _clicks_changed(self, message: ClicksView.Changed) -> None:
        if message.error is not None:
            self._show_banner(message.error)
        self._say_state()

    def on_thread_crashed(self, message: ThreadCrashed) -> None:
        raise message.error

    def _show_banner(self, error: LambdaTuiError | None) -> None:
        banner = self.query_one("#banner", Static)
        banner.set_class(error is not None, "-shown")
        if error is not None:
            banner.update(f"{error.title}: {error}")
