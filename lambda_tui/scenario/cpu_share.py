"""The CPU that a memory size buys."""

from __future__ import annotations

FULL_VCPU_MB = 1769
"""Memory at which a function has one whole vCPU (AWS documentation, "Configure Lambda function memory")."""


def vcpus_of(memory_mb: int) -> float:
    """Effective vCPUs: CPU is proportional to memory."""
    return memory_mb / FULL_VCPU_MB
