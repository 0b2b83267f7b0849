"""Choosing a run of the history, and reading it without holding up the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from lambda_tui.errors import LambdaTuiError
from lambda_tui.tui.drawing.numbers import plural
from lambda_tui.tui.messages import ThreadCrashed
from lambda_tui.tui.run_timeline import ShownRun
from lambda_tui.tui.screens.texts import scenario_line
from lambda_tui.tui.threads import Post

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore, RunListing


@dataclass
class RunOpened(Message):
    """A run of the history was read, or `error` says why not."""

    run: ShownRun | None
    error: LambdaTuiError | None


def open_run(run_id: str, history: HistoryStore, post: Post) -> Thread:
    """Read a run in the background; RunOpened follows."""

    def read() -> None:
        try:
            post(RunOpened(ShownRun.of_recorded(history.load(run_id)), None))
        except LambdaTuiError as error:
            post(RunOpened(None, error))
        except Exception as error:  # noqa: BLE001  (thread boundary: raised again on the interface's thread)
            post(ThreadCrashed(error))

    thread = Thread(target=read, name="open-run", daemon=True)
    thread.start()
    return thread


class RunPicker(ModalScreen[str]):
    """The newest runs; Enter takes one, Esc leaves things as they are."""

    CSS_PATH = "../styles/dialogs.tcss"
    DEFAULT_CSS = """
    RunPicker { align: center middle; }
    RunPicker OptionList { height: auto; max-height: 20; background: $surface; padding: 0; }
    RunPicker OptionList, RunPicker OptionList:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "dismiss", "Close", id="run_picker.close", tooltip="Keep what is on screen"),
        Binding("j", "move(1)", "Down", id="run_picker.down", tooltip="Next run", show=False),
        Binding("k", "move(-1)", "Up", id="run_picker.up", tooltip="Previous run", show=False),
    ]

    def __init__(self, listings: Sequence[RunListing]) -> None:
        super().__init__()
        self._listings = listings

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Show a run"
            dialog.border_subtitle = "⏎ shows it   esc keeps"
            yield OptionList(*(Option(Content(_line(one)), id=one.run_id) for one in self._listings))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        (options.action_cursor_down if by > 0 else options.action_cursor_up)()


def _line(listing: RunListing) -> str:
    at = listing.started_at[5:16].replace("T", " ")
    what = listing.name or scenario_line(listing.scenario)
    return f"{at}  {what}  {plural(listing.invocations, 'invocation')}"
