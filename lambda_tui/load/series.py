"""Several scenarios in a row, each with a key: a tour of models, the two halves of Clicks, a single run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from lambda_tui.load.judge import ComparisonState
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario

Key = TypeVar("Key", bound=Hashable)


class Runnable(Protocol):
    """What a series needs from a run; `lambda_tui.load.run.Run` is one."""

    @property
    def run_id(self) -> str: ...

    def snapshots(self) -> Iterator[Snapshot]: ...

    def stop(self) -> None: ...


RunFactory = Callable[[Scenario], Runnable]


class Comparable(Protocol):
    """A comparison of all models; `lambda_tui.load.model_comparison.ModelComparison` is one."""

    def states(self) -> Iterator[ComparisonState]: ...

    def stop(self) -> None: ...


ComparisonFactory = Callable[[Scenario], Comparable]


@dataclass(frozen=True, slots=True)
class SeriesProgress(Generic[Key]):
    """The newest state of the run with that key; `is_last` when nothing comes after it."""

    key: Key
    snapshot: Snapshot
    is_last: bool


class Series(Generic[Key]):
    """Runs `steps` one after the other, until all are done, one ends early, or `stop`.

    Steps may be a generator that looks at `results` to choose the next scenario: it is resumed when the
    previous run is over. Keys must be unique. Iterate `progress` once; `stop` may be called from any thread.
    """

    def __init__(self, steps: Iterable[tuple[Key, Scenario]], start_run: RunFactory) -> None:
        self.results: dict[Key, Snapshot] = {}
        """The last snapshot of every run so far, in their order."""
        self._steps = iter(steps)
        self._start_run = start_run
        self._lock = threading.Lock()
        self._run: Runnable | None = None
        self._is_stopped = False

    def progress(self) -> Iterator[SeriesProgress[Key]]:
        """Run everything, and yield each run's snapshots; why a run could not go on is in its last one.

        Raises:
            LambdaTuiError: a run could not even be created.
        """
        step = next(self._steps, None)
        while step is not None and (run := self._begun(step[1])) is not None:
            key, step = step[0], None
            for snapshot in run.snapshots():
                self.results[key] = snapshot
                if snapshot.is_final and snapshot.stopped_by is None and not self._is_stopped:
                    step = next(self._steps, None)
                yield SeriesProgress(key, snapshot, is_last=snapshot.is_final and step is None)

    def stop(self) -> None:
        """End the run in progress and begin no other; its last snapshot still comes. Idempotent."""
        with self._lock:
            self._is_stopped = True
            run = self._run
        if run is not None:
            run.stop()

    def _begun(self, scenario: Scenario) -> Runnable | None:
        with self._lock:
            if self._is_stopped:
                return None
            self._run = self._start_run(scenario)
            return self._run
