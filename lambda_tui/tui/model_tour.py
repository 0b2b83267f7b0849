"""One scenario through every concurrency model, one run after the other."""

from __future__ import annotations

from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel, Scenario


class ModelTour:
    """Which model's run is next, and the newest snapshot of each."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._waiting = list(CONCURRENCY_MODELS)
        self.runs: dict[ConcurrencyModel, Snapshot] = {}
        self.running: ConcurrencyModel | None = None

    def next_scenario(self) -> Scenario | None:
        """The scenario to run now; None when every model had its turn."""
        if not self._waiting:
            self.running = None
            return None
        self.running = self._waiting.pop(0)
        return self.scenario.with_changes(concurrency=self.running)

    def add(self, snapshot: Snapshot) -> None:
        self.runs[snapshot.scenario.concurrency] = snapshot

    def end(self) -> None:
        """Start no further model."""
        self._waiting.clear()
        self.running = None
