"""Measures how long work of a known CPU time really takes on this host at a memory size."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from lambda_tui.aws_facts import FULL_VCPU_MB
from lambda_tui.errors import TargetRefused
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox, open_sandbox, state_folder

Workers = Literal["threads", "processes"]

_WORK = """
import hashlib, os, resource, sys, threading, time
cpu_s, workers, kind, repeats = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
def work(number=0):
    # A CPU for each: kernels that pack what runs onto few CPUs would measure their own placement.
    if cpus and workers > 1: os.sched_setaffinity(0, {cpus[number % len(cpus)]})
    # Few and long calls without the interpreter's lock: a kernel that holds a thread back on its way out of a
    # system call, which the clock is, would hold back with it every other thread that waits for the lock.
    now = time.thread_time()
    end, rate = now + cpu_s / workers, 5e5 # rounds in a second: a first guess, far too low
    while now < end:
        rounds, before = max(200, int(rate * (end - now) * 0.9)), now
        hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)
        now = time.thread_time()
        rate = rounds / (now - before)
def children():
    pids = []
    for number in range(workers):
        pid = os.fork()
        if not pid:
            work(number)
            os._exit(0)
        pids.append(pid)
    for pid in pids: os.waitpid(pid, 0)
def threads():
    others = [threading.Thread(target=work, args=[number]) for number in range(1, workers)]
    for thread in others: thread.start()
    work()
    for thread in others: thread.join()
def used():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
for _ in range(repeats):
    time.sleep(0.05)
    began, before = time.perf_counter(), used()
    children() if kind == "processes" else threads()
    print(time.perf_counter() - began, used() - before, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One size: medians of the wall time, of the CPU time used, and of the error against CPU time / share."""

    memory_mb: int
    wall_ms: float
    cpu_ms: float
    error_percent: float


def fluid_share(memory_mb: int, workers: int, cpus: int) -> float:
    """Return the vCPUs that so many workers can use: the memory's share, at most one per worker or CPU."""
    return min(memory_mb / FULL_VCPU_MB, workers, cpus)


async def measure(
    sandbox: Sandbox,
    memory_mb: int,
    cpu_ms: float,
    *,
    repeats: int,
    workers: int = 1,
    kind: Workers = "threads",
) -> Fidelity:
    """Do `cpu_ms` of work `repeats` times in a cell; raises TargetRefused if it cannot run."""
    arguments = [str(cpu_ms / 1000), str(workers), kind, str(repeats)]
    cell = sandbox.create(f"self-test-{os.urandom(4).hex()}", memory_mb)
    try:
        with tempfile.TemporaryFile() as output:
            command = [sys.executable, "-I", "-S", "-c", _WORK, *arguments]
            await cell.spawn(command, {}, "/", output.fileno())
            cell.throttle()
            if await cell.wait() != 0:
                raise TargetRefused("The self-test's program failed.")
            output.seek(0)
            times = [tuple(map(float, line.split())) for line in output.read().splitlines()]
    finally:
        await cell.destroy()
    share = fluid_share(memory_mb, workers, sandbox.host_cpus)
    return Fidelity(
        memory_mb,
        median(wall for wall, _ in times) * 1000,
        median(used for _, used in times) * 1000,
        median(wall * share / used - 1 for wall, used in times) * 100,
    )


def two_second_test(enforcement: str = "auto") -> tuple[dict[str, str], list[Fidelity]]:
    """Return what is enforced here and how well, measured at two sizes; raises what `open_sandbox` does."""

    async def run(sandbox: Sandbox) -> list[Fidelity]:
        # Discarded: by its end, the governor that replaces control groups has started.
        await measure(sandbox, FULL_VCPU_MB, 20, repeats=1)
        return [
            await measure(sandbox, 256, 80, repeats=2),
            await measure(sandbox, 1024, 160, repeats=2),
        ]

    # In a separate folder it meets no running server, but has what a server would have.
    with tempfile.TemporaryDirectory(dir=state_folder()) as folder:
        sandbox = open_sandbox(Path(folder), enforcement=enforcement)
        try:
            return sandbox.enforcement(), asyncio.run(run(sandbox))
        finally:
            sandbox.close()
