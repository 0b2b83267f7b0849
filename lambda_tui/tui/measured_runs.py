"""Runs that measure for real. What they import is not needed for the first paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambda_tui.load.series import Comparable, Runnable
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Target

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore


def run_of(scenario: Scenario, target: Target, history: HistoryStore | None) -> Runnable:
    """One scenario on the target."""
    from lambda_tui.load.run import Run  # noqa: PLC0415

    return Run(scenario, target, history=history)


def comparison_of(scenario: Scenario, target: Target, history: HistoryStore | None) -> Comparable:
    """All models on the target."""
    from lambda_tui.load.model_comparison import ModelComparison  # noqa: PLC0415

    return ModelComparison(scenario, target, history=history)
