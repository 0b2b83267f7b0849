"""`python -m tests.bench._interface ENDPOINT RATE SECONDS`: the interface, whose Enter key makes an open loop
against a stamping server."""

from __future__ import annotations

import sys

from lambda_tui.history import HistoryStore
from lambda_tui.load.run import Run
from lambda_tui.scenario import Scenario
from lambda_tui.tui.app import LambdaTui
from tests.bench._bench_target import BenchTarget


def main() -> None:
    endpoint, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    target, history = BenchTarget(endpoint, "local"), HistoryStore()

    def start_run(scenario: Scenario) -> Run:
        asked = scenario.with_changes(rate=rate, seconds=seconds, max_usd=None)
        return Run(asked, target, history=history)

    LambdaTui(target, lambda: history, start_run=start_run).run()
    history.close()


if __name__ == "__main__":
    main()
