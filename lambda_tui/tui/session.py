"""The runs behind a screen, without widgets: one series at a time, followed on a thread of its own."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from lambda_tui.load.judge import ComparisonState
from lambda_tui.load.series import Comparable, ComparisonFactory, RunFactory, Series
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.messages import ComparisonArrived, RunFailed, SnapshotArrived
from lambda_tui.tui.threads import Post, follow_comparison, follow_series, open_target
from lambda_tui.wording.numbers import plural

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


def asked_about(scenario: Scenario) -> tuple[list[Scenario], str]:
    """What a comparison of all models may invoke at most, as a question before money asks about it."""
    from lambda_tui.load.model_comparison import through_all_models  # noqa: PLC0415  (not before a run)

    scenarios = through_all_models(scenario)
    return scenarios, f"through all seven models, each up to {plural(scenarios[0].invocations, 'time')}"


@dataclass(slots=True)
class Comparing:
    """All models side by side: the newest state, None until there is one."""

    scenario: Scenario
    state: ComparisonState | None = None
    is_running: bool = True


class ExploreSession:
    """What Explore shows and does: `latest` and `previous` are the runs on screen, `comparing` all models."""

    def __init__(
        self, target: Target, start_run: RunFactory, start_comparison: ComparisonFactory, post: Post
    ) -> None:
        self.latest: Snapshot | None = None
        self.previous: Snapshot | None = None
        self.comparing: Comparing | None = None
        self.frozen: Snapshot | None = None
        """The state of a run that stays on screen while the run goes on."""
        self._target = target
        self._post = post
        self._runs: RunSession[str] = RunSession(start_run, post)
        self._start_comparison = start_comparison
        self._comparison: Comparable | None = None
        self._comparing_thread: Thread | None = None
        self._opening: Thread | None = None

    @property
    def running(self) -> bool:
        return self._runs.is_running or self._comparison is not None

    @property
    def shown(self) -> Snapshot | None:
        """The run whose numbers are on screen: in a comparison all models', at its end the fastest's."""
        comparing = self.comparing
        if comparing is None or comparing.state is None:
            return self.latest if comparing is None else None
        return comparing.state.whole if comparing.is_running else comparing.state.best

    @property
    def on_screen(self) -> Snapshot | None:
        """The run as it is on screen: frozen, or the newest state."""
        return self.frozen or self.shown

    @property
    def runs_on_screen(self) -> list[Snapshot]:
        """Every run that has something to export: in a comparison one for each model."""
        state = None if self.comparing is None else self.comparing.state
        shown = [self.on_screen] if state is None else state.runs.values()
        return [run for run in shown if run is not None and len(run.invocations)]

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
        self.leave_comparison()
        if self.latest is not None and len(self.latest.invocations):
            self.previous = self.latest
        self.latest = self.frozen = None
        self.open_once()
        self._runs.start([("run", scenario)], after=self._opening)

    def show_recorded(self, run: RecordedRun) -> None:
        """Show a run of the history; what was on screen becomes the run to compare with."""
        self.frozen = None
        self.leave_comparison()
        self.previous, self.latest = self.latest, Snapshot.of_recorded(run)
        if self.previous is not None and self.previous.run_id == run.run_id:
            self.previous = None

    def compare_models(self, scenario: Scenario) -> None:
        """Run the scenario through every model, round by round."""
        self.frozen = None
        self.comparing = Comparing(scenario)
        self.open_once()
        self._comparison = self._start_comparison(scenario)
        self._comparing_thread = follow_comparison(self._comparison, self._post, self._opening)

    def leave_comparison(self) -> None:
        """Back from the comparison of all models, to its fastest run beside the sequential one."""
        comparing, self.comparing = self.comparing, None
        if comparing is None or comparing.state is None:
            return
        state = comparing.state
        if state.best.summary.ok:
            self.latest, self.previous = state.best, state.runs["sequential"]
            if self.previous is self.latest:
                self.previous = None

    def stop(self) -> None:
        """End the run or the comparison."""
        self._runs.stop()
        if self._comparison is not None:
            self._comparison.stop()

    def take(self, message: SnapshotArrived[str]) -> bool:
        """Accept a snapshot; False if it is a late one of an earlier run."""
        if self._runs.take(message) is None:
            return False
        self.latest = message.snapshot
        return True

    def take_comparison(self, message: ComparisonArrived) -> bool:
        """Accept the state of a comparison; False if it is a late one of an earlier one."""
        if message.comparison is not self._comparison or self.comparing is None:
            return False
        self.comparing.state = message.state
        if message.state.is_final:
            self._comparison_over()
        return True

    def fail(self, message: RunFailed) -> bool:
        """The run ended without a last snapshot; False if it is not the current one."""
        if self._runs.fail(message):
            return True
        if message.series is not self._comparison:
            return False
        self._comparison_over()
        return True

    def leave(self) -> None:
        """Stop, and wait a moment for what was measured to be recorded."""
        self.stop()
        self._runs.leave()
        if self._comparison is not None and self._comparing_thread is not None:
            self._comparing_thread.join(LEAVE_WITHIN_S)

    def _comparison_over(self) -> None:
        self._comparison = self._comparing_thread = None
        if self.comparing is not None:
            self.comparing.is_running = False
