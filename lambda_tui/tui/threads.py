"""Threads of the user interface: one to open the target, one for each run. All are daemons.

A worker of Textual (`@work(thread=True)`) would hold up the exit until it returns; a daemon does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Protocol

from textual.message import Message

from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.messages import RunFailed, SnapshotArrived, TargetOpened, TargetProgressed, ThreadCrashed

Post = Callable[[Message], object]
"""Posts a message to a screen; safe to call from any thread."""


class RunLike(Protocol):
    """What a screen needs of a run; `lambda_tui.load.run.Run` is one."""

    @property
    def run_id(self) -> str: ...

    def snapshots(self) -> Iterator[Snapshot]: ...

    def stop(self) -> None: ...


RunFactory = Callable[[Scenario], RunLike]


class RunThread:
    """Iterates the snapshots of one run and posts each; `after` is waited for first."""

    def __init__(self, run: RunLike, generation: int, post: Post, after: Thread | None = None) -> None:
        self.run = run
        self.generation = generation
        self._post = post
        self._after = after
        self._thread = Thread(target=self._follow, name=f"run-{generation}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the run to end; its last snapshot still arrives."""
        self.run.stop()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _follow(self) -> None:
        try:
            if self._after is not None:
                self._after.join()
            for snapshot in self.run.snapshots():
                self._post(SnapshotArrived(snapshot, self.generation))
        except LambdaTuiError as error:
            self._post(RunFailed(error, self.generation))
        except Exception as error:  # noqa: BLE001  (thread boundary: raised again on the interface's thread)
            self._post(ThreadCrashed(error))


def open_target(target: Target, post: Post) -> Thread:
    """Start opening the target in the background; TargetOpened follows."""
    thread = Thread(target=_open, args=(target, post), name="open-target", daemon=True)
    thread.start()
    return thread


def _open(target: Target, post: Post) -> None:
    def progress(text: str) -> None:
        post(TargetProgressed(text))

    try:
        target.open(progress)
    except LambdaTuiError as error:
        post(TargetOpened(error))
    except Exception as error:  # noqa: BLE001  (thread boundary: raised again on the interface's thread)
        post(ThreadCrashed(error))
    else:
        post(TargetOpened(None))
