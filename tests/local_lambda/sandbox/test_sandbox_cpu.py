"""A cell's CPU share follows its memory size. Wall times are compared with the CPU time really used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lambda_tui.local_lambda.sandbox.cell import Cell
from lambda_tui.local_lambda.sandbox.groups.control_group import cpu_quota_us
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox
from tests.local_lambda.sandbox_host import limited_sandbox, run_python

BURN = """
import time
started, used = time.perf_counter(), time.process_time()
while time.process_time() - used < {cpu_s}: pass
print(time.perf_counter() - started)
"""
THREADS = """
import hashlib, threading, time
data = bytes(1 << 20)
def work():
    for _ in range(300): hashlib.sha256(data).digest()
started, used = time.perf_counter(), time.process_time()
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print((time.perf_counter() - started) / (time.process_time() - used))
"""
ATTEMPTS = 12
"""A busy machine may take the CPU away from us, but it never gives more than the quota."""


@pytest.fixture(params=["auto", "duty-cycle"])
async def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sandbox]:
    opened = limited_sandbox(tmp_path / "state", request.param)
    yield opened
    opened.close()


async def burn(cell: Cell, cpu_s: float, output: Path) -> float:
    """Return how many seconds of wall time each second of CPU time took."""
    status, text = await run_python(cell, BURN.format(cpu_s=cpu_s), output)
    assert status == 0
    return float(text) / cpu_s


async def best_burn(cell: Cell, cpu_s: float, output: Path, *, good_enough: float) -> float:
    """Return the smallest result of several `burn` calls, or the first that is good enough."""
    best = float("inf")
    for _ in range(ATTEMPTS):
        best = min(best, await burn(cell, cpu_s, output))
        if best < good_enough:
            break
    return best


@pytest.mark.parametrize(
    ("memory_mb", "quota_us"),
    [(128, 1447), (512, 5789), (1769, 20_000), (3538, 40_000), (10_240, 115_772)],
)
def test_quota_is_the_documented_share(memory_mb: int, quota_us: int) -> None:
    assert cpu_quota_us(memory_mb) == quota_us


@pytest.mark.parametrize("memory_mb", [512, 1024])
@pytest.mark.timed
async def test_throttled_work_takes_as_long_as_its_share_says(
    sandbox: Sandbox, tmp_path: Path, memory_mb: int
) -> None:
    cell = sandbox.create("one", memory_mb)
    expected = 1769 / memory_mb
    cell.throttle()
    for _ in range(ATTEMPTS):
        await burn(cell, 0.05, tmp_path / "out")
        if cell.cpu_usage().throttled_periods:  # until then the governor may still be starting
            break
    for _ in range(ATTEMPTS):
        before = cell.cpu_usage()
        ratio = await burn(cell, 0.3, tmp_path / "out") / expected
        after = cell.cpu_usage()
        assert ratio > 0.9, "faster than the quota allows"
        assert 300 <= after.cpu_ms - before.cpu_ms < 600
        # If other programs slow it down, the quota has nothing left to throttle.
        stopped = after.throttled_periods > before.throttled_periods + 5
        if ratio < 1.2 and stopped and after.throttled_ms > before.throttled_ms + 50:
            return
    if await burn(sandbox.create("free", 1769), 0.3, tmp_path / "out") > 1.3:
        pytest.skip("This machine is too busy to give one thread its CPU.")
    pytest.fail(f"{ratio:.2f} times as long as the share says; {before} {after}")


@pytest.mark.timed
async def test_init_has_a_whole_vcpu_at_the_smallest_size(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 128)
    assert await best_burn(cell, 0.05, tmp_path / "out", good_enough=2) < 5, "its quota would make it 13.8"
    cell.throttle()
    assert await burn(cell, 0.05, tmp_path / "out") > 8
    cell.unthrottle()
    assert await best_burn(cell, 0.05, tmp_path / "out", good_enough=2) < 5


@pytest.mark.timed
async def test_two_threads_get_two_vcpus_only_where_there_is_memory_for_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    if sandbox.host_cpus < 2:
        pytest.skip("One CPU cannot show two.")
    one_vcpu, two_vcpus, unthrottled = (
        sandbox.create(name, mb) for name, mb in (("one", 1769), ("two", 3538), ("free", 10_240))
    )
    one_vcpu.throttle()
    two_vcpus.throttle()
    assert await two_threads(one_vcpu, tmp_path / "out") > 0.85
    for _ in range(ATTEMPTS):
        if await two_threads(two_vcpus, tmp_path / "out") < 0.8:
            return
    if await two_threads(unthrottled, tmp_path / "out") >= 0.8:
        pytest.skip("This machine is too busy to run two threads at once.")
    pytest.fail("two threads at 3538 MB ran no faster than one")


async def two_threads(cell: Cell, output: Path) -> float:
    """Return wall time over CPU time of two threads that compute: 0.5 if both run all the time."""
    status, text = await run_python(cell, THREADS, output)
    assert status == 0
    return float(text)
