"""The scenario validates everything once, with sentences, and knows its event and function."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lambda_tui.errors import InvalidInput
from lambda_tui.scenario import CONCURRENCY_MODELS, Scenario, parse_scenario


def test_first_start_is_three_fetches_at_512_mb() -> None:
    scenario = Scenario()
    assert (scenario.workload, scenario.tasks, scenario.task_ms, scenario.memory_mb) == ("http", 3, 300, 512)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("memory_mb", 64, "at least 128"),  # below the smallest function
        ("memory_mb", 32768, "at most 10,240"),  # the SDK model would allow it: Managed Instances only
        ("memory_mb", "much", "whole number"),
        ("tasks", 0, "at least 1"),
        ("workers", -3, "at least 1"),
        ("task_ms", float("nan"), "number"),
        ("timeout_s", 901, "at most 900"),
        ("concurrency", "fibers", "'threads'"),
        ("workload", "ftp", "'http'"),
        ("max_usd", 0, "more than 0"),
        ("max_usd", "five", "number"),
        ("function", "bad name; rm -rf /", "pattern"),
        ("memroy_mb", 512, "no such option"),
    ],
)
def test_bad_input_names_the_field(field: str, value: object, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_scenario({field: value})
    assert caught.value.field == field
    assert field in caught.value.message
    assert reason in caught.value.message
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"rate": 5}, "rate"),
        ({"seconds": 5}, "rate"),
        ({"payload": {"a": 1}}, "payload"),
    ],
)
def test_options_that_contradict_each_other(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_scenario(values)
    assert caught.value.field == field


def test_with_changes_validates() -> None:
    assert Scenario().with_changes(memory_mb=1769).memory_mb == 1769
    with pytest.raises(InvalidInput):
        Scenario().with_changes(memory_mb=1)


@pytest.mark.parametrize("model", CONCURRENCY_MODELS)
def test_event_follows_the_payload_contract(model: str) -> None:
    event = parse_scenario({"concurrency": model, "workers": 4, "tasks": 5, "task_ms": 20}).event()
    assert event == {
        "schema": 1,
        "workload": {"kind": "http", "tasks": 5, "task_ms": 20.0, "work": 1, "url": None},
        "concurrency": {"model": model, "workers": 4},
    }


def test_own_function_gets_its_own_payload_and_qualifier() -> None:
    scenario = parse_scenario({"function": "orders:live", "payload": {"order": 7}})
    assert (scenario.function_name, scenario.qualifier) == ("orders", "live")
    assert scenario.event() == {"order": 7}


def test_payload_function_is_named_after_its_runtime() -> None:
    assert (Scenario().function_name, Scenario().qualifier) == ("lambda-tui-python", None)


@pytest.mark.parametrize(
    ("values", "planned"),
    [
        ({"invocations": 20}, 20),
        ({"invocations": 20, "warmup": 5}, 25),
        ({"rate": 50, "seconds": 2}, 100),
        ({"rate": 0.1, "seconds": 1}, 1),  # an open loop starts at least one
    ],
)
def test_planned_invocations(values: dict[str, Any], planned: int) -> None:
    assert parse_scenario(values).planned_invocations == planned


def test_money_is_text_in_json_and_survives_a_round_trip() -> None:
    scenario = parse_scenario({"max_usd": "0.10"})
    document = scenario.to_document()
    assert document["max_usd"] == "0.10"
    assert parse_scenario(document).max_usd == Decimal("0.10")
