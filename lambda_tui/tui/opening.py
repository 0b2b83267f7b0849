"""Runs of the history, read without holding up a screen."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from textual.message import Message

from lambda_tui.errors import LambdaTuiError
from lambda_tui.tui.threads import Post, in_background

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore, RecordedRun


@dataclass
class RunOpened(Message):
    """A run of the history was read, or `error` says why not."""

    run: RecordedRun | None
    error: LambdaTuiError | None = None


def open_run(run_id: str, history: HistoryStore, post: Post) -> Thread:
    """Read a run in the background; RunOpened follows."""
    return in_background(
        "open-run",
        lambda: RunOpened(history.load(run_id)),
        lambda error: RunOpened(None, error),
        post,
    )
