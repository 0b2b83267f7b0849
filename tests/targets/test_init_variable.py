"""Which environment variable a scenario gives our payload functions, and that others stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lambda_tui.scenario import Scenario
from lambda_tui.targets.control_plane import ControlPlane, FunctionConfiguration
from lambda_tui.targets.functions import init_of, ready_function


class Recorded(ControlPlane):
    """Answers from a configuration, and remembers what it was changed to."""

    def __init__(self, **variables: str) -> None:
        self.now = FunctionConfiguration(512, 30, "x86_64", variables)
        self.changes: list[Mapping[str, str]] = []

    def configuration(self, function_name: str, qualifier: str | None) -> FunctionConfiguration:
        return self.now

    def reconfigure(self, function_name: str, **asked: Any) -> FunctionConfiguration:
        self.changes.append(asked["variables"])
        self.now = FunctionConfiguration(asked["memory_mb"], asked["timeout_s"], "x86_64", asked["variables"])
        return self.now


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "http/sequential"),
        ({"concurrency": "threads"}, "http/threads"),
        ({"init": "lazy"}, ""),
        ({"init": "all-models", "workload": "primes"}, "primes/*"),
    ],
)
def test_the_variable_names_what_the_workload_needs(changes: dict[str, object], expected: str) -> None:
    assert init_of(Scenario().with_changes(**changes)) == expected


def test_another_model_is_another_environment_and_the_same_is_not() -> None:
    control = Recorded(MINE="kept")
    ready_function(control, Scenario(), may_change=True)
    ready_function(control, Scenario(), may_change=True)
    ready_function(control, Scenario(concurrency="threads"), may_change=True)
    assert control.changes == [
        {"MINE": "kept", "LAMBDA_TUI_INIT": "http/sequential"},
        {"MINE": "kept", "LAMBDA_TUI_INIT": "http/threads"},
    ]


def test_functions_that_are_not_ours_to_change_stay_as_they_are() -> None:
    control = Recorded()
    ready_function(control, Scenario(), may_change=False)
    ready_function(control, Scenario(function="mine"), may_change=True)
    assert control.changes == []
