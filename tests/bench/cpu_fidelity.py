"""How exact the CPU share is: wall time against CPU time / share (the fluid law) and the kernel's ticks.

Where control groups allow it, the measured cells have priority over every other process on the host, and each
of two workers has its own CPU: what remains is the error of the enforcement, not of other processes or of a
kernel that packs work onto few CPUs. Two workers use up their quota in less time than one, and so end sooner
after their last: with 229 ms of work the tick model itself is 2.6 to 3.3 % below the fluid law.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from statistics import median

from lambda_tui.aws_facts import FULL_VCPU_MB
from lambda_tui.errors import InvalidInput
from lambda_tui.local_lambda.sandbox.sandbox import ENFORCEMENTS, Sandbox, open_sandbox
from lambda_tui.local_lambda.sandbox.self_test import Fidelity, Workers
from lambda_tui.local_lambda.sandbox.self_test import measure as measure_cell
from tests.local_lambda.local_server import control_groups_of

TITLE = "CPU fidelity: wall / (CPU used / share) - 1, in percent; in brackets against the 4 ms tick model"
SIZES_MB = (128, 256, 512, 1024, 1769, 3008)
WORKS_MS = (11.0, 45.0, 229.0)
LONG_MS, LONG_FROM_MB = 917.0, 1024
"""Long enough for the fluid law to be nearly exact, at the sizes where it does not take half a minute."""
KINDS: tuple[tuple[str, int, Workers], ...] = (
    ("1 thread", 1, "threads"),
    ("2 threads", 2, "threads"),
    ("2 processes", 2, "processes"),
)
CELL_MS, REPEATS = 1500.0, (2, 9)
"""Each figure is a median of as many repeats as fit into this time, at least 2 and at most 9."""
PERIOD_MS, TICK_MS = 20.0, 4.0
WEIGHTS = (("cpu.shares", "200000"), ("cpu.weight", "10000"))


def measure() -> dict[str, object]:
    """One row per enforcement, kind of worker and memory size; about 90 s per enforcement."""
    results: dict[str, object] = {}
    for enforcement in ENFORCEMENTS[:-1]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                sandbox = open_sandbox(Path(folder), enforcement=enforcement)
            except InvalidInput as error:
                results[enforcement] = error.message
                continue
            try:
                _outweigh_others()
                results.update(asyncio.run(_of_sandbox(sandbox)))
            finally:
                sandbox.close()
    return results


def _outweigh_others() -> None:
    for folder in control_groups_of(os.getpid()):
        for name, weight in WEIGHTS:
            if (folder / name).exists():
                (folder / name).write_text(weight)


async def _of_sandbox(sandbox: Sandbox) -> dict[str, object]:
    rows: dict[str, object] = {}
    enforcement = sandbox.cpu_enforcement
    errors: dict[float, list[float]] = {WORKS_MS[-1]: [], LONG_MS: []}
    for memory_mb in SIZES_MB:
        long_errors: list[float] = []
        for name, workers, kind in KINDS:
            measurements = [
                await measure_cell(
                    sandbox,
                    memory_mb,
                    cpu_ms,
                    repeats=_repeats(cpu_ms, memory_mb),
                    workers=workers,
                    kind=kind,
                )
                for cpu_ms in (*WORKS_MS, *([LONG_MS] if memory_mb >= LONG_FROM_MB else []))
            ]
            cells = [_cell(measurement, workers, sandbox.host_cpus) for measurement in measurements]
            rows[f"{enforcement} {name} {memory_mb} MB"] = "   ".join(cells)
            for cpu_ms, measurement in zip((WORKS_MS[-1], LONG_MS), measurements[2:], strict=False):
                errors[cpu_ms].append(abs(measurement.error_percent))
                long_errors.append(abs(measurement.error_percent))
        rows[f"{enforcement} {memory_mb} MB, >= 229 ms, without sign"] = f"median {median(long_errors):.1f}"
    for cpu_ms, found_errors in errors.items():
        rows[f"{enforcement}, {cpu_ms:.0f} ms, without sign"] = (
            f"median {median(found_errors):.1f}, largest {max(found_errors):.1f}"
        )
    return rows


def _repeats(cpu_ms: float, memory_mb: int) -> int:
    least, most = REPEATS
    return max(least, min(most, int(CELL_MS / (cpu_ms * max(1, FULL_VCPU_MB / memory_mb)))))


def _cell(measurement: Fidelity, workers: int, host_cpus: int) -> str:
    vcpus = measurement.memory_mb / FULL_VCPU_MB
    modelled_ms = tick_model_ms(measurement.cpu_ms, vcpus, min(workers, host_cpus))
    against_model = (measurement.wall_ms / modelled_ms - 1) * 100
    return f"{measurement.cpu_ms:4.0f} ms: {measurement.error_percent:+6.1f} ({against_model:+6.1f})"


def tick_model_ms(cpu_ms: float, vcpus: float, workers: int = 1) -> float:
    """How long `cpu_ms` of work takes if use is accounted for every 4 ms and debt is carried over.

    The quota is `vcpus` periods of 20 ms in each period, the work spread over `workers` with a CPU each; the
    model of arXiv 2506.01283 that is closest to Lambda (7.2%).
    """
    quota_ms = PERIOD_MS * vcpus
    now_ms, balance_ms, left_ms = 0.0, quota_ms, cpu_ms
    tick_cpu_ms = TICK_MS * workers
    while left_ms > tick_cpu_ms:
        now_ms, left_ms, balance_ms = now_ms + TICK_MS, left_ms - tick_cpu_ms, balance_ms - tick_cpu_ms
        if now_ms % PERIOD_MS == 0:
            balance_ms = min(quota_ms, balance_ms + quota_ms)
        while balance_ms <= 0:
            now_ms = (now_ms // PERIOD_MS + 1) * PERIOD_MS
            balance_ms += quota_ms
    return now_ms + left_ms / workers
