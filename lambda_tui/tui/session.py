"""The runs behind a screen, without widgets: one series at a time, followed on a thread of its own."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from lambda_tui.load.series import RunFactory, Series
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.runs.ranking import rank_runs
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel, Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.messages import RunFailed, SnapshotArrived
from lambda_tui.tui.threads import Post, follow_series, open_target

if TYPE_CHECKING:
    from lambda_tui.history import RecordedRun

LEAVE_WITHIN_S = 0.8
"""How long quitting waits for a run to be recorded to its end."""

Key = TypeVar("Key", bound=Hashable)


class RunSession(Generic[Key]):
    """`runs` has the newest snapshot of each run, `running` is the key of the one in progress."""

    def __init__(self, start_run: RunFactory, post: Post) -> None:
        self.runs: dict[Key, Snapshot] = {}
        self.running: Key | None = None
        self._start_run = start_run
        self._post = post
        self._series: Series[Key] | None = None
        self._thread: Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._series is not None

    def start(self, steps: Iterable[tuple[Key, Scenario]], after: Thread | None = None) -> None:
        """Run these in their order, beginning when `after` has ended."""
        waiting = list(steps)
        self.runs, self.running = {}, waiting[0][0]
        self._series = Series(waiting, self._start_run)
        self._thread = follow_series(self._series, self._post, after)

    def take(self, message: SnapshotArrived[Key]) -> Key | None:
        """Accept a snapshot and say whose it is; None if it is a late one of an earlier series."""
        if message.series is not self._series or self._series is None:
            return None
        self.runs[message.key] = message.snapshot
        self.running = message.key
        if message.is_last:
            self._over()
        return message.key

    def fail(self, message: RunFailed) -> bool:
        """The series ended without a last snapshot; False if it is an earlier one."""
        if message.series is not self._series or self._series is None:
            return False
        self._over()
        return True

    def stop(self) -> None:
        if self._series is not None:
            self._series.stop()

    def leave(self) -> None:
        """Stop, and wait a moment for what was measured to be recorded."""
        self.stop()
        if self._series is not None and self._thread is not None:
            self._thread.join(LEAVE_WITHIN_S)

    def _over(self) -> None:
        self.running = self._series = self._thread = None


@dataclass(slots=True)
class Tour:
    """One scenario through every model: the newest snapshot of each, and whose run is in progress."""

    scenario: Scenario
    runs: dict[ConcurrencyModel, Snapshot] = field(default_factory=dict)
    running: ConcurrencyModel | None = None


def through_all_models(scenario: Scenario) -> list[Scenario]:
    """The scenario once for each model."""
    return [scenario.with_changes(concurrency=model) for model in CONCURRENCY_MODELS]


class ExploreSession:
    """What Explore shows and does: `latest` and `previous` are the runs on screen, `tour` all models."""

    def __init__(self, target: Target, start_run: RunFactory, post: Post) -> None:
        self.latest: Snapshot | None = None
        self.previous: Snapshot | None = None
        self.tour: Tour | None = None
        self.frozen: Snapshot | None = None
        """The state of a run that stays on screen while the run goes on."""
        self._target = target
        self._post = post
        self._runs: RunSession[ConcurrencyModel] = RunSession(start_run, post)
        self._opening: Thread | None = None

    @property
    def running(self) -> bool:
        return self._runs.is_running

    @property
    def shown(self) -> Snapshot | None:
        """The run whose numbers are on screen: in a tour that of the current or last model."""
        if self.tour is not None and self.tour.runs:
            return list(self.tour.runs.values())[-1]
        return self.latest

    @property
    def on_screen(self) -> Snapshot | None:
        """The run as it is on screen: frozen, or the newest state."""
        return self.frozen or self.shown

    def freeze(self) -> None:
        """Keep what is on screen; where that has been done, show the newest state again."""
        self.frozen = self.shown if self.frozen is None else None

    def open(self) -> None:
        """Start or restart the target in the background."""
        self._opening = open_target(self._target, self._post)

    def open_once(self) -> None:
        """Start the target unless that has been done; Enter may come before the first paint is over."""
        if self._opening is None:
            self.open()

    def run(self, scenario: Scenario) -> None:
        """Run one scenario; what was on screen becomes the run to compare with."""
        self.leave_tour()
        if self.latest is not None and len(self.latest.invocations):
            self.previous = self.latest
        self.latest = None
        self._start([scenario])

    def show_recorded(self, run: RecordedRun) -> None:
        """Show a run of the history; what was on screen becomes the run to compare with."""
        self.frozen = None
        self.leave_tour()
        self.previous, self.latest = self.latest, Snapshot.of_recorded(run)
        if self.previous is not None and self.previous.run_id == run.run_id:
            self.previous = None

    def run_all_models(self, scenario: Scenario) -> None:
        """Run the scenario through every model, one after the other."""
        self.tour = Tour(scenario, running=CONCURRENCY_MODELS[0])
        self._start(through_all_models(scenario))

    def leave_tour(self) -> None:
        """Back from the comparison of all models, to its fastest run beside the sequential one."""
        runs = {} if self.tour is None else self.tour.runs
        self.tour = None
        times = {model: result.duration_ms for model, result in rank_runs(runs, base="sequential").items()}
        ran = {model: duration_ms for model, duration_ms in times.items() if duration_ms is not None}
        if ran:
            self.previous, self.latest = runs.get("sequential"), runs[min(ran, key=lambda model: ran[model])]
            if self.previous is self.latest:
                self.previous = None

    def stop(self) -> None:
        """End the run, and the tour it belongs to."""
        if self.tour is not None:
            self.tour.running = None
        self._runs.stop()

    def take(self, message: SnapshotArrived[ConcurrencyModel]) -> bool:
        """Accept a snapshot; False if it is a late one of an earlier run."""
        model = self._runs.take(message)
        if model is None:
            return False
        if self.tour is None:
            self.latest = message.snapshot
        else:
            self.tour.runs[model] = message.snapshot
            self.tour.running = self._next_of_tour(model, message.snapshot)
        return True

    def fail(self, message: RunFailed) -> bool:
        """The run ended without a last snapshot; False if it is not the current one."""
        if not self._runs.fail(message):
            return False
        if self.tour is not None:
            self.tour.running = None
        return True

    def leave(self) -> None:
        """Stop, and wait a moment for what was measured to be recorded."""
        self._runs.leave()

    def _next_of_tour(self, model: ConcurrencyModel, snapshot: Snapshot) -> ConcurrencyModel | None:
        if not self.running:
            return None
        return CONCURRENCY_MODELS[CONCURRENCY_MODELS.index(model) + snapshot.is_final]

    def _start(self, scenarios: list[Scenario]) -> None:
        self.frozen = None
        self.open_once()
        self._runs.start([(scenario.concurrency, scenario) for scenario in scenarios], after=self._opening)
