"""What AWS Lambda does and allows: constants with their sources, for classic functions."""

from __future__ import annotations

from bisect import bisect_right

DEFAULT_REGION = "us-east-1"
"""Used if none is chosen: the region with every price, and the one in AWS's examples."""

FULL_VCPU_MB = 1769
"""Memory at which a function has one full vCPU (AWS documentation, "Configure Lambda function memory")."""

MIN_MEMORY_MB = 128
MAX_MEMORY_MB = 10_240
"""Memory sizes (AWS documentation, "Configure Lambda function memory"); the SDK model's 32768 is for Managed
Instances only."""

FREE_EPHEMERAL_MB = 512
MAX_EPHEMERAL_MB = 10_240
"""`/tmp`: the smallest size costs nothing (AWS documentation, "Configure ephemeral storage")."""

MAX_TIMEOUT_S = 900
"""AWS documentation, "Configure Lambda function timeout"."""

MAX_BILLED_INIT_MS = 10_000
"""INIT may take 10 s and is billed (AWS documentation, "Lambda execution environment lifecycle")."""

MOST_CORES = 6
_FIRST_MB_OF_MORE_CORES = (3009, 5308, 7077, 8846)
"""Memory sizes at which one more core becomes visible (rwnx/lambda-cpuinfo; Sentia, 2020)."""

CPU_STEPS_MB = (FULL_VCPU_MB, *(first - 1 for first in _FIRST_MB_OF_MORE_CORES))
"""The last size before another core becomes visible, preceded by the size that buys the first full vCPU."""


def vcpus_of(memory_mb: int) -> float:
    """Effective vCPUs: CPU is proportional to memory."""
    return memory_mb / FULL_VCPU_MB


def visible_cores(memory_mb: int) -> int:
    """Cores an environment sees: two up to 3008 MB, six from 8846 MB."""
    return 2 + bisect_right(_FIRST_MB_OF_MORE_CORES, memory_mb)
