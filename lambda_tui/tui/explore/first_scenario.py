"""What the form says at the start."""

from __future__ import annotations

from lambda_tui.scenario import Scenario

FIRST_SCENARIO = Scenario(
    workload="http",
    tasks=3,
    task_ms=300,
    concurrency="sequential",
    workers=3,
    memory_mb=512,
    invocations=10,
)
"""Three fetches one after another: the first change, to threads, shows at once what concurrency buys.

Ten invocations are enough to see it and take nine seconds: on a stage that is already long.
"""
