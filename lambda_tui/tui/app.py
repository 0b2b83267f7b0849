"""The application: themes, screens, the target, and leaving."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import PurePath
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from lambda_tui.errors import InvalidInput, StorageError
from lambda_tui.load.series import ComparisonFactory, RunFactory
from lambda_tui.scenario import Scenario, prepare_validation
from lambda_tui.targets.protocol import Target
from lambda_tui.tui import theme
from lambda_tui.tui.dialogs.question import Question
from lambda_tui.tui.explore.controls import Controls
from lambda_tui.tui.explore.first_scenario import FIRST_SCENARIO
from lambda_tui.tui.explore.screen import ExploreScreen
from lambda_tui.tui.measured_runs import comparison_of, run_of
from lambda_tui.tui.mode_screen import ModeScreen
from lambda_tui.tui.modes import ENVIRONMENTS, EXPLORE, HISTORY, PROGRAM_KEYS, WHATIF
from lambda_tui.tui.textual_internals import LastingNotices, LateStyles, TerminalDriver

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore, RecordedRun
    from lambda_tui.tui.environments.screen import EnvironmentsScreen

PAINT_REACHES_TERMINAL_S = 0.03
"""Textual writes in a thread, which would have to share the interpreter with all that comes after."""

COLLECTED_FROM_OBJECTS = 10_000


class LambdaTui(LateStyles, LastingNotices):
    """The terminal user interface. It opens `target` and the history itself; its owner
    closes them."""

    TITLE = "lambda-tui"
    DEFAULT_MODE = "explore"
    # With the application rather than with its screen: a screen's style sheet parses all others again.
    CSS_PATH: ClassVar[list[str | PurePath]] = ["frame.tcss", "explore/explore.tcss"]
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [*PROGRAM_KEYS]

    def __init__(
        self,
        target: Target,
        open_history: Callable[[], HistoryStore] | None = None,
        scenario: Scenario = FIRST_SCENARIO,
        *,
        start_run: RunFactory | None = None,
        start_comparison: ComparisonFactory | None = None,
    ) -> None:
        super().__init__()
        self.target = target
        self._open_history = open_history
        self._history: HistoryStore | None = None
        self._start_run = start_run or (lambda scenario: run_of(scenario, target, self.history))
        compared = start_comparison or (lambda scenario: comparison_of(scenario, target, self.history))
        for own in theme.THEMES:
            self.register_theme(own)
        self.theme = theme.DARK.name
        self.explore = ExploreScreen(target, scenario, self._start_run, compared)
        self._environments: EnvironmentsScreen | None = None
        for mode, screen in (
            (EXPLORE, lambda: self.explore),
            (WHATIF, self._whatif_screen),
            (ENVIRONMENTS, self._environments_screen),
            (HISTORY, self._history_screen),
        ):
            self.add_mode(mode.name, screen)
        # The first screen is 100,000 objects and hardly any garbage: 50 of 350 ms until the paint.
        gc.disable()

    def get_driver_class(self) -> type[Driver]:
        chosen = super().get_driver_class()
        return TerminalDriver if chosen is LinuxDriver else chosen

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.variable_defaults(dark=self.current_theme.dark)

    def on_mount(self) -> None:
        self.shows_screen = True
        # After a suspension Textual paints only what has changed since.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.call_after_refresh(self.set_timer, PAINT_REACHES_TERMINAL_S, self._begin)

    def _begin(self) -> None:
        """What the first paint does not wait for."""
        gc.enable()
        # What a run measures stays: looking through it every 700 objects costs a frame a tenth of its time.
        gc.set_threshold(COLLECTED_FROM_OBJECTS, 10, 10)
        self.explore.session.open_once()
        # What reads the form is 80 ms of imports: the first edit should not wait for them.
        Thread(target=prepare_validation, daemon=True).start()
        self.history  # noqa: B018  (a folder that cannot be written is said now and not at the first run)

    @property
    def history(self) -> HistoryStore | None:
        """Where runs are recorded; opened when first asked for, None where there is none."""
        if self._open_history is not None:
            opened, self._open_history = self._open_history, None
            try:
                self._history = opened()
            except StorageError as error:
                self.notify(
                    f"{error} Runs are not recorded.", title=error.title, severity="warning", markup=False
                )
        return self._history

    # The screens that the first paint does not need are imported when first shown.

    def _whatif_screen(self) -> ModeScreen:
        from lambda_tui.tui.whatif.screen import WhatIfScreen  # noqa: PLC0415

        return WhatIfScreen(self.target, lambda: self.explore.session.shown, self.history)

    def _environments_screen(self) -> ModeScreen:
        from lambda_tui.tui.environments.screen import EnvironmentsScreen  # noqa: PLC0415

        self._environments = EnvironmentsScreen(
            self.target,
            self._start_run,
            latest_run=lambda: self.explore.session.shown,
            is_running=lambda: self.explore.session.running,
            scenario=self._chosen_scenario,
            history=self.history,
        )
        return self._environments

    def _history_screen(self) -> ModeScreen:
        from lambda_tui.tui.history.screen import HistoryScreen  # noqa: PLC0415

        return HistoryScreen(self.target, self.history, self._open_in_explore)

    def _open_in_explore(self, run: RecordedRun) -> None:
        self.switch_mode(EXPLORE.name)
        self.explore.show_recorded(run)

    def _chosen_scenario(self) -> Scenario:
        """What the form of Explore says; the run on screen while it says nothing usable."""
        try:
            return self.explore.query_one(Controls).scenario()
        except InvalidInput:
            shown = self.explore.session.shown
            return FIRST_SCENARIO if shown is None else shown.scenario

    @property
    def _run_in_progress(self) -> bool:
        clicks = self._environments
        return self.explore.session.running or (clicks is not None and clicks.running)

    def action_leave(self) -> None:
        """Quit; ask first while a run is in progress."""
        if not self._run_in_progress:
            self._leave()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._leave()

        text = "A run is in progress. What was measured so far is kept."
        self.push_screen(Question("Quit?", text, yes="Stop and quit", no="Stay"), answered)

    async def action_quit(self) -> None:
        self._leave()

    def action_help_quit(self) -> None:
        """Ctrl+C stops a run; without one it says how to quit."""
        if self.explore.session.running:
            self.explore.session.stop()
        elif self._environments is not None and self._environments.running:
            self._environments.clicks.stop()
        else:
            self.notify("Press q to quit.", timeout=3)

    def _leave(self) -> None:
        self.explore.session.leave()
        if self._environments is not None:
            self._environments.clicks.leave()
        self.exit()

    def action_next_theme(self) -> None:
        cycle = theme.CYCLE_WITHOUT_COLOUR if self.no_color else theme.CYCLE
        position = cycle.index(self.theme) + 1 if self.theme in cycle else 0
        self.theme = cycle[position % len(cycle)]
        self.notify(f"Theme: {self.theme}", timeout=2)
