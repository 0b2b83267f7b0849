"""How fast CPU work goes at a memory size: the quota, the visible cores, the threads that use them."""

from __future__ import annotations

from bisect import bisect_right

from lambda_tui.scenario.cpu_share import vcpus_of

_FIRST_MB_OF_MORE_CORES = (3009, 5308, 7077, 8846)
"""Memory sizes at which one more core becomes visible (rwnx/lambda-cpuinfo; Sentia, 2020)."""

MOST_CORES = 6


def visible_cores(memory_mb: int) -> int:
    """Cores an environment sees: two up to 3008 MB, six from 8846 MB."""
    return 2 + bisect_right(_FIRST_MB_OF_MORE_CORES, memory_mb)


def cpu_speed(memory_mb: int, threads: int) -> float:
    """CPU milliseconds done per wall millisecond by work that keeps `threads` threads busy.

    Python threads under the GIL and asyncio are one thread, whatever the number of workers.
    """
    return min(vcpus_of(memory_mb), float(threads), float(visible_cores(memory_mb)))
