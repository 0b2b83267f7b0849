"""The same engine on real function code: callers of a sleeping function on the embedded Lambda."""

from __future__ import annotations

from lambda_tui.load.run import Run
from lambda_tui.scenario import Scenario
from lambda_tui.targets import parse_target

TITLE = "Embedded Lambda: 32 callers of a sleep of 1 s"
CALLERS = 32
SLEEP_MS = 1000.0


def measure() -> dict[str, object]:
    """Each caller can make one invocation a second: 32 a second, once the 32 environments are warm."""
    target = parse_target("local")
    scenario = Scenario(
        workload="sleep",
        tasks=1,
        task_ms=SLEEP_MS,
        memory_mb=1769,
        callers=CALLERS,
        warmup=2 * CALLERS,
        invocations=CALLERS * 8,
        max_usd=None,
    )
    try:
        last = list(Run(scenario, target).snapshots())[-1]
    finally:
        target.close()
    if last.stopped_by is not None:
        raise last.stopped_by
    measured = [invocation for invocation in last.invocations if not invocation.warmup]
    span_s = (
        max(invocation.ended_ms for invocation in measured)
        - min(invocation.started_ms for invocation in measured)
    ) / 1000
    ideal = CALLERS * 1000 / SLEEP_MS
    duration, service = last.summary.duration_ms, last.summary.service_ms
    return {
        "ideal, per second": ideal,
        "reached, per second": len(measured) / span_s,
        "share of the ideal, %": len(measured) / span_s / ideal * 100,
        "cold starts among the measured": sum(invocation.cold for invocation in measured),
        "duration p50, ms": None if duration is None else duration.p50,
        "service time p50, ms": None if service is None else service.p50,
        "engine CPU, % of a core": last.engine_cpu_percent,
    }
