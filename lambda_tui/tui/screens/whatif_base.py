"""Where a what-if question starts from: a run of this session or of the history, or typed numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
from lambda_tui.forecast.measured import MeasuredBase, RunOfSize, measured_base, shape_of
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.tui.drawing.numbers import format_ms
from lambda_tui.tui.messages import ThreadCrashed
from lambda_tui.tui.screens.whatif_texts import base_line
from lambda_tui.tui.threads import Post

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore, RunListing

TYPED = "typed"
LAST = "last"
"""Choices of the picker beside run ids."""

MOST_RUNS_OF_A_SHAPE = 24
"""Newest runs of one shape that are read for their measured points."""

LatestRun = Callable[[], Snapshot | None]


@dataclass
class BaseLoaded(Message):
    """A run was read and can be asked about; `error` says why not."""

    base: MeasuredBase | None
    region: str | None
    error: LambdaTuiError | None


def load_base(choice: str, latest: Snapshot | None, history: HistoryStore | None, post: Post) -> Thread:
    """Read a run and its relatives in the background; BaseLoaded follows."""

    def read() -> None:
        try:
            run, region = _run(choice, latest, history)
            base = measured_base(run, _relatives(run, history))
            post(BaseLoaded(base, region, None))
        except LambdaTuiError as error:
            post(BaseLoaded(None, None, error))
        except Exception as error:  # noqa: BLE001  (thread boundary: raised again on the interface's thread)
            post(ThreadCrashed(error))

    thread = Thread(target=read, name="load-base", daemon=True)
    thread.start()
    return thread


def _run(choice: str, latest: Snapshot | None, history: HistoryStore | None) -> tuple[RunOfSize, str | None]:
    if choice == LAST and latest is not None:
        return latest, latest.target.region if latest.target is not None else None
    assert history is not None
    recorded = history.load(choice)
    return recorded, None if recorded.target is None else recorded.target.document.get("region")


def _relatives(run: RunOfSize, history: HistoryStore | None) -> Iterator[RunOfSize]:
    """Runs of the same shape on the same kind of target."""
    if history is None:
        return
    listings = history.runs(limit=500)
    kind = next((one.target_kind for one in listings if one.run_id == run.run_id), None)
    shape = shape_of(run.scenario)
    alike = [
        one
        for one in listings
        if one.run_id != run.run_id and shape_of(one.scenario) == shape and kind in (None, one.target_kind)
    ]
    for listing in alike[:MOST_RUNS_OF_A_SHAPE]:
        yield history.load(listing.run_id)


class BasePicker(ModalScreen[str]):
    """Typed numbers, the last run, and the history; Enter takes one, Esc leaves things as they are."""

    CSS_PATH = "../styles/dialogs.tcss"
    DEFAULT_CSS = """
    BasePicker { align: center middle; }
    BasePicker OptionList { height: auto; max-height: 20; background: $surface; padding: 0; }
    BasePicker OptionList, BasePicker OptionList:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "close", "Close", id="picker.close", tooltip="Keep what is on screen"),
        Binding("j", "move('down')", "Down", id="picker.down", tooltip="Next run", show=False),
        Binding("k", "move('up')", "Up", id="picker.up", tooltip="Previous run", show=False),
    ]

    def __init__(self, latest: Snapshot | None, listings: Sequence[RunListing]) -> None:
        super().__init__()
        self._latest = latest
        self._listings = listings

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Start from"
            dialog.border_subtitle = "⏎ takes it   esc keeps"
            yield OptionList(*self._options())

    def _options(self) -> list[Option]:
        options = [Option("Typed numbers", id=TYPED)]
        if self._latest is not None:
            options.append(Option(f"Last run   {_line(self._latest.scenario)}", id=LAST))
        for listing in self._listings:
            at = listing.started_at[5:16].replace("T", " ")
            text = f"{at}  {_line(listing.scenario)}  {format_ms(listing.p50_ms)}"
            options.append(Option(Content(text), id=listing.run_id))
        return options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_move(self, direction: str) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if direction == "down" else options.action_cursor_up()


def _line(scenario: Scenario) -> str:
    return f"{base_line(scenario)}, {scenario.memory_mb:,} MB {scenario.architecture}"
