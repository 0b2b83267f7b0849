from __future__ import annotations

from decimal import Decimal

import pytest

from lambda_tui.billing import RunBill, load_prices
from lambda_tui.load.comparison import (
    compare_models,
    compare_runs,
    typical_duration_ms,
)
from lambda_tui.load.snapshot import InvocationLog, Snapshot
from lambda_tui.results import Invocation, InvocationError, Report, RunStatistics
from lambda_tui.scenario import ConcurrencyModel, Scenario

RATES = load_prices().rates("us-east-1", "x86_64")


def run_of(
    *durations_ms: float, model: ConcurrencyModel = "sequential", cold: int = 0, error: str = ""
) -> Snapshot:
    """A finished run; the first `cold` invocations are cold starts with 100 ms of init."""
    statistics, bill, entries = RunStatistics(), RunBill(RATES), []
    for index, duration_ms in enumerate(durations_ms):
        is_cold = index < cold
        billed_ms = int(duration_ms) + (100 if is_cold else 0)
        report = Report(None, duration_ms, billed_ms, 512, init_ms=100.0 if is_cold else None)
        usd = bill.add(memory_mb=512, billed_ms=billed_ms, duration_ms=duration_ms, init_ms=report.init_ms)
        entries.append(
            Invocation(
                index=index,
                scheduled_ms=0.0,
                started_ms=0.0,
                ended_ms=duration_ms,
                status="function_error" if error else "ok",
                error=InvocationError("OSError", error) if error else None,
                request_id=None,
                environment_id=None,
                cold=is_cold,
                warmup=False,
                report=report,
                usd=usd,
                payload=None,
            )
        )
        statistics.add(entries[-1])
    return Snapshot(
        run_id=model,
        started_at="2026-11-21T10:00:00.000+00:00",
        scenario=Scenario(concurrency=model),
        target=None,
        state="finished",
        elapsed_ms=0.0,
        planned=len(durations_ms),
        in_flight=0,
        invocations=InvocationLog(entries),
        summary=statistics.summary(),
        bill=bill.bill(),
    )


def test_the_typical_duration_is_warm_where_anything_ran_warm() -> None:
    assert typical_duration_ms(run_of(900, 300, 310, 305, cold=1)) == 305
    assert typical_duration_ms(run_of(900, 950, cold=2)) == 900  # only cold ones: init apart
    assert typical_duration_ms(run_of()) is None


def test_a_third_of_the_time_is_a_third_of_the_duration_charge() -> None:
    change = compare_runs(run_of(900, 900), run_of(300, 300))
    assert change.duration == pytest.approx(-2 / 3)
    assert change.cost is not None
    assert -2 / 3 < change.cost < -0.6  # the request fee does not shrink
    assert compare_runs(run_of(), run_of(300)).duration is None


def test_models_within_noise_share_the_first_place() -> None:
    results = compare_models(
        {
            "sequential": run_of(900, 900),
            "threads": run_of(300, 300, model="threads"),
            "asyncio": run_of(307, 307, model="asyncio"),
            "processes": run_of(400, 400, model="processes"),
        }
    )
    assert [model for model, result in results.items() if result.is_fastest] == ["threads", "asyncio"]
    assert results["threads"].factor == pytest.approx(3.0)
    assert results["sequential"].factor == pytest.approx(1.0)
    assert results["sequential"].cost_change == pytest.approx(0.0)
    assert results["threads"].billed_ms == Decimal(300)


def test_a_run_that_only_fails_does_not_win() -> None:
    results = compare_models(
        {"sequential": run_of(900), "process-pool": run_of(5, model="process-pool", error="[Errno 38]")}
    )
    broken = results["process-pool"]
    assert (broken.duration_ms, broken.factor, broken.per_million_usd) == (None, None, None)
    assert broken.error == "OSError: [Errno 38]"
    assert not broken.is_fastest
    assert results["sequential"].is_fastest
