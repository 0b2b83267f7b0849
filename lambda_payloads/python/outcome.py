"""What became of each task, and the checksum over all of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

Task = Callable[[int], bytes]
"""A piece of work: takes the task's index, returns its result."""


class TaskFailed(Exception):
    """One piece of work did not succeed; the others go on."""


class WorkerDied(Exception):
    """A thread or process ended before its work was done; the invocation fails."""


class Outcome(NamedTuple):
    """One task that was tried. Times are CLOCK_MONOTONIC, which child processes share."""

    task_index: int
    worker: str
    started_ns: int
    ended_ns: int
    result: bytes | None
    error: str | None


def perform(task: Task, index: int, worker: str) -> Outcome:
    """Do one task and time it; a task that fails is an outcome, not an exception."""
    started_ns = time.monotonic_ns()
    try:
        result, error = task(index), None
    except TaskFailed as failure:
        result, error = None, str(failure)
    return Outcome(index, worker, started_ns, time.monotonic_ns(), result, error)


def checksum(outcomes: Iterable[Outcome]) -> str:
    """16 hex digits over index and result of every completed task, in index order (contract/README.md)."""
    digest = hashlib.sha256()
    for outcome in sorted(outcomes):
        if outcome.result is not None:
            digest.update(
                b"%d %s\n" % (outcome.task_index, hashlib.sha256(outcome.result).hexdigest().encode())
            )
    return digest.hexdigest()[:16]
