"""Where a what-if question starts from: a run of this session or of the history, or typed numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from textual.message import Message

from lambda_tui.errors import LambdaTuiError
from lambda_tui.forecast.measured import MeasuredBase, measured_base, shape_of
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.runs.measured import MeasuredRun
from lambda_tui.tui.dialogs.run_picker import Choice, choice_of
from lambda_tui.tui.threads import Post, in_background
from lambda_tui.wording.scenarios import work_and_model

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

    def read() -> BaseLoaded:
        run = _run(choice, latest, history)
        region = None if run.target is None else run.target.region
        return BaseLoaded(measured_base(run, _relatives(run, history)), region, None)

    return in_background("load-base", read, lambda error: BaseLoaded(None, None, error), post)


def _run(choice: str, latest: Snapshot | None, history: HistoryStore | None) -> MeasuredRun:
    if choice == LAST and latest is not None:
        return latest
    assert history is not None
    return history.load(choice)


def _relatives(run: MeasuredRun, history: HistoryStore | None) -> Iterator[MeasuredRun]:
    """Runs of the same shape on the same kind of target."""
    if history is None:
        return
    listings = history.runs(limit=500)
    kind = next((listing.target_kind for listing in listings if listing.run_id == run.run_id), None)
    shape = shape_of(run.scenario)
    alike = [
        listing
        for listing in listings
        if listing.run_id != run.run_id
        and shape_of(listing.scenario) == shape
        and kind in (None, listing.target_kind)
    ]
    for listing in alike[:MOST_RUNS_OF_A_SHAPE]:
        yield history.load(listing.run_id)


def base_choices(latest: Snapshot | None, listings: Sequence[RunListing]) -> list[Choice]:
    """Typed numbers, the last run, and the runs of the history that can be asked about."""
    choices = [(TYPED, "Typed numbers")]
    if latest is not None:
        scenario = latest.scenario
        choices.append((LAST, f"Last run     {work_and_model(scenario)}, {scenario.memory_mb:,} MB"))
    usable = (run for run in listings if run.state == "finished" and run.p50_ms is not None)
    return [*choices, *map(choice_of, usable)]
