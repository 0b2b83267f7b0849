"""The governor: the arithmetic of its buckets, and failures of its process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.local_lambda.sandbox import processes
from lambda_tui.local_lambda.sandbox.groups import duty_cycle
from lambda_tui.local_lambda.sandbox.groups.duty_cycle import GovernorProcess
from lambda_tui.local_lambda.sandbox.groups.governor import PERIOD_NS, TICK_NS, Bucket
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox, open_sandbox
from tests.local_lambda.local_server import LocalServer, invoke
from tests.local_lambda.sandbox_host import eventually, is_alive, text_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

QUOTA_NS = 5_000_000
COUNTER = """
import time
used = 0
while True:
    while time.process_time() < used + 0.01: pass
    used += 0.01
    print('x', end='', flush=True)
"""


def test_what_is_not_used_is_lost_and_what_is_used_too_much_is_owed() -> None:
    bucket = Bucket(QUOTA_NS, 0)
    assert bucket.spend(0, 3 * PERIOD_NS, stopped=False) == 3
    assert bucket.balance_ns == QUOTA_NS, "three idle periods give no burst"
    bucket.spend(12_000_000, 3 * PERIOD_NS, stopped=False)
    assert bucket.balance_ns == -7_000_000
    assert bucket.due_ns(3 * PERIOD_NS, 1) == 5 * PERIOD_NS, (
        "one period repays 5 of the 7 ms, the next the rest"
    )


def test_a_late_look_gives_a_stopped_cell_what_it_missed() -> None:
    bucket = Bucket(QUOTA_NS, 0)
    bucket.spend(6_000_000, 4_000_000, stopped=False)
    assert bucket.spend(0, 3 * PERIOD_NS, stopped=True) == 3
    assert bucket.balance_ns == 3 * QUOTA_NS - 1_000_000


def test_looks_are_no_closer_than_a_tick_and_never_miss_a_period() -> None:
    bucket = Bucket(1_447_000, 0)
    assert bucket.due_ns(0, 2) == TICK_NS
    assert bucket.due_ns(PERIOD_NS - 1, 2) == PERIOD_NS
    assert Bucket(18_000_000, 0).due_ns(0, 1) == 18_000_000


@given(
    quota_ns=st.integers(1, 40_000_000),
    needs_ns=st.integers(1, 2_000_000_000),
)
def test_long_work_takes_as_long_as_its_share_says(quota_ns: int, needs_ns: int) -> None:
    quota_ns = min(quota_ns, PERIOD_NS)
    needs_ns = max(needs_ns, 20 * quota_ns)
    bucket, now_ns, used_ns = Bucket(quota_ns, 0), 0, 0
    while used_ns < needs_ns:
        runs = bucket.balance_ns > 0
        due_ns = bucket.due_ns(now_ns, 1)
        assert due_ns > now_ns
        spent_ns = due_ns - now_ns if runs else 0
        used_ns += spent_ns
        now_ns = due_ns
        bucket.spend(spent_ns, now_ns, stopped=not runs)
    fluid_ns = used_ns * PERIOD_NS / quota_ns
    assert fluid_ns - 2 * PERIOD_NS - TICK_NS * PERIOD_NS / quota_ns <= now_ns <= fluid_ns + PERIOD_NS


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    opened = open_sandbox(tmp_path / "state", enforcement="duty-cycle")
    assert (opened.cpu_enforcement, opened.memory_enforcement) == ("duty-cycle", "rss")
    yield opened
    opened.close()


def governors() -> list[int]:
    """The governors among the children of this process."""
    children = [child for child in processes.children(os.getpid()) if is_alive(child)]
    return [child for child in children if b"governor.main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def is_replaced(governor: int) -> bool:
    return len(governors()) == 1 and governor not in governors()


def has_grown(output: Path, size: int) -> bool:
    return len(text_of(output)) > size


async def test_a_killed_governor_is_replaced_and_nothing_stays_stopped(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    cell = sandbox.create("one", 128)
    output = tmp_path / "out"
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", COUNTER], {}, "/", file.fileno())
    cell.throttle()
    assert await eventually(lambda: cell.cpu_usage().throttled_periods > 3)
    for _ in range(3):
        (governor,) = governors()
        os.kill(governor, signal.SIGKILL)
        assert await eventually(partial(is_replaced, governor))
        assert await eventually(partial(has_grown, output, len(text_of(output)) + 2))
    await cell.destroy()
    assert await cell.wait() == -9


@pytest.mark.timed
async def test_frozen_stays_frozen_whatever_the_balance(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 512)
    output = tmp_path / "out"
    with output.open("wb") as file:
        pid = await cell.spawn([sys.executable, "-I", "-S", "-c", COUNTER], {}, "/", file.fileno())
    cell.throttle()
    for _ in range(5):
        assert await eventually(partial(has_grown, output, len(text_of(output))))
        cell.freeze()
        # On a busy machine it may take a while until the signal is acted on.
        assert await eventually(lambda: state_of(pid) == "T")
        before = cell.cpu_usage().cpu_ms
        await asyncio.sleep(0.05)
        # Its last step before the stop may be counted after it is reported as stopped.
        assert cell.cpu_usage().cpu_ms - before < 2
        cell.thaw()


@pytest.mark.timed
async def test_frozen_time_is_no_credit(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 177)
    with (tmp_path / "out").open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", COUNTER], {}, "/", file.fileno())
    cell.throttle()
    assert await eventually(lambda: cell.cpu_usage().throttled_periods > 3)
    cell.freeze()
    await asyncio.sleep(1)
    before_ms, began = cell.cpu_usage().cpu_ms, time.monotonic()
    cell.thaw()
    await asyncio.sleep(0.3)
    cell.freeze()
    used_ms, elapsed_ms = cell.cpu_usage().cpu_ms - before_ms, (time.monotonic() - began) * 1000
    assert used_ms < elapsed_ms * 0.1 + 30, "100 ms more if the second were kept"


async def test_what_is_forgotten_runs_on_and_its_slot_is_used_again() -> None:
    process = GovernorProcess()
    sleeper = await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass")
    slot = process.take_slot()
    process.govern(slot, sleeper.pid, 1000, frozen=False)
    assert await eventually(lambda: process.figures(slot)[0] > 2)
    process.forget(slot)
    process.give_back(slot)
    assert await eventually(lambda: state_of(sleeper.pid) == "R")
    assert process.take_slot() == slot
    assert process.figures(slot) == (0, 0.0)
    governor = process.pid
    process.close()
    process.close()
    assert governor is not None
    assert not is_alive(governor)
    sleeper.kill()
    await sleeper.wait()


async def test_no_cell_runs_before_the_governor_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duty_cycle, "_PROGRAM", f"import time\ntime.sleep(0.3)\n{duty_cycle._PROGRAM}")
    process, began = GovernorProcess(), time.monotonic()
    process.take_slot()
    assert time.monotonic() - began >= 0.3
    began_with = process.pid
    await asyncio.sleep(0.05)
    assert process.pid == began_with, "that it begins is not taken for its end"
    process.close()


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.timed
async def test_children_are_held_to_the_same_share(sandbox: Sandbox, tmp_path: Path) -> None:
    code = """
import os, time
pids = []
started = time.perf_counter()
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        used = time.process_time()
        while time.process_time() - used < 0.1: pass
        os._exit(0)
    pids.append(pid)
for pid in pids: os.waitpid(pid, 0)
print(time.perf_counter() - started)
"""
    cell = sandbox.create("one", 442)
    factor = None
    for _ in range(6):
        governor_runs = cell.cpu_usage().throttled_periods > 0
        with (tmp_path / "out").open("wb") as file:
            await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
        cell.throttle()
        assert await cell.wait() == 0
        if not governor_runs:
            continue
        factor = float(text_of(tmp_path / "out")) / (0.3 * 4)
        assert factor > 0.75, "300 ms of work in three processes at a quarter of a CPU takes 1.2 s"
        if factor < 1.25:
            return
    pytest.fail(f"{factor} times as long as the share says")


@pytest.mark.parametrize("model", ["sequential", "threads", "processes"])
def test_warm_invocations_are_held_to_their_share(launch: Callable[..., LocalServer], model: str) -> None:
    # Between invocations the environment is frozen, whatever it owes; a busy machine only prolongs them.
    server = launch("--enforcement", "duty-cycle")
    assert server.ready["cpu_enforcement"] == "duty-cycle"
    client = server.client()
    client.update_function_configuration(FunctionName="lambda-tui-python", MemorySize=442)
    event = {
        "schema": 1,
        "workload": {"kind": "primes", "tasks": 2, "work": 4},
        "concurrency": {"model": model, "workers": 2},
    }
    for _ in range(4):
        answer = invoke(client, "lambda-tui-python", event)
        assert answer.error is None, answer.payload
        assert answer.report is not None
        assert answer.report.duration_ms * 442 / 1769 > answer.payload["cpu_ms"] * 0.7
