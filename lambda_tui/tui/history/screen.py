"""History: the recorded runs, the newest first; Enter opens one in Explore."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from lambda_tui.targets.protocol import Target
from lambda_tui.tui.dialogs.run_picker import choice_of, recorded_runs, why_none
from lambda_tui.tui.mode_screen import ModeScreen
from lambda_tui.tui.modes import HISTORY, closing_keys
from lambda_tui.tui.opening import RunOpened, open_run

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore, RecordedRun

_key = HISTORY.binding


class HistoryScreen(ModeScreen):
    """A list; `opened` is called with the run that was chosen."""

    MODE = HISTORY
    CSS_PATH = "history.tcss"
    AUTO_FOCUS = "#runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("j", "app.simulate_key('down')", "down", "Down", "Next run"),
        _key("k", "app.simulate_key('up')", "up", "Up", "Previous run"),
        *closing_keys(HISTORY),
    ]

    def __init__(
        self, target: Target, history: HistoryStore | None, opened: Callable[[RecordedRun], None]
    ) -> None:
        super().__init__(target)
        self._history = history
        self._opened = opened

    def compose_content(self) -> ComposeResult:
        yield OptionList(id="runs", classes="pane")

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        runs = self.query_one("#runs", OptionList)
        choices = [choice_of(listing) for listing in recorded_runs(self, self._history)]
        options = [Option(Content(text), id=run_id) for run_id, text in choices]
        chosen = runs.highlighted or 0
        runs.clear_options().add_options(options or [Option(why_none(self._history), disabled=True)])
        runs.highlighted = min(chosen, len(choices) - 1) if choices else None
        runs.border_title, runs.border_subtitle = "Recorded runs", "⏎ opens in Explore" if choices else ""

    def help_text(self) -> Content:
        return Content("Every run is recorded. Enter opens the chosen one in Explore, where x explains it.")

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        assert self._history is not None
        open_run(event.option.id or "", self._history, self.post_message)

    def on_run_opened(self, message: RunOpened) -> None:
        if message.error is not None:
            self.notify_error(message.error)
        if message.run is not None:
            self._opened(message.run)
