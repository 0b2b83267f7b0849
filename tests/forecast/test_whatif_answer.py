"""A what-if question, the durations it uses, and its answer."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lambda_tui.billing import load_prices, price
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast.answer import ON_DEMAND, answer
from lambda_tui.forecast.measured import measured_base, shape_of, usable_threads
from lambda_tui.forecast.question import Question, parse_question, rate_text
from lambda_tui.load.snapshot import InvocationLog, Snapshot
from lambda_tui.scenario import Scenario
from tests.tui.synthetic import SyntheticRun

TODAY = date(2026, 11, 21)
BOOK = load_prices()
RATES = BOOK.rates("us-east-1", "x86_64")


def run_of(memory_mb: int = 512, run_id: str = "r1", **changes: object) -> Snapshot:
    scenario = Scenario(memory_mb=memory_mb, invocations=5).with_changes(**changes)
    return list(SyntheticRun(scenario, run_id=run_id).snapshots())[-1]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"memory_mb": "99"}, "memory_mb"),
        ({"memory_mb": "512.5"}, "memory_mb"),
        ({"memory_mb": ""}, "memory_mb"),
        ({"duration_ms": "-1"}, "duration_ms"),
        ({"duration_ms": "900001"}, "duration_ms"),
        ({"duration_ms": "nan"}, "duration_ms"),
        ({"invocations": "1e3"}, None),
        ({"invocations": "1.5"}, "invocations"),
        ({"cold_start_percent": "101"}, "cold_start_percent"),
        ({"speed_ratio": "0"}, "speed_ratio"),
        ({"speed_ratio": "11"}, "speed_ratio"),
        ({"hours_per_day": "25"}, "hours_per_day"),
        ({"era": "tomorrow"}, "era"),
    ],
)
def test_an_unusable_value_is_refused_by_the_name_of_its_field(
    values: dict[str, object], field: str | None
) -> None:
    if field is None:
        assert parse_question(values).invocations == 1000
        return
    with pytest.raises(InvalidInput) as refused:
        parse_question(values)
    assert refused.value.field == field
    assert field in refused.value.message


def test_an_unknown_region_names_the_near_ones() -> None:
    with pytest.raises(InvalidInput, match="us-east-3") as refused:
        answer(replace(Question(), region="us-east-3"), None, BOOK, TODAY)
    assert refused.value.field == "region"
    assert "us-east-1" in refused.value.hint


def test_the_usage_of_a_question_carries_every_choice() -> None:
    question = parse_question(
        {
            "memory_mb": "1024", "duration_ms": "120.4", "cpu_ms": "0", "invocations": "3000000",
            "cold_start_percent": "2.5", "init_ms": "300", "ephemeral_mb": "1024", "free_tier": True,
            "requests_used": "400000", "provisioned": "5", "hours_per_day": "12", "era": "before-2020-12",
        }
    )  # fmt: skip
    usage = question.usage(question.duration_at(1024, None, RATES))
    assert (usage.memory_mb, usage.invocations, usage.ephemeral_mb) == (1024, 3_000_000, 1024)
    assert usage.cold_start_ratio == Decimal("0.025")
    assert usage.provisioned is not None
    assert usage.provisioned.hours == 365
    assert usage.free_tier is not None
    assert usage.free_tier.requests_used == 400_000
    assert (usage.rounding_ms, usage.init_billed) == (100, False)


def test_typed_cpu_time_is_forecast_at_other_sizes_and_waiting_is_not() -> None:
    question = Question(duration_ms=Decimal(200), typed_at_mb=512, cpu_ms=Decimal(25))
    here, half, full = (question.duration_at(size, None, RATES) for size in (512, 256, 1769))
    assert here.kind == "typed"
    assert here.duration_ms == 200
    computing = 25 * 1769 / 512
    assert half.kind == full.kind == "forecast"
    assert float(half.duration_ms) == pytest.approx(200 + computing, rel=0.01)
    assert float(full.duration_ms) == pytest.approx(200 - computing + 25, rel=0.01)
    waiting = replace(question, cpu_ms=Decimal(0))
    assert {waiting.duration_at(size, None, RATES).duration_ms for size in (128, 10240)} == {Decimal(200)}


def test_the_speed_ratio_touches_the_computing_part_only() -> None:
    question = Question(
        duration_ms=Decimal(200), cpu_ms=Decimal(25), architecture="arm64", speed_ratio=Decimal("1.25")
    )
    computing = 25 * 1769 / 512
    arm = question.duration_at(512, None, RATES)
    assert arm.kind == "forecast"
    assert float(arm.duration_ms) == pytest.approx(200 - computing + computing / 1.25, rel=0.01)
    assert replace(question, speed_ratio=Decimal(1)).duration_at(512, None, RATES).duration_ms == 200


def test_a_run_measures_its_own_size_and_forecasts_the_others() -> None:
    run = run_of(512)
    base = measured_base(run)
    here = base.at(512, "x86_64", Decimal(1), RATES)
    assert run.summary.duration_ms is not None
    assert here.kind == "measured"
    assert float(here.duration_ms) == pytest.approx(run.summary.duration_ms.mean, abs=0.001)
    there = base.at(1769, "x86_64", Decimal(1), RATES)
    assert there.kind == "forecast"
    assert there.low_ms < there.duration_ms < there.high_ms < here.high_ms * 2
    # 12.4 ms of CPU take 12.4 x 1769/512 ms at 512 MB and 12.4 ms at 1769 MB.
    assert float(here.duration_ms - there.duration_ms) == pytest.approx(12.4 * (1769 / 512 - 1), rel=0.01)


def test_runs_of_the_same_shape_join_and_others_do_not() -> None:
    others = [
        run_of(1024, "same"),
        run_of(2048, "more tasks", tasks=4),
        run_of(2048, "threads", concurrency="threads"),
        run_of(2048, "arm", architecture="arm64"),
    ]
    base = measured_base(run_of(512, "base"), others)
    assert [size.memory_mb for size in base.sizes] == [512, 1024]
    assert all(size.kind == "measured" for size in base.sizes)
    assert shape_of(others[0].scenario) == shape_of(base.scenario)


def test_another_architecture_is_never_measured_by_this_one() -> None:
    base = measured_base(run_of(512))
    arm = base.at(512, "arm64", Decimal(2), RATES)
    assert arm.kind == "forecast"
    assert arm.duration_ms < base.at(512, "x86_64", Decimal(1), RATES).duration_ms


def test_a_run_without_a_success_is_no_base() -> None:
    with pytest.raises(InvalidInput, match="no successful invocation"):
        measured_base(run_of(512, concurrency="process-pool"))


def test_one_size_without_cpu_time_is_held_and_says_so() -> None:
    run = run_of(512)
    silent = [replace(invocation, payload=None) for invocation in run.invocations]
    base = measured_base(replace(run, invocations=InvocationLog(silent)))
    held = base.at(2048, "x86_64", Decimal(1), RATES)
    assert (held.kind, base.model) == ("held", None)
    assert held.duration_ms == base.at(512, "x86_64", Decimal(1), RATES).duration_ms
    assert "cpu_ms" in base.why_no_model


@pytest.mark.parametrize(
    ("model", "threads"),
    [("sequential", 1), ("asyncio", 1), ("asyncio-blocking", 1), ("threads", None), ("processes", 3)],
)
def test_usable_threads(model: str, threads: int | None) -> None:
    assert usable_threads(Scenario().with_changes(concurrency=model, tasks=3, workers=8)) == threads


def test_the_answer_agrees_with_the_bill() -> None:
    question = Question(memory_mb=900, free_tier=True, provisioned=2)
    current = answer(question, None, BOOK, TODAY)
    assert current.bill.total_usd == price(current.usage, BOOK).total_usd
    own = next(size for size in current.sizes if size.memory_mb == 900)
    assert own.usd == current.bill.total_usd
    assert [size.memory_mb for size in current.sizes] == sorted(size.memory_mb for size in current.sizes)
    assert current.cheapest.usd == min(size.usd for size in current.sizes)
    assert sum(part.usd for part in current.shares) == current.bill.total_usd
    assert question.invocations in current.traffic.invocations


def test_a_measured_size_costs_what_it_costs_and_a_forecast_from_to() -> None:
    current = answer(Question(), measured_base(run_of(512)), BOOK, TODAY)
    for size in current.sizes:
        if size.measured:
            assert size.low_usd == size.usd == size.high_usd
        else:
            assert size.low_usd < size.usd < size.high_usd
    assert [size.memory_mb for size in current.sizes if size.measured] == [512]


def test_an_answer_follows_a_slider() -> None:
    best_s = 1.0
    for _ in range(5):
        began = time.thread_time()
        answer(Question(), None, BOOK, TODAY)
        best_s = min(best_s, time.thread_time() - began)
    assert best_s < 0.016  # about 4 ms; the screen has 16 ms of CPU for all of it and the drawing


def test_crossings_are_where_on_demand_changes_its_rank() -> None:
    current = answer(Question(), None, BOOK, TODAY)
    assert current.crossings
    lines = {line.name: line for line in current.traffic.lines}
    for crossing in current.crossings:
        month = crossing.requests_per_s * 730 * 3600
        after = next(n for n, count in enumerate(current.traffic.invocations) if count >= month)
        assert current.traffic.invocations[after - 1] <= month
        dearer = crossing.other if crossing.cheaper == ON_DEMAND else ON_DEMAND
        assert lines[crossing.cheaper].usd[after] <= lines[dearer].usd[after]
        assert lines[ON_DEMAND].usd[after - 1] <= crossing.usd <= lines[ON_DEMAND].usd[after]


def test_prices_older_than_a_year_are_stale() -> None:
    assert not answer(Question(), None, BOOK, TODAY).prices_are_stale
    assert answer(Question(), None, BOOK, date(2027, 11, 21)).prices_are_stale
    assert answer(replace(Question(), region="af-south-1"), None, BOOK, TODAY).prices_are_stale


@pytest.mark.parametrize(
    ("invocations", "text"), [(0, "0"), (2_628_000, "1"), (10_000_000, "3.805"), (100, "0.00003805")]
)
def test_a_rate_is_written_without_an_exponent(invocations: int, text: str) -> None:
    assert rate_text(invocations) == text


def test_every_region_answers_on_its_architectures() -> None:
    for region in BOOK.regions:
        for architecture in BOOK.architectures(region):
            question = parse_question({"region": region, "architecture": architecture})
            assert answer(question, None, BOOK, TODAY).bill.total_usd > 0
