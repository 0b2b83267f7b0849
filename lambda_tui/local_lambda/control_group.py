"""The one interface to whatever holds an environment's processes together on this kind of host."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CPU_PERIOD_US = 20_000  # measured on Lambda: arXiv 2506.01283; 100 ms distorts tasks below 100 ms of CPU
MEMORY_PER_VCPU_MB = 1769  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MAX_PROCESSES = 1024  # processes and threads; lambda/latest/dg/gettingstarted-limits.html
BYTES_PER_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CpuUsage:
    """What the processes of one cell have consumed so far, and how often the quota stopped them."""

    cpu_ms: float
    throttled_periods: int = 0
    throttled_ms: float = 0.0


class ControlGroup(Protocol):
    """The processes of one cell: counted, limited and killed together, grandchildren included."""

    @property
    def join_files(self) -> tuple[str, ...]:
        """Files into which a new process writes 0 to become a member before its code runs."""

    @property
    def marker(self) -> str:
        """What the members carry in their environment to be found again; empty where groups hold them."""

    def leader_started(self, pid: int) -> None:
        """Take note of the process that was spawned into the cell."""

    def leader_exited(self, cpu_ms: float) -> None:
        """The spawned process ended; it and the children it waited for used `cpu_ms` of CPU time."""

    def set_cpu_quota(self, quota_us: int) -> None:
        """Allow `quota_us` of CPU time in each period of 20 ms."""

    def cpu_usage(self) -> CpuUsage: ...

    def peak_memory_bytes(self) -> int:
        """Return the most memory ever charged to the members together, in bytes."""

    def oom_kills(self) -> int:
        """Return how many members were killed for using more than the limit."""

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def pids(self) -> list[int]:
        """Return the living members, as far as they can be found cheaply."""

    def kill(self) -> None:
        """Send SIGKILL to every member, however hard it is to find."""

    def remove(self) -> bool:
        """Remove the empty group; return whether it is gone."""


class Hierarchy(Protocol):
    """Makes the control groups of one server."""

    @property
    def cpu_enforcement(self) -> str: ...

    @property
    def memory_enforcement(self) -> str: ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders, named after the server, under which every group of it is."""

    def create(self, environment_id: str, memory_mb: int) -> ControlGroup:
        """Make a group limited to `memory_mb`; raises OSError if the host refuses."""


def cpu_quota_us(memory_mb: int) -> int:
    """Return the CPU time Lambda grants `memory_mb` in each period of 20 ms: 1 vCPU for each 1769 MB."""
    return round(CPU_PERIOD_US * memory_mb / MEMORY_PER_VCPU_MB)


def write_control(path: Path, value: int | str) -> None:
    """Write one value to a control file in a single call; raises OSError as the kernel answers."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, str(value).encode())
    finally:
        os.close(fd)


def read_number(path: Path) -> int:
    """Return the single number in a control file; `max` is a very large one."""
    text = path.read_text().strip()
    return 1 << 62 if text == "max" else int(text)


def read_counters(path: Path) -> dict[str, int]:
    """Return the `name value` lines of a control file."""
    counters = {}
    for line in path.read_text().splitlines():
        name, _, value = line.partition(" ")
        counters[name] = int(value)
    return counters
