"""Threads of the user interface, for runs and for whatever would hold up the screen. All are daemons.

A worker of Textual (`@work(thread=True)`) would hold up the exit until it returns; a daemon does not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Thread
from typing import TypeVar

from textual.message import Message

from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.series import Comparable, Series
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.messages import (
    ComparisonArrived,
    RunFailed,
    SnapshotArrived,
    TargetOpened,
    TargetProgressed,
    ThreadCrashed,
)

Key = TypeVar("Key", bound=Hashable)

Post = Callable[[Message], object]
"""Posts a message to a screen; safe to call from any thread."""


def follow_series(series: Series[Key], post: Post, after: Thread | None = None) -> Thread:
    """Run a series in the background and post each of its snapshots; `after` is waited for first."""

    def follow() -> None:
        try:
            if after is not None:
                after.join()
            for progress in series.progress():
                post(SnapshotArrived(progress.snapshot, series, progress.key, progress.is_last))
        except LambdaTuiError as error:
            post(RunFailed(error, series))
        except Exception as error:  # noqa: BLE001  (thread boundary: raised again on the interface's thread)
            post(ThreadCrashed(error))

    thread = Thread(target=follow, name="series", daemon=True)
    thread.start()
    return thread


def follow_comparison(comparison: Comparable, post: Post, after: Thread | None = None) -> Thread:
    """Run a comparison in the background and post each of its states; `after` is waited for first."""

    def follow() -> None:
        try:
            if after is not None:
                after.join()
            for state in comparison.states():
                post(ComparisonArrived(state, comparison))
        except LambdaTuiError as error:
            post(RunFailed(error, comparison))
        except Exception as error:  # noqa: BLE001  (thread boundary: raised again on the interface's thread)
            post(ThreadCrashed(error))

    thread = Thread(target=follow, name="comparison", daemon=True)
    thread.start()
    return thread


def open_target(target: Target, post: Post) -> Thread:
    """Start opening the target in the background; TargetOpened follows."""

    def progress(text: str) -> None:
        post(TargetProgressed(text))

    def work() -> TargetOpened:
        target.open(progress)
        return TargetOpened(None)

    return in_background("open-target", work, TargetOpened, post)


def in_background(
    name: str, work: Callable[[], Message], refused: Callable[[LambdaTuiError], Message], post: Post
) -> Thread:
    """Do something on a thread of its own and post its message, or that of a foreseeable failure."""

    def do() -> None:
        try:
            post(work())
        except LambdaTuiError as error:
            post(refused(error))
        except Exception as error:  # noqa: BLE001  (thread boundary: raised again on the interface's thread)
            post(ThreadCrashed(error))

    thread = Thread(target=do, name=name, daemon=True)
    thread.start()
    return thread
