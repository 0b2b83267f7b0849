"""INIT that takes too long, with the limit shortened: a real environment in this process's event loop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lambda_tui.local_lambda.environment import environment
from lambda_tui.local_lambda.environment.environment import Invocation
from lambda_tui.local_lambda.functions.function import FunctionConfiguration
from lambda_tui.local_lambda.sandbox.sandbox import open_sandbox
from lambda_tui.local_lambda.scheduling.scheduler import Scheduler, SchedulerLimits


async def test_an_init_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "INIT_LIMIT_S", 0.5)
    (tmp_path / "probe.py").write_text("import time; time.sleep(30)")
    function = FunctionConfiguration(
        "slow",
        "arn:aws:lambda:us-east-1:000000000000:function:slow",
        "python3.12",
        "probe.handler",
        tmp_path,
        "role",
    )
    sandbox = open_sandbox(tmp_path / "state")
    scheduler = Scheduler(sandbox, "us-east-1", SchedulerLimits())
    try:
        outcome = await scheduler.invoke(Invocation("request", function, b"{}", None, "Root=1"))
    finally:
        await scheduler.close()
        sandbox.close()
    assert outcome.function_error == "Unhandled"
    assert b"Sandbox.Timedout" in outcome.payload
    assert outcome.report.status == "timeout"
    assert outcome.report.duration_ms == 3000, "it is tried again, under the function's own limit"
    assert re.findall(rb"INIT_REPORT .*Phase: (\w+)\tStatus: timeout\n", outcome.log) == [b"init", b"invoke"]
