"""How fast CPU work goes at a memory size: the quota, the visible cores, the threads that use them."""

from __future__ import annotations

from lambda_tui.aws_facts import vcpus_of, visible_cores


def cpu_speed(memory_mb: int, threads: int) -> float:
    """CPU milliseconds done per wall millisecond by work that keeps `threads` threads busy.

    Python threads under the GIL and asyncio are one thread, whatever the number of workers.
    """
    return min(vcpus_of(memory_mb), float(threads), float(visible_cores(memory_mb)))
