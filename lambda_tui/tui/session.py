"""What the Explore screen shows and does, without widgets: the runs, their order, the target's thread."""

from __future__ import annotations

from threading import Thread

from lambda_tui.load.comparison import compare_models
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.model_tour import ModelTour
from lambda_tui.tui.threads import Post, RunFactory, RunThread, open_target

LEAVE_WITHIN_S = 0.8
"""How long quitting waits for a run to be recorded to its end."""


class ExploreSession:
    """At most one run at a time; `latest` and `previous` are the runs on screen."""

    def __init__(self, target: Target, start_run: RunFactory, post: Post) -> None:
        self.latest: Snapshot | None = None
        self.previous: Snapshot | None = None
        self.tour: ModelTour | None = None
        self._target = target
        self._start_run = start_run
        self._post = post
        self._generation = 0
        self._thread: RunThread | None = None
        self._opening: Thread | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None

    @property
    def shown(self) -> Snapshot | None:
        """The run whose numbers are on screen: in a tour that of the current or last model."""
        if self.tour is not None and self.tour.runs:
            return list(self.tour.runs.values())[-1]
        return self.latest

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
        self._start(scenario)

    def run_all_models(self, scenario: Scenario) -> None:
        """Run the scenario through every model, one after the other."""
        self.tour = ModelTour(scenario)
        self._continue_tour()

    def leave_tour(self) -> None:
        """Back from the comparison of all models, to its fastest run beside the sequential one."""
        runs = {} if self.tour is None else self.tour.runs
        self.tour = None
        times = {model: result.duration_ms for model, result in compare_models(runs).items()}
        ran = {model: duration_ms for model, duration_ms in times.items() if duration_ms is not None}
        if ran:
            self.previous, self.latest = runs.get("sequential"), runs[min(ran, key=lambda model: ran[model])]
            if self.previous is self.latest:
                self.previous = None

    def stop(self) -> None:
        """End the run, and the tour it belongs to."""
        if self.tour is not None:
            self.tour.end()
        if self._thread is not None:
            self._thread.stop()

    def take(self, snapshot: Snapshot, generation: int) -> bool:
        """Accept a snapshot; False if it is a late one of an earlier run."""
        if generation != self._generation or self._thread is None:
            return False
        if self.tour is None:
            self.latest = snapshot
        else:
            self.tour.add(snapshot)
        if snapshot.is_final:
            self._thread = None
            if self.tour is not None and snapshot.stopped_by is None:
                self._continue_tour()
            elif self.tour is not None:
                self.tour.end()
        return True

    def fail(self, generation: int) -> bool:
        """The run ended without a last snapshot; False if it is not the current one."""
        if generation != self._generation:
            return False
        self._thread = None
        if self.tour is not None:
            self.tour.end()
        return True

    def leave(self) -> None:
        """Stop, and wait a moment for what was measured to be recorded."""
        thread = self._thread
        self.stop()
        if thread is not None:
            thread.join(LEAVE_WITHIN_S)

    def _continue_tour(self) -> None:
        scenario = self.tour.next_scenario() if self.tour is not None else None
        if scenario is not None:
            self._start(scenario)

    def _start(self, scenario: Scenario) -> None:
        self.open_once()
        self._generation += 1
        run = self._start_run(scenario)
        self._thread = RunThread(run, self._generation, self._post, after=self._opening)
        self._thread.start()
