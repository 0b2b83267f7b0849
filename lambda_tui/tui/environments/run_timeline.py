"""The environments of the run on screen, kept up with its invocations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambda_tui.history.recorded import RecordedRun
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation
from lambda_tui.results.environments import RECLAIMED_AFTER_MS, EnvironmentCounts, EnvironmentTimeline
from lambda_tui.runs.measured import MeasuredRun
from lambda_tui.scenario import Scenario


@dataclass(frozen=True, slots=True)
class ShownRun:
    """What the Environments screen needs of a run, live or recorded."""

    source: MeasuredRun
    now_ms: float
    """How long the run lasted or has lasted."""
    live: bool

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot) -> ShownRun:
        """A run of this session."""
        return cls(snapshot, snapshot.elapsed_ms, not snapshot.is_final)

    @classmethod
    def of_recorded(cls, run: RecordedRun) -> ShownRun:
        """A run of the history."""
        return cls(run, max((invocation.ended_ms for invocation in run.invocations), default=0.0), live=False)

    @property
    def run_id(self) -> str:
        return self.source.run_id

    @property
    def scenario(self) -> Scenario:
        return self.source.scenario

    @property
    def invocations(self) -> Sequence[Invocation]:
        return self.source.invocations


class RunTimeline:
    """Takes newer and newer states of a run; only the invocations that are new are looked at."""

    def __init__(self) -> None:
        self.run: ShownRun | None = None
        self.timeline = EnvironmentTimeline()
        self.now_ms = 0.0
        """The end of the run so far; an answer can be newer than the last tick of the engine."""
        self._taken = 0

    def take(self, run: ShownRun) -> bool:
        """Show this state of a run; True if it is another run than before."""
        is_other = self.run is None or run.run_id != self.run.run_id
        if is_other:
            self.timeline, self._taken, self.now_ms = EnvironmentTimeline(), 0, 0.0
        fresh = run.invocations[self._taken :]
        self.timeline.extend(fresh)
        self._taken = len(run.invocations)
        newest_ms = max((invocation.ended_ms for invocation in fresh), default=0.0)
        self.now_ms = max(self.now_ms, run.now_ms, newest_ms)
        self.run = run
        return is_other

    @property
    def idle_limit_ms(self) -> float:
        """How long an environment is taken to stay: forced cold starts end each one after its invocation."""
        return 0.0 if self.run is not None and self.run.scenario.cold else RECLAIMED_AFTER_MS

    def counts(self) -> EnvironmentCounts:
        return self.timeline.counts(self.now_ms, self.idle_limit_ms)
