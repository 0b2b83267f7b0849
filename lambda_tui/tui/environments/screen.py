"""Environments: a lane per execution environment over time, and the same clicks at once and spread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer

from lambda_tui.load.series import RunFactory
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.dialogs.run_picker import RunPicker, choice_of, recorded_runs
from lambda_tui.tui.environments import texts
from lambda_tui.tui.environments.clicks_view import ClicksView
from lambda_tui.tui.environments.keys import ENVIRONMENTS_KEYS
from lambda_tui.tui.environments.lanes_view import LanesView
from lambda_tui.tui.environments.run_timeline import ShownRun
from lambda_tui.tui.mode_screen import Explanation, ModeScreen
from lambda_tui.tui.modes import ENVIRONMENTS
from lambda_tui.tui.opening import RunOpened, open_run
from lambda_tui.tui.widgets.flat_text import FlatText

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore
    from lambda_tui.tui.export import Document

LOOK_INTERVAL_S = 0.1


class EnvironmentsScreen(ModeScreen):
    """The lanes of one run; or the scene of the clicks."""

    MODE = ENVIRONMENTS
    CSS_PATH = "environments.tcss"
    AUTO_FOCUS = "Lanes"
    BINDINGS: ClassVar[list[BindingType]] = [*ENVIRONMENTS_KEYS]

    def __init__(
        self,
        target: Target,
        start_run: RunFactory,
        *,
        latest_run: Callable[[], Snapshot | None],
        is_running: Callable[[], bool],
        scenario: Callable[[], Scenario],
        history: HistoryStore | None,
    ) -> None:
        super().__init__(target)
        self._latest_run = latest_run
        self._is_running = is_running
        self._history = history
        self._opened_over: str | None = None
        self._is_paused = False
        self._look: Timer | None = None
        self._opening: Thread | None = None
        self._lanes_view = LanesView(id="lanes-view")
        self._clicks_view = ClicksView(target, start_run, scenario)
        self.clicks = self._clicks_view.session

    def compose_content(self) -> ComposeResult:
        yield self._lanes_view
        yield self._clicks_view
        yield FlatText(id="state")

    def on_mount(self) -> None:
        self._look = self.set_interval(LOOK_INTERVAL_S, self._look_at_run, pause=True)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        self._look_at_run()

    def on_screen_suspend(self) -> None:
        if self._look is not None:
            self._look.pause()

    def classes_for(self, width: int, height: int) -> set[str]:
        states = {
            "-clicks": self._shows_clicks,
            "-empty": self._lanes_view.run is None,
        }
        return super().classes_for(width, height) | {name for name, holds in states.items() if holds}

    def arranged(self) -> None:
        self._lanes_view.is_small = not self.has_class("-wide")
        # The lanes know their new width after their own resize.
        self.call_after_refresh(self._show)

    # The run on screen

    def _look_at_run(self) -> None:
        """Take the newest state of the last run. The timer runs only while there can be a newer one."""
        snapshot = self._latest()
        if self._look is not None:
            (self._look.resume if self._is_running() else self._look.pause)()
        if snapshot is None or self._is_paused or snapshot.run_id == self._opened_over:
            return
        self._opened_over = None
        run = ShownRun.of_snapshot(snapshot)
        if run != self._lanes_view.run:
            self._take(run)

    def _latest(self) -> Snapshot | None:
        """The run that was started last, on screen 1 or as one half of the clicks."""
        latest = self._latest_run()
        runs = [*self.clicks.runs.values(), *([] if latest is None else [latest])]
        return max(runs, key=lambda run: run.started_at, default=None)

    def _take(self, run: ShownRun) -> None:
        was_live = self._is_live
        self._lanes_view.take(run)
        self.set_class(False, "-empty")
        self._show_state()
        if was_live != self._is_live:
            self.refresh_bindings()

    @property
    def _is_live(self) -> bool:
        """There is something to pause or to follow."""
        run = self._lanes_view.run
        return self._is_paused or (run is not None and run.live)

    def _show(self) -> None:
        self._lanes_view.show()
        self._show_state()

    def _show_state(self) -> None:
        self.query_one("#state", FlatText).show(Content(self._state()))

    def _state(self) -> str:
        if self._shows_clicks:
            return self._clicks_view.state()
        if self._is_paused:
            return "Paused: the view stands still, the run goes on. z shows it as it is now."
        return self._lanes_view.state()

    @on(LanesView.Moved)
    def _moved(self) -> None:
        self._show_state()

    # Moving

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the lanes do nothing, and are not in the footer, while the clicks are on screen; those of
        a live run neither once it is over."""
        if action in ("pause", "follow") and not self._is_live:
            return False
        lanes_only = action in ("zoom", "fit", "follow", "dense", "pause", "open")
        return not (lanes_only and self._shows_clicks)

    def action_zoom(self, factor: float) -> None:
        self._lanes_view.zoom(factor)

    def action_fit(self) -> None:
        self._lanes_view.fit()

    def action_follow(self) -> None:
        self._lanes_view.follow()

    def action_dense(self) -> None:
        self._lanes_view.toggle_dense()

    def action_pause(self) -> None:
        """Freeze the view; the run and its recording go on."""
        self._is_paused = not self._is_paused
        self._look_at_run()
        self._show_state()
        self.refresh_bindings()

    # The numbers

    def explanation(self) -> Explanation | None:
        """How every number on screen is calculated."""
        text = (self._clicks_view if self._shows_clicks else self._lanes_view).explained()
        return Explanation("How these numbers are calculated", text, texts.CLOCK) if text else None

    def copied(self) -> str:
        return (self._clicks_view if self._shows_clicks else self._lanes_view).summary()

    def exports(self) -> Iterable[Document]:
        from lambda_tui.tui.export import run_export  # noqa: PLC0415  (not needed for the first paint)

        run = self._lanes_view.run
        shown = [] if run is None else [run.source]
        return [run_export(each) for each in (self.clicks.runs.values() if self._shows_clicks else shown)]

    def help_text(self) -> Content:
        return texts.help_text()

    def action_back(self) -> None:
        if self.clicks.running is not None:
            self.clicks.stop()
        elif self._shows_clicks:
            self._show_clicks(False)

    # A run of the history

    def action_open(self) -> None:
        choices = [choice_of(listing) for listing in recorded_runs(self, self._history)]
        if choices:
            self.app.push_screen(RunPicker("Show a run", choices), self._open)

    def _open(self, run_id: str | None) -> None:
        if run_id is not None and self._history is not None:
            self.query_one("#state", FlatText).show(Content("Reading the run …"))
            self._opening = open_run(run_id, self._history, self.post_message)

    def on_run_opened(self, message: RunOpened) -> None:
        if message.error is not None:
            self.notify_error(message.error)
        if message.run is not None:
            latest = self._latest()
            self._opened_over = latest.run_id if latest is not None else None
            self._take(ShownRun.of_recorded(message.run))

    # The clicks

    @property
    def running(self) -> bool:
        """A run of the clicks is in progress."""
        return self.clicks.running is not None

    @property
    def _shows_clicks(self) -> bool:
        return self.has_class("-clicks")

    @on(ClicksView.Requested)
    def action_clicks(self) -> None:
        """Show the scene; run it if it has not run yet or was on screen already."""
        was_shown = self._shows_clicks
        self._show_clicks(True)
        if self.running or not (was_shown or not self.clicks.runs):
            return
        if self._is_running():
            self.notify("A run is in progress: wait for it, or stop it on screen 1.", severity="warning")
            return
        self.show_banner(None)
        self._clicks_view.run()

    def _show_clicks(self, shown: bool) -> None:
        self.set_class(shown, "-clicks")
        self._clicks_view.promise()
        self.set_focus(self.query_one("#run-both" if shown else "#lanes"))
        if not shown:
            self.show_banner(None)
            self.call_after_refresh(self._look_at_run)
        self.refresh_bindings()
        self._show_state()

    @on(ClicksView.Changed)
    def _clicks_changed(self, message: ClicksView.Changed) -> None:
        if message.error is not None:
            self.show_banner(f"{message.error.title}: {message.error}")
        self._show_state()
