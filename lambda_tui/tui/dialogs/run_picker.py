"""Choosing one of the recorded runs from a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from lambda_tui.errors import StorageError
from lambda_tui.wording.numbers import format_ms, plural
from lambda_tui.wording.scenarios import work_and_model

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore, RunListing

Choice = tuple[str, str]
"""What is returned, and the line that says what it is."""


def recorded_runs(screen: Screen[None], history: HistoryStore | None) -> list[RunListing]:
    """The newest runs; where there are none, `screen` says why."""
    try:
        runs = [] if history is None else history.runs()
    except StorageError as error:
        screen.notify(str(error), title=error.title, severity="error", markup=False)
        return []
    if not runs:
        screen.notify(why_none(history), severity="warning")
    return runs


def why_none(history: HistoryStore | None) -> str:
    """Why there is no run to choose."""
    return "There is no history in this session." if history is None else "No run is recorded yet."


def choice_of(listing: RunListing) -> Choice:
    """`11-25 10:02  http × 3, threads × 3, 512 MB  305 ms  20 invocations`, in local time."""
    scenario = listing.scenario
    at = datetime.fromisoformat(listing.started_at).astimezone().strftime("%m-%d %H:%M")
    what = listing.name or f"{work_and_model(scenario)}, {scenario.memory_mb:,} MB"
    if scenario.architecture != "x86_64":
        what += f" {scenario.architecture}"
    figures = f"{format_ms(listing.p50_ms)}  {plural(listing.invocations, 'invocation')}"
    return listing.run_id, f"{at}  {what}  {figures}"


class RunPicker(ModalScreen[str]):
    """Enter takes a choice, Esc leaves things as they are (None)."""

    CSS_PATH = "dialogs.tcss"
    DEFAULT_CSS = """
    RunPicker { align: center middle; }
    RunPicker OptionList { height: auto; max-height: 20; background: $surface; padding: 0; }
    RunPicker OptionList, RunPicker OptionList:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "close", "Close", id="run_picker.close", tooltip="Keep what is on screen"),
        Binding("j", "move('down')", "Down", id="run_picker.down", tooltip="Next run", show=False),
        Binding("k", "move('up')", "Up", id="run_picker.up", tooltip="Previous run", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._choices = choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "⏎ takes it   esc keeps"
            yield OptionList(*(Option(Content(text), id=choice) for choice, text in self._choices))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_move(self, direction: str) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if direction == "down" else options.action_cursor_up()
