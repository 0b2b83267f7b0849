"""The models `processes` and `process-pool`."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from event import Workload
from outcome import Outcome, Task, WorkerDied, perform
from workloads import blocking_task

# Named, because Python 3.14 changed the default: forkserver would import everything again in each child.
_CONTEXT = multiprocessing.get_context("fork")


def piped(workload: Workload, workers: int) -> list[Outcome]:
    """`workers` forked processes, each with every `workers`-th task, its outcomes sent back over a Pipe.

    Raises:
        WorkerDied: if a child ends without having sent them.
    """
    count = min(workers, workload.tasks)
    with ExitStack() as started:
        children = [
            started.enter_context(
                _Child(workload, range(first, workload.tasks, count), f"process-{first + 1}")
            )
            for first in range(count)
        ]
        return [outcome for child in children for outcome in child.outcomes()]


class _Child:
    """A process at work on its share; leaving the context waits for it, or kills it if something failed."""

    def __init__(self, workload: Workload, indices: Iterable[int], name: str) -> None:
        self._receiver, sender = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(
            target=_send_outcomes, args=(workload, indices, name, sender), name=name
        )
        self._process.start()
        # With our copy open, the child's end would not close the pipe.
        sender.close()

    def outcomes(self) -> list[Outcome]:
        try:
            outcomes: list[Outcome] = self._receiver.recv()
        except (EOFError, OSError):  # the latter in the middle of a message
            self._process.join()
            raise WorkerDied(f"{self._process.name} {self._ending()} before its work was done") from None
        return outcomes

    def _ending(self) -> str:
        code = self._process.exitcode or 0
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._process.terminate()
        self._process.join()
        self._process.close()
        self._receiver.close()


def _send_outcomes(workload: Workload, indices: Iterable[int], worker: str, sender: Connection) -> None:
    with blocking_task(workload) as task:
        sender.send([perform(task, index, worker) for index in indices])


def process_pool(workload: Workload, workers: int) -> list[Outcome]:
    """A ProcessPoolExecutor of `workers` processes; real Lambda refuses its locks with OSError 38."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  (only for this model)

    count = min(workers, workload.tasks)
    with ProcessPoolExecutor(count, _CONTEXT, initializer=_Pooled.start, initargs=(workload,)) as pool:
        outcomes = list(pool.map(_Pooled.perform, range(workload.tasks)))
    names: dict[str, str] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.started_ns):
        names.setdefault(outcome.worker, f"process-{len(names) + 1}")
    return [outcome._replace(worker=names[outcome.worker]) for outcome in outcomes]


class _Pooled:
    """What a pool's process keeps for its lifetime."""

    task: Task
    _open = ExitStack()

    @classmethod
    def start(cls, workload: Workload) -> None:
        cls.task = cls._open.enter_context(blocking_task(workload))

    @classmethod
    def perform(cls, index: int) -> Outcome:
        return perform(cls.task, index, multiprocessing.current_process().name)
