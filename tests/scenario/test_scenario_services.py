"""The workloads that call services: their operations, and the events they send."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_tui.errors import InvalidInput
from lambda_tui.load.estimate import ideal_duration_ms
from lambda_tui.scenario import MVP_WORKLOADS, SERVICE_WORKLOADS, Scenario, parse_scenario
from lambda_tui.wording.scenarios import scenario_line


@pytest.mark.parametrize(
    ("values", "more"),
    [
        ({"workload": "s3"}, {}),
        ({"workload": "dynamodb"}, {"operation": "get"}),
        ({"workload": "dynamodb", "operation": "batch-put"}, {"operation": "batch-put"}),
        ({"workload": "sqs", "tasks": 10}, {"operation": "partial-batch", "poison": 5}),
        ({"workload": "sqs", "tasks": 1}, {"operation": "partial-batch", "poison": 0}),
        ({"workload": "http", "operation": "put"}, {}),  # left over from another workload in a form
    ],
)
def test_the_event_says_what_is_done(values: dict[str, Any], more: dict[str, Any]) -> None:
    event: Any = parse_scenario(values).event()
    common = {"kind", "tasks", "task_ms", "work", "url"}
    assert {name: value for name, value in event["workload"].items() if name not in common} == more


@pytest.mark.parametrize(("workload", "operation"), [("dynamodb", "whole-batch"), ("sqs", "get")])
def test_operations_of_other_workloads_are_refused(workload: str, operation: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_scenario({"workload": workload, "operation": operation})
    assert caught.value.field == "operation"


def test_services_take_their_own_time() -> None:
    assert set(MVP_WORKLOADS) >= SERVICE_WORKLOADS
    for workload in SERVICE_WORKLOADS:
        assert ideal_duration_ms(Scenario(workload=workload, tasks=50)) == 1
    assert scenario_line(Scenario(workload="s3", tasks=50)).startswith("s3 × 50, sequential")
    assert scenario_line(Scenario(workload="sqs", tasks=10)).startswith("sqs partial-batch × 10, ")
