"""Runs compared: what changed, and which is first."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from lambda_tui.billing import RunBill, load_prices
from lambda_tui.history import HistoryStore
from lambda_tui.results import Invocation, InvocationError, Report, RunStatistics
from lambda_tui.runs.measured import MeasuredRun, typical_duration_ms
from lambda_tui.runs.ranking import compare_runs, rank_runs
from lambda_tui.scenario import ConcurrencyModel, Scenario
from tests.tui.synthetic import SyntheticRun

RATES = load_prices().rates("us-east-1", "x86_64")


def run_of(
    *durations_ms: float, model: ConcurrencyModel = "sequential", cold: int = 0, error: str = ""
) -> MeasuredRun:
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
    return MeasuredRun(
        run_id=model,
        started_at="2026-11-21T10:00:00.000+00:00",
        scenario=Scenario(concurrency=model),
        target=None,
        invocations=entries,
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
    results = rank_runs(
        {
            "sequential": run_of(900, 900),
            "threads": run_of(300, 300, model="threads"),
            "asyncio": run_of(307, 307, model="asyncio"),
            "processes": run_of(400, 400, model="processes"),
        },
        base="sequential",
    )
    assert [model for model, result in results.items() if result.is_fastest] == ["threads", "asyncio"]
    assert results["threads"].factor == pytest.approx(3.0)
    assert results["sequential"].factor == pytest.approx(1.0)
    assert results["sequential"].cost_change == pytest.approx(0.0)
    assert results["threads"].billed_ms == Decimal(300)


def test_a_run_that_only_fails_does_not_win() -> None:
    results = rank_runs(
        {"sequential": run_of(900), "process-pool": run_of(5, model="process-pool", error="[Errno 38]")},
        base="sequential",
    )
    broken = results["process-pool"]
    assert (broken.duration_ms, broken.factor, broken.per_million_usd) == (None, None, None)
    assert broken.error == "OSError: [Errno 38] Lambda has no shared semaphores; Process and Pipe work"
    assert not broken.is_fastest
    assert results["sequential"].is_fastest


def test_runs_are_ranked_by_anything_they_differ_in_and_without_a_base_run() -> None:
    sizes = rank_runs({512: run_of(900), 1024: run_of(450), 1769: run_of(300)}, base=512)
    assert [size for size, result in sizes.items() if result.is_fastest] == [1769]
    assert sizes[1024].factor == pytest.approx(2.0)
    baseless = rank_runs({1024: run_of(450), 1769: run_of(300)}, base=512)
    assert {(result.factor, result.cost_change) for result in baseless.values()} == {(None, None)}
    assert baseless[1769].is_fastest
    assert rank_runs({}, base=512) == {}


def test_live_and_recorded_runs_rank_side_by_side(tmp_path: Path) -> None:
    live = list(SyntheticRun(Scenario(invocations=5), run_id="live").snapshots())[-1]
    with closing(HistoryStore(tmp_path / "history.sqlite3")) as store:
        recorder = store.begin(run_id="kept", name="", started_at=live.started_at, scenario=live.scenario)
        assert live.target is not None
        recorder.target(live.target)
        recorder.append(list(live.invocations))
        recorder.finish(summary=live.summary, bill=live.bill)
        kept = store.load("kept")
    measured: dict[str, MeasuredRun] = {"live": live, "kept": kept}
    ranked = rank_runs(measured, base="live")
    assert ranked["live"] == ranked["kept"]
    assert ranked["kept"].factor == 1.0
    change = compare_runs(live, kept)
    assert (change.duration, change.cost) == (0.0, 0.0)
