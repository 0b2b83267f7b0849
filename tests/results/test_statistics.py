"""Statistics of a run: exact percentiles, warm apart from cold, warm-up counted but not measured."""

from __future__ import annotations

import json
import statistics
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.results import (
    Invocation,
    InvocationError,
    InvocationStatus,
    Report,
    RunStatistics,
    Summary,
)
from lambda_tui.results.samples import Samples
from lambda_tui.results.statistics import distribution, percentile


def invocation(
    index: int = 0,
    *,
    status: InvocationStatus = "ok",
    duration_ms: float = 100.0,
    init_ms: float | None = None,
    warmup: bool = False,
    environment_id: str = "env-1",
    **changes: Any,
) -> Invocation:
    ran = status in ("ok", "function_error")
    billed_ms = int(-(-(duration_ms + (init_ms or 0)) // 1))
    return Invocation(
        index=index,
        scheduled_ms=changes.get("scheduled_ms", index * 10.0),
        started_ms=changes.get("started_ms", index * 10.0 + 1),
        ended_ms=changes.get("ended_ms", index * 10.0 + 1 + duration_ms),
        status=status,
        error=None,
        request_id=f"r{index}",
        environment_id=environment_id if ran else None,
        cold=init_ms is not None,
        warmup=warmup,
        report=Report(f"r{index}", duration_ms, billed_ms, 512, init_ms=init_ms) if ran else None,
        usd=Decimal("0.000001") if ran else None,
        payload={"handler_ms": duration_ms - 1},
    )


def summarise(*invocations: Invocation) -> Any:
    run = RunStatistics()
    for each in invocations:
        run.add(each)
    return run.summary()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200))
def test_samples_agree_with_the_standard_library(values: list[float]) -> None:
    samples = Samples()
    for value in values:
        samples.add(value)
    result = distribution(samples)
    assert result is not None
    assert result.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-9)
    if len(values) > 1:
        assert result.stddev == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)
    assert result.min == min(values)
    assert result.max == max(values)
    assert result.p50 in values
    assert result.min <= result.p50 <= result.p90 <= result.p99 <= result.max


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [(0.5, 5.0), (0.9, 9.0), (0.95, 10.0), (0.99, 10.0), (0.01, 1.0)],
)
def test_nearest_rank(fraction: float, expected: float) -> None:
    assert percentile([float(n) for n in range(1, 11)], fraction) == expected


def test_cold_and_warm_are_never_mixed() -> None:
    summary = summarise(
        invocation(0, duration_ms=500, init_ms=90),
        invocation(1, duration_ms=100),
        invocation(2, duration_ms=102),
    )
    assert summary.cold_starts == 1
    assert summary.duration_ms.count == 2
    assert summary.duration_ms.max == 102
    assert summary.init_ms.count == 1
    assert summary.handler_ms.count == 2


def test_warmup_is_in_the_bill_and_not_in_the_distributions() -> None:
    summary = summarise(invocation(0, warmup=True, duration_ms=1000), invocation(1, duration_ms=100))
    assert summary.latency_ms.count == 1
    assert summary.billed_ms == 1100
    assert summary.gb_seconds == Decimal("0.55")
    assert summary.invocations == 2


def test_failures_are_counted_and_have_no_duration() -> None:
    summary = summarise(
        invocation(0),
        invocation(1, status="throttled"),
        invocation(2, status="failed"),
        invocation(3, status="function_error"),
    )
    assert (summary.ok, summary.throttled, summary.failed, summary.function_errors) == (1, 1, 1, 1)
    assert summary.duration_ms.count == 1
    assert summary.billed_ms == 200  # a function error is billed, a throttle is not


def test_latency_counts_from_the_intended_start() -> None:
    late = invocation(0, scheduled_ms=0.0, started_ms=400.0, ended_ms=500.0)
    assert (late.latency_ms, late.service_ms) == (500.0, 100.0)
    assert summarise(late).start_error_ms.max == 400.0


def test_environments_are_counted_once_each() -> None:
    summary = summarise(*(invocation(n, environment_id=f"env-{n % 3}") for n in range(9)))
    assert summary.environments == 3


def test_nothing_measured_is_null_not_zero() -> None:
    document = summarise().to_document()
    assert document["duration_ms"] is None
    assert document["gb_seconds"] == "0"


def test_invocation_document_round_trip() -> None:
    original = invocation(3, init_ms=88.5)
    assert Invocation.from_document(original.to_document()) == original


def failure(index: int, status: InvocationStatus, kind: str) -> Invocation:
    return replace(invocation(index, status=status), error=InvocationError(kind, "m"))


def test_errors_are_counted_by_type() -> None:
    summary = summarise(
        invocation(0),
        failure(1, "throttled", "ConcurrentInvocationLimitExceeded"),
        failure(2, "throttled", "ConcurrentInvocationLimitExceeded"),
        failure(3, "function_error", "KeyError"),
    )
    assert summary.errors_by_type == {"ConcurrentInvocationLimitExceeded": 2, "KeyError": 1}
    assert summary.possibly_billed == 0


def test_what_was_sent_and_not_answered_is_possibly_billed() -> None:
    run = RunStatistics(worst_case_usd=Decimal("0.001"))
    for index, kind in enumerate(["ReadTimeout", "ConnectionClosed", "ConnectFailed", "ServiceException"]):
        run.add(failure(index, "failed", kind))
    run.add_abandoned(3)
    summary = run.summary()
    assert (summary.possibly_billed, summary.possibly_billed_usd) == (5, Decimal("0.005"))
    assert summary.gb_seconds == 0
    assert summary.to_document()["possibly_billed_usd"] == "0.005"


@pytest.mark.parametrize(
    ("late_ms", "cpu_percent", "held_back", "says"),
    [
        (0.9, 69.0, 0, ""),
        (1.1, 10.0, 0, "starts were 1.1 ms late (p99)"),
        (0.0, 71.0, 0, "the load engine used 71% of a core"),
        (0.0, 0.0, 7, "the spend limit held back 7 starts"),
        (5.0, 99.0, 0, "starts were 5.0 ms late (p99); the load engine used 99% of a core"),
    ],
)
def test_a_run_limited_by_the_client_says_so(
    late_ms: float, cpu_percent: float, held_back: int, says: str
) -> None:
    run = RunStatistics()
    for index in range(100):
        run.add(invocation(index, scheduled_ms=index * 10.0, started_ms=index * 10.0 + late_ms))
    run.add_engine_cpu(cpu_percent)
    run.add_engine_cpu(1.0)
    run.add_held_back(held_back)
    assert run.summary().client_limited == says
    assert run.summary().engine_cpu_percent == max(cpu_percent, 1.0)


def test_a_run_held_back_by_its_recorder_says_so() -> None:
    run = RunStatistics()
    run.add(invocation(0))
    run.add_recorder_behind(0.0)
    assert run.summary().client_limited == ""
    run.add_recorder_behind(0.75)
    run.add_recorder_behind(0.5)
    assert run.summary().client_limited == "recording held back the load for 1.2 s"


def test_summary_document_round_trip() -> None:
    run = RunStatistics(worst_case_usd=Decimal("0.001"))
    for index in range(100):
        run.add(invocation(index, duration_ms=100.0 + index))
    run.add(failure(100, "failed", "ReadTimeout"))
    summary = run.summary()
    document = json.loads(json.dumps(summary.to_document()))
    assert Summary.from_document({**document, "of_the_future": 1}) == summary
    bounds = summary.intervals["duration_ms"]["p50"]
    assert bounds is not None
    assert bounds.low < 149.0 < bounds.high
    assert summary.init_ms is None
    old = {name: document[name] for name in ("invocations", "ok", "latency_ms", "gb_seconds")}
    assert Summary.from_document(old).errors_by_type == {}
