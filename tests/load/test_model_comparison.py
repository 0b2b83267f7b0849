"""All models round by round: the order, what is discarded, when it ends, and what the history gets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from lambda_tui.errors import Interrupted, LimitReached
from lambda_tui.history import HistoryStore
from lambda_tui.load.judge import ComparisonState
from lambda_tui.load.model_comparison import ModelComparison, through_all_models
from lambda_tui.results.task_span import TaskSpan
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel, Scenario
from tests.targets.fake import Answer, FakeTarget

SCENARIO = Scenario(invocations=3, task_ms=10)

DELAY_MS = 8.0
"""Of every answer: rounds take long enough for the parent to look in between."""

TIMES_MS: dict[ConcurrencyModel, float] = {
    "sequential": 900.0,
    "threads": 305.0,
    "thread-pool": 306.0,
    "asyncio": 309.0,
    "asyncio-blocking": 901.0,
    "processes": 420.0,
}


def model_of(fake: FakeTarget) -> ConcurrencyModel:
    model: ConcurrencyModel = json.loads(fake.traffic.body)["concurrency"]["model"]
    return model


def answering(
    fake: FakeTarget, duration_ms: Callable[[ConcurrencyModel, int], float], seen: list[ConcurrencyModel]
) -> Callable[[int], Answer]:
    """Reported durations by model and round; nothing waits for real. `process-pool` fails as on Lambda."""

    def answer(number: int) -> Answer:
        model = model_of(fake)
        seen.append(model)
        if model == "process-pool":
            body = json.dumps({"errorType": "OSError", "errorMessage": "[Errno 38]"}).encode()
            return Answer(function_error="Unhandled", body=body)
        time_ms = duration_ms(model, number // len(CONCURRENCY_MODELS))
        body = json.dumps(_payload(model, time_ms)).encode()
        return Answer(delay_ms=DELAY_MS, duration_ms=time_ms, billed_ms=int(time_ms) + 1, body=body)

    return answer


def _payload(model: ConcurrencyModel, time_ms: float) -> dict[str, object]:
    serial = model in ("sequential", "asyncio-blocking")
    each = time_ms / 3 if serial else time_ms
    starts = [number * each if serial else 0.0 for number in range(3)]
    spans = [TaskSpan(number, "w", start, start + each, True, None) for number, start in enumerate(starts)]
    tasks = [
        {"index": span.index, "worker": span.worker, "start_ms": span.start_ms, "end_ms": span.end_ms}
        for span in spans
    ]
    return {"schema": 1, "handler_ms": time_ms, "environment_id": "env-1", "cpu_ms": 4.0, "tasks": tasks}


def last_state(comparison: ModelComparison) -> ComparisonState:
    return list(comparison.states())[-1]


def noisy(random: Random, spread: float) -> Callable[[ConcurrencyModel, int], float]:
    return lambda model, round_: TIMES_MS[model] * (1 + random.uniform(0, spread))


def test_every_round_has_every_model_once_in_an_order_of_its_own(fake: FakeTarget) -> None:
    seen: list[ConcurrencyModel] = []
    fake.answer = answering(fake, noisy(Random(1), 0.002), seen)
    state = last_state(ModelComparison(SCENARIO, fake))
    rounds = [tuple(seen[start : start + 7]) for start in range(0, len(seen) - 6, 7)]
    assert all(sorted(each) == sorted(CONCURRENCY_MODELS) for each in rounds)
    assert len(set(rounds)) > 1
    assert state.is_decided
    assert 3 <= state.rounds < state.cap
    assert {run.run_id for run in state.runs.values()}.isdisjoint({state.whole.run_id})


def test_the_right_models_win_and_say_why(fake: FakeTarget) -> None:
    fake.answer = answering(fake, noisy(Random(2), 0.01), [])
    state = last_state(ModelComparison(SCENARIO.with_changes(invocations=10), fake))
    winners = {model for model, verdict in state.verdicts.items() if verdict.is_winner}
    assert winners == {"threads", "thread-pool", "asyncio"}
    assert state.verdicts["threads"].why.text == "waits together"
    assert state.verdicts["asyncio-blocking"].standing == "as fast"
    assert state.best.scenario.concurrency in winners
    document = state.verdicts["threads"].to_document()
    assert document["key"] == "threads"
    assert document["low"] < document["ratio"] < document["high"]
    assert document["decided"]


def test_a_first_use_judges_nothing(fake: FakeTarget) -> None:
    """The first invocation of each model takes ten times as long: imports, connections, a cold start."""

    def first_is_slow(model: ConcurrencyModel, round_: int) -> float:
        return 500.0 * (10 if round_ == 0 and model != "threads" else 1) + Random(round_).random()

    fake.answer = answering(fake, first_is_slow, [])
    state = last_state(ModelComparison(SCENARIO.with_changes(workload="primes"), fake))
    assert not any(verdict.is_winner for verdict in state.verdicts.values())
    assert state.is_decided
    assert all(run.invocations[0].warmup for run in state.runs.values())
    assert state.runs["sequential"].summary.duration_ms is not None
    assert state.runs["sequential"].summary.duration_ms.max < 600


def test_it_goes_on_to_the_cap_where_nothing_can_be_decided(fake: FakeTarget) -> None:
    random = Random(3)
    fake.answer = answering(fake, lambda model, round_: 100 * random.uniform(0.5, 2), [])
    state = last_state(ModelComparison(SCENARIO, fake))
    assert state.rounds == state.cap == 24
    assert not state.is_decided
    counts = Counter({model: len(run.invocations) for model, run in state.runs.items()})
    assert set(counts.values()) == {25}


def test_stopping_keeps_what_every_model_measured(fake: FakeTarget, tmp_path: Path) -> None:
    fake.answer = lambda number: Answer(delay_ms=20)
    store = HistoryStore(tmp_path / "runs.sqlite")
    comparison = ModelComparison(SCENARIO, fake, history=store)
    for state in comparison.states():
        if len(state.whole.invocations) >= 10:
            comparison.stop()
    assert isinstance(state.whole.stopped_by, Interrupted)
    assert not state.verdicts
    recorded = store.runs()
    assert len(recorded) == len(CONCURRENCY_MODELS)
    assert sum(run.invocations for run in recorded) == len(state.whole.invocations)
    assert {run.scenario.concurrency for run in recorded} == set(CONCURRENCY_MODELS)
    assert all(run.stopped_by is not None for run in recorded)
    store.close()


def test_the_spend_limit_holds_for_each_model(fake: FakeTarget) -> None:
    fake.answer = answering(fake, noisy(Random(4), 2.0), [])
    tight = SCENARIO.with_changes(max_invocations=2)
    state = last_state(ModelComparison(tight, fake))
    assert isinstance(state.whole.stopped_by, LimitReached)
    assert fake.traffic.invocations == 2 * len(CONCURRENCY_MODELS)


@pytest.mark.parametrize("callers", [1, 4])
def test_what_may_be_invoked_at_most_is_what_is_asked_about(fake: FakeTarget, callers: int) -> None:
    scenario = SCENARIO.with_changes(callers=callers, rate=5.0, seconds=2.0)
    asked = through_all_models(scenario)
    assert [each.concurrency for each in asked] == list(CONCURRENCY_MODELS)
    assert {each.planned_invocations for each in asked} == {24 + callers}
    assert all(each.rate is None for each in asked)
    random = Random(5)
    fake.answer = answering(fake, lambda model, round_: 100 * random.uniform(0.5, 2), [])
    state = last_state(ModelComparison(scenario, fake))
    assert len(state.whole.invocations) <= sum(each.planned_invocations for each in asked)
