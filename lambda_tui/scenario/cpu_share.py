"""The CPU that a memory size buys."""

from __future__ import annotations

from bisect import bisect_right

FULL_VCPU_MB = 1769
"""Memory at which a function has one whole vCPU (AWS documentation, "Configure Lambda function memory")."""

MOST_CORES = 6

_FIRST_MB_OF_MORE_CORES = (3009, 5308, 7077, 8846)
"""Memory sizes at which one more core becomes visible (rwnx/lambda-cpuinfo; Sentia, 2020)."""


def vcpus_of(memory_mb: int) -> float:
    """Effective vCPUs: CPU is proportional to memory."""
    return memory_mb / FULL_VCPU_MB


def visible_cores(memory_mb: int) -> int:
    """Cores an environment sees: two up to 3008 MB, six from 8846 MB."""
    return 2 + bisect_right(_FIRST_MB_OF_MORE_CORES, memory_mb)
