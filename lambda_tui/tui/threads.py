"""Threads of the user interface, for runs and for whatever would hold up the screen. All are daemons.

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
