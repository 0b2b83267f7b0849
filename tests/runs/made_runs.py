"""Runs as a load engine would deliver them: made by hand, or by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from lambda_tui.billing import RunBill, load_prices
from lambda_tui.results import CpuUse, Invocation, InvocationError, Report, RunStatistics
from lambda_tui.runs.measured import MeasuredRun
from lambda_tui.runs.target import TargetDescription
from lambda_tui.scenario import Scenario

TARGET = TargetDescription(
    kind="local",
    region="eu-central-1",
    endpoint="http://127.0.0.1:4000",
    cpu_enforcement="cgroup-v1",
    memory_enforcement="cgroup",
    host_cpus=2,
    vcpus=512 / 1769,
    host_limited=False,
)

STARTED_AT = "2026-11-21T08:00:00.000+00:00"


def measured(invocations: Sequence[Invocation], **changes: Any) -> MeasuredRun:
    """A run with its summary and its bill at the prices of TARGET's region."""
    statistics = RunStatistics()
    bill = RunBill(load_prices().rates(TARGET.region, "x86_64"))
    for invocation in invocations:
        statistics.add(invocation)
        report = invocation.report
        if report is not None:
            bill.add(
                memory_mb=report.memory_mb,
                billed_ms=report.billed_ms,
                duration_ms=report.duration_ms,
                init_ms=report.init_ms,
            )
    run = MeasuredRun(
        run_id="run-1",
        started_at=STARTED_AT,
        scenario=Scenario(),
        target=TARGET,
        invocations=invocations,
        summary=statistics.summary(),
        bill=bill.bill(),
    )
    return replace(run, **changes)


def invocation(index: int, *, duration_ms: float = 300.5, cold: bool = False) -> Invocation:
    """A successful invocation of 512 MB; a cold one had an init of 100 ms before."""
    started_ms = index * 400.0
    init_ms = 100.0 if cold else None
    billed_ms = int(duration_ms + (init_ms or 0)) + 1
    return Invocation(
        index=index,
        scheduled_ms=started_ms,
        started_ms=started_ms + 0.25,
        ended_ms=started_ms + duration_ms + 2,
        status="ok",
        error=None,
        request_id=f"request-{index}",
        environment_id="environment-1",
        cold=cold,
        warmup=False,
        report=Report(f"request-{index}", duration_ms, billed_ms, 512, 40, init_ms),
        usd=Decimal("0.00000270"),
        payload={"schema": 1, "handler_ms": duration_ms - 1, "cpu_ms": 1.5, "completed": 3},
    )


_ms = st.floats(min_value=0, max_value=1e6, allow_nan=False)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
_money = st.decimals(min_value=0, max_value=100, allow_nan=False, places=25)


@st.composite
def any_invocation(draw: st.DrawFn) -> Invocation:
    """Everything an Invocation's types allow that Lambda could answer."""
    request_id = draw(st.none() | st.text(max_size=40))
    report = st.builds(
        Report,
        request_id=st.just(request_id),
        duration_ms=_ms,
        billed_ms=st.integers(0, 900_000),
        memory_mb=st.integers(128, 10240),
        max_memory_used_mb=st.none() | st.integers(0, 10240),
        init_ms=st.none() | _ms,
        restore_ms=st.none() | _ms,
        status=st.sampled_from(["success", "error", "timeout"]),
    )
    return Invocation(
        index=draw(st.integers(0, 10**6)),
        scheduled_ms=draw(_ms),
        started_ms=draw(_ms),
        ended_ms=draw(_ms),
        status=draw(st.sampled_from(["ok", "function_error", "throttled", "failed"])),
        error=draw(st.none() | st.builds(InvocationError, type=st.text(), message=st.text())),
        request_id=request_id,
        environment_id=draw(st.none() | st.text(max_size=40)),
        cold=draw(st.booleans()),
        warmup=draw(st.booleans()),
        report=draw(st.none() | report),
        usd=draw(st.none() | _money),
        payload=draw(st.none() | st.dictionaries(st.text(), _json, max_size=4)),
        cpu=draw(st.none() | st.builds(CpuUse, _ms, st.integers(0, 10**6), _ms)),
    )
