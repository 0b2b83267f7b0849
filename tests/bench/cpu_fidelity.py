"""How well CPU time is shared out: wall time against the fluid law, and against the kernel's arithmetic."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lambda_tui.errors import InvalidInput
from lambda_tui.local_lambda.control_group import MEMORY_PER_VCPU_MB
from lambda_tui.local_lambda.sandbox import ENFORCEMENTS, Sandbox, open_sandbox
from lambda_tui.local_lambda.self_test import Fidelity, Workers
from lambda_tui.local_lambda.self_test import measure as measure_cell

TITLE = "CPU fidelity: wall / (CPU used / share) - 1, in percent; in brackets against the 4 ms tick model"
SIZES_MB = (128, 256, 512, 1024, 1769, 3008)
WORKS = ((11.0, 8), (45.0, 4), (229.0, 2))
PERIOD_MS, TICK_MS = 20.0, 4.0


def measure() -> dict[str, object]:
    """One row for each enforcement, kind of worker and memory size; about 80 s."""
    results: dict[str, object] = {}
    for enforcement in ENFORCEMENTS[:-1]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                sandbox = open_sandbox(Path(folder), enforcement=enforcement)
            except InvalidInput as error:
                results[enforcement] = error.message
                continue
            try:
                results.update(asyncio.run(_of_sandbox(sandbox)))
            finally:
                sandbox.close()
    return results


async def _of_sandbox(sandbox: Sandbox) -> dict[str, object]:
    rows: dict[str, object] = {}
    for memory_mb in SIZES_MB:
        for name, workers, kind, works in _kinds():
            cells = []
            for cpu_ms, repeats in works:
                found = await measure_cell(
                    sandbox, memory_mb, cpu_ms, repeats=repeats, workers=workers, kind=kind
                )
                cells.append(_cell(found, workers))
            rows[f"{sandbox.cpu_enforcement} {name} {memory_mb} MB"] = "   ".join(cells)
    return rows


def _kinds() -> Iterator[tuple[str, int, Workers, tuple[tuple[float, int], ...]]]:
    yield "1 thread", 1, "threads", WORKS
    yield "2 threads", 2, "threads", ((229.0, 1),)
    yield "2 processes", 2, "processes", ((229.0, 1),)


def _cell(found: Fidelity, workers: int) -> str:
    text = f"{found.cpu_ms:4.0f} ms: {found.error_percent:+6.1f}"
    if workers > 1:
        return text
    modelled_ms = tick_model_ms(found.cpu_ms, min(1.0, found.memory_mb / MEMORY_PER_VCPU_MB))
    return f"{text} ({(found.wall_ms / modelled_ms - 1) * 100:+6.1f})"


def tick_model_ms(cpu_ms: float, share: float) -> float:
    """How long a single thread's work takes where use is accounted for every 4 ms and debt is carried over.

    A quota of `share` periods of 20 ms; of arXiv 2506.01283's models the one closest to Lambda (7.2%).
    """
    quota_ms = PERIOD_MS * share
    now_ms, balance_ms, left_ms = 0.0, quota_ms, cpu_ms
    while left_ms > TICK_MS:
        now_ms, left_ms, balance_ms = now_ms + TICK_MS, left_ms - TICK_MS, balance_ms - TICK_MS
        if now_ms % PERIOD_MS == 0:
            balance_ms = min(quota_ms, balance_ms + quota_ms)
        while balance_ms <= 0:
            now_ms = (now_ms // PERIOD_MS + 1) * PERIOD_MS
            balance_ms += quota_ms
    return now_ms + left_ms
