"""Verdicts on models: winners need intervals, and every reason needs a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from lambda_tui.results import Invocation
from lambda_tui.runs.verdicts import ModelVerdict, all_decided, model_verdicts
from lambda_tui.scenario import ConcurrencyModel, Scenario
from tests.results.made_invocations import answered

LEVEL = 0.001
SCENARIO = Scenario(memory_mb=512)


def measured(
    duration_ms: float,
    *,
    seed: int,
    cpu_ms: float = 4.0,
    overlap: float = 1.0,
    first_task_ms: float = 0.2,
    rounds: int = 12,
    noise: float = 0.01,
) -> Mapping[int, Invocation]:
    """Rounds of one model: three tasks that overlap so much, after a while of starting."""
    random = Random(seed)
    made = {}
    for round_ in range(rounds):
        time_ms = duration_ms * (1 + random.uniform(-noise, noise))
        span_ms = (time_ms - first_task_ms) * (overlap / 3)
        step_ms = 0.0 if overlap == 3 else (time_ms - first_task_ms - span_ms) / 2
        tasks = [
            {"index": index, "worker": "w", "start_ms": first_task_ms + index * step_ms,
             "end_ms": first_task_ms + index * step_ms + span_ms}
            for index in range(3)
        ]  # fmt: skip
        invocation = answered(round_, 0.0, time_ms)
        made[round_] = replace(invocation, payload={"cpu_ms": cpu_ms, "tasks": tasks})
    return made


def judged(
    models: Mapping[ConcurrencyModel, Mapping[int, Invocation]], memory_mb: int = 512
) -> dict[ConcurrencyModel, ModelVerdict]:
    return model_verdicts(models, replace(SCENARIO, memory_mb=memory_mb), LEVEL)


def test_the_fastest_and_what_is_surely_not_slower_win() -> None:
    verdicts = judged(
        {
            "sequential": measured(905, seed=1),
            "threads": measured(304, seed=2, overlap=3),
            "asyncio": measured(307, seed=3, overlap=3),
            "processes": measured(341, seed=4, overlap=3, first_task_ms=30),
        }
    )
    assert [model for model, verdict in verdicts.items() if verdict.is_winner] == ["threads", "asyncio"]
    assert verdicts["processes"].standing == "faster"
    assert all_decided(verdicts)
    assert verdicts["sequential"].speed is None
    assert verdicts["sequential"].why.text == "one after another"


def test_two_percent_is_no_winner() -> None:
    verdicts = judged(
        {"sequential": measured(100, seed=1, noise=0.001), "threads": measured(98, seed=2, noise=0.001)}
    )
    assert not verdicts["threads"].is_winner
    assert verdicts["threads"].standing == "as fast"


def test_a_model_that_never_got_through_is_not_judged_and_leaves_nothing_open() -> None:
    verdicts = judged({"sequential": measured(905, seed=1), "process-pool": {}})
    assert verdicts["process-pool"].standing is None
    assert verdicts["process-pool"].is_decided
    assert verdicts["process-pool"].to_document()["ratio"] is None
    assert all_decided(judged({"sequential": {}, "threads": {}}))


@pytest.mark.parametrize(
    ("model", "duration_ms", "account", "memory_mb", "why"),
    [
        ("threads", 304, {"overlap": 3}, 512, "waits together"),
        ("threads", 600, {"overlap": 3, "cpu_ms": 170}, 512, "waits overlap, CPU does not"),
        ("processes", 460, {"overlap": 3, "cpu_ms": 900}, 3008, "computes on 2.0 vCPUs at once"),
        ("processes", 985, {"overlap": 3, "first_task_ms": 80.2}, 512, "80 ms to start processes"),
        ("processes", 1000, {"overlap": 3, "cpu_ms": 310}, 512, "50 ms more CPU for processes"),
        ("threads", 906, {"overlap": 3, "cpu_ms": 262}, 512, "0.29 vCPU: nothing to gain"),
        ("threads", 906, {"overlap": 3, "cpu_ms": 262}, 3008, ""),
        ("asyncio-blocking", 906, {}, 512, "one after another: nothing overlaps"),
    ],
)
def test_every_reason_was_measured(
    model: ConcurrencyModel, duration_ms: float, account: dict[str, Any], memory_mb: int, why: str
) -> None:
    base_cpu_ms = 4.0 if account.get("cpu_ms", 4.0) == 4.0 else 260.0
    verdicts = judged(
        {
            "sequential": measured(905, seed=1, cpu_ms=base_cpu_ms),
            model: measured(duration_ms, seed=2, **account),
        },
        memory_mb,
    )
    assert verdicts[model].why.text == why


def test_the_gil_is_named_for_threads_that_compute_with_cpu_to_spare() -> None:
    models: dict[ConcurrencyModel, Mapping[int, Invocation]] = {
        "sequential": measured(900, seed=1, cpu_ms=890),
        "threads": measured(905, seed=2, cpu_ms=895, overlap=3),
        "processes": measured(905, seed=3, cpu_ms=895, overlap=3),
    }
    verdicts = judged(models, 3008)
    assert verdicts["threads"].why.text == "the GIL lets one thread compute at a time"
    assert verdicts["processes"].why.text == ""


def test_a_function_that_tells_nothing_of_its_tasks_has_no_reason() -> None:
    silent = {round_: replace(each, payload={}) for round_, each in measured(300, seed=2).items()}
    verdicts = judged({"sequential": measured(905, seed=1), "threads": silent})
    assert verdicts["threads"].is_winner
    assert verdicts["threads"].why.text == ""
