"""The one interface to whatever groups an environment's processes on this kind of host."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lambda_tui.aws_facts import FULL_VCPU_MB

CPU_PERIOD_US = 20_000  # measured on Lambda: arXiv 2506.01283; 100 ms would distort tasks below 100 ms of CPU
MAX_PROCESSES = 1024  # processes and threads; lambda/latest/dg/gettingstarted-limits.html
BYTES_PER_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CpuUsage:
    """What the processes of one cell have consumed so far, and how often the quota throttled them."""

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
        """What members carry in their environment so that they can be found; empty if groups hold them."""

    def leader_started(self, pid: int, own_user: int | None = None) -> None:
        """Note the process spawned into the cell, and the user id that only members have."""

    def leader_exited(self, cpu_ms: float) -> None:
        """The spawned process ended; it and the children it waited for used `cpu_ms` of CPU time."""

    def set_cpu_quota(self, quota_us: int) -> None:
        """Allow `quota_us` of CPU time in each period of 20 ms."""

    def cpu_usage(self) -> CpuUsage: ...

    def peak_memory_bytes(self) -> int:
        """Return the most memory ever charged to the members together, in bytes; files are not counted."""

    def oom_kills(self) -> int:
        """Return how many members were killed for using more than the limit."""

    def set_aside(self, tmp_bytes: int) -> None:
        """Count this much of the charged memory as the members' /tmp, a tmpfs, and not as memory."""

    def exceeds_memory(self) -> bool:
        """Tell whether their memory, without what is set aside and cached files, is over the limit."""

    def reclaim_or_kill(self) -> None:
        """Make the kernel reclaim what it can, and if that is not enough, kill.

        Takes as long as a process takes to end; may be called in a thread.
        """

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def pids(self) -> list[int]:
        """Return the living members, as far as they can be found cheaply."""

    def kill(self) -> None:
        """Send SIGKILL to every member, however hard it is to find."""

    def remove(self) -> bool:
        """Remove the empty group; return whether it is gone."""

    def release(self) -> None:
        """Close what is kept open for readings; no more follow."""


class Hierarchy(Protocol):
    """Makes the control groups of one server."""

    @property
    def cpu_enforcement(self) -> str: ...

    @property
    def memory_enforcement(self) -> str: ...

    @property
    def limits_processes(self) -> bool:
        """Whether no more than MAX_PROCESSES processes and threads can exist in a group."""

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders, named after the server, that contain all its groups."""

    def create(self, environment_id: str, memory_mb: int, charged_tmp_mb: int = 0) -> ControlGroup:
        """Make a group limited to `memory_mb`; raises OSError if the host refuses.

        `charged_tmp_mb` is the size of a /tmp whose pages will be charged to it, see `set_aside`.
        """

    def close(self) -> None:
        """End what runs on its behalf; the groups are removed through their folders."""


def cpu_quota_us(memory_mb: int) -> int:
    """Return the CPU time Lambda grants `memory_mb` in each period of 20 ms: 1 vCPU per 1769 MB."""
    return round(CPU_PERIOD_US * memory_mb / FULL_VCPU_MB)


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


class KeptFiles:
    """Control files that are kept open, each for reading or writing: reusing one is a single system call."""

    def __init__(self) -> None:
        self._descriptors: dict[str, int] = {}
        self._counters: dict[str, tuple[bytes, dict[str, int]]] = {}

    def read(self, path: str) -> bytes:
        """Return a file of at most 16 KB as it is now; raises OSError."""
        return os.pread(self._descriptors.get(path) or self._open(path, os.O_RDONLY), 16384, 0)

    def number(self, path: str) -> int:
        """Return the single number in a file."""
        return int(self.read(path))

    def counters(self, path: str) -> dict[str, int]:
        """Return the `name value` lines of a file."""
        text = self.read(path)
        known = self._counters.get(path)
        if known is None or known[0] != text:
            words = text.split()
            counters = {
                name.decode(): int(value) for name, value in zip(words[::2], words[1::2], strict=True)
            }
            known = self._counters[path] = text, counters
        return known[1]

    def write(self, path: str, value: str) -> None:
        """Write one value in a single call; raises OSError as the kernel answers."""
        os.pwrite(self._open(path, os.O_WRONLY), value.encode(), 0)

    def _open(self, path: str, flags: int) -> int:
        if path not in self._descriptors:
            self._descriptors[path] = os.open(path, flags)
        return self._descriptors[path]

    def close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])
