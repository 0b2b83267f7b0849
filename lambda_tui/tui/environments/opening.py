"""Runs of the history for the Environments screen, read without holding it up."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from textual.message import Message

from lambda_tui.errors import LambdaTuiError
from lambda_tui.tui.environments.run_timeline import ShownRun
from lambda_tui.tui.threads import Post, in_background

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore


@dataclass
class RunOpened(Message):
    """A run of the history was read, or `error` says why not."""

    run: ShownRun | None
    error: LambdaTuiError | None


def open_run(run_id: str, history: HistoryStore, post: Post) -> Thread:
    """Read a run in the background; RunOpened follows."""
    return in_background(
        "open-run",
        lambda: RunOpened(ShownRun.of_recorded(history.load(run_id)), None),
        lambda error: RunOpened(None, error),
        post,
    )
