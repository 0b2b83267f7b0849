"""Every invocation is answered, whatever happens to its environment between two steps."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lambda_tui.errors import TargetRefused
from lambda_tui.local_lambda.environment.environment import Invocation, Outcome
from lambda_tui.local_lambda.functions.function import FunctionConfiguration
from lambda_tui.local_lambda.sandbox import cell, leftovers
from lambda_tui.local_lambda.sandbox.cell import Cell
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox, open_sandbox
from lambda_tui.local_lambda.scheduling.scheduler import Scheduler, SchedulerLimits
from tests.local_lambda.sandbox_host import PATIENCE_S, eventually

CODE = """
import os, time
def handler(event, context):
    if event == "exit":
        os._exit(3)
    if event == "sleep":
        time.sleep(30)
    return event
"""


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    opened = open_sandbox(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
async def scheduler(sandbox: Sandbox) -> AsyncIterator[Scheduler]:
    running = Scheduler(sandbox, "us-east-1", SchedulerLimits(max_environments=4))
    yield running
    await running.close()


@pytest.fixture
def function(tmp_path: Path) -> FunctionConfiguration:
    root = tmp_path / "code"
    root.mkdir()
    (root / "probe.py").write_text(CODE)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:probe"
    return FunctionConfiguration(
        name="probe",
        arn=arn,
        runtime="python3.13",
        handler="probe.handler",
        task_root=root,
        role="role",
        timeout_s=1,
        memory_mb=1769,  # a suppressed INIT at the share of 128 MB takes nearly as long as the timeout
    )


async def invoke(scheduler: Scheduler, function: FunctionConfiguration, event: str = '"fine"') -> Outcome:
    invocation = Invocation(str(uuid.uuid4()), function, event.encode(), None, "Root=1-0-0")
    return await asyncio.wait_for(scheduler.invoke(invocation), PATIENCE_S)


def freezers_of(sandbox: Sandbox) -> list[tuple[Path, str]]:
    """The files that freeze the groups of the sandbox's cells, and what to write."""
    roots = (sandbox.directory / "groups").read_text().split()
    files = [path for root in roots for path in Path(root).glob("*/freezer.state")]
    return [(path, "FROZEN") for path in files] or [
        (path, "1") for root in roots for path in Path(root).glob("*/cgroup.freeze")
    ]


async def test_a_program_that_never_comes_to_run(
    sandbox: Sandbox, scheduler: Scheduler, function: FunctionConfiguration
) -> None:
    """It is frozen on joining its group, before its first instruction: no process is visible, and
    nothing ends by itself."""
    assert (await invoke(scheduler, function, '"exit"')).report.error_type == "Runtime.ExitError"
    freezers = freezers_of(sandbox)
    if not freezers:
        pytest.skip("no control group freezes processes here")
    assert await eventually(
        lambda: not any((path.parent / "cgroup.procs").read_text() for path, _ in freezers)
    )
    for path, word in freezers:
        path.write_text(word)
    late = await invoke(scheduler, function)
    assert b"timed out after 1.00 seconds" in late.payload
    after = await invoke(scheduler, function)
    assert (after.payload, after.environment_id) == (b'"fine"', late.environment_id)


@pytest.mark.parametrize("invocations_before", [0, 1], ids=["cold", "warm"])
async def test_a_fault_of_our_own_in_the_last_step(
    scheduler: Scheduler,
    function: FunctionConfiguration,
    monkeypatch: pytest.MonkeyPatch,
    invocations_before: int,
) -> None:
    """The figures of an environment can no longer be read: its caller gets an error, the next is served."""
    for _ in range(invocations_before):
        await invoke(scheduler, function)
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)  # the server complains

    def broken(_: Cell) -> int:
        raise ZeroDivisionError("a fault")

    with monkeypatch.context() as faulty:
        faulty.setattr(Cell, "peak_memory_mb", broken)
        with pytest.raises(ZeroDivisionError):
            await invoke(scheduler, function)
    assert (await invoke(scheduler, function)).payload == b'"fine"'
    assert await eventually(lambda: scheduler.environment_count == 1)
    assert scheduler.concurrency.running == 0


async def test_a_last_program_that_does_not_end(
    sandbox: Sandbox, scheduler: Scheduler, function: FunctionConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed, but still there after the time allowed: its environment cannot start another."""
    if sandbox.cpu_enforcement != "cgroup-v1":
        pytest.skip("the functions that kill here are those of version 1")
    with monkeypatch.context() as immortal:
        immortal.setattr(cell, "DESTROY_TIMEOUT_S", 0.05)
        immortal.setattr(leftovers, "kill_pids", lambda _: None)
        immortal.setattr(leftovers, "kill_group", lambda _: False)
        assert b"timed out" in (await invoke(scheduler, function, '"sleep"')).payload
        with pytest.raises(TargetRefused, match="last program has not ended"):
            await invoke(scheduler, function)
    assert (await invoke(scheduler, function)).payload == b'"fine"'
