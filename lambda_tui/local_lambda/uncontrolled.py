"""Cells on a host without control groups: members are found by session and by a mark in their environment."""

from __future__ import annotations

import os
from pathlib import Path

from lambda_tui.local_lambda import leftovers, processes
from lambda_tui.local_lambda.control_group import CpuUsage


class UncontrolledGroup:
    """The processes that one program started; nothing limits their CPU."""

    join_files = ()

    def __init__(self, marker: str) -> None:
        self.marker = marker
        self._leader: int | None = None

    def leader_started(self, pid: int) -> None:
        self._leader = pid

    def leader_exited(self) -> None:
        # Its session can be told from others' only until its id is free again.
        self.kill()
        self._leader = None

    def set_cpu_quota(self, quota_us: int) -> None:
        """Nothing here can enforce it, and `cpu_enforcement` says so."""

    def cpu_usage(self) -> CpuUsage:
        return CpuUsage(sum(map(processes.cpu_ms, self._family())))

    def peak_memory_bytes(self) -> int:
        return 0

    def oom_kills(self) -> int:
        return 0

    def freeze(self) -> None:
        processes.stop_or_continue(self._family(), stop=True)

    def thaw(self) -> None:
        processes.stop_or_continue(self._family(), stop=False)

    def _family(self) -> list[int]:
        # Cheap (no look at the host's other processes), and misses only what was orphaned on purpose.
        return processes.tree(self._leader) if self._leader is not None else []

    def pids(self) -> list[int]:
        session = processes.session_members(self._leader) if self._leader is not None else []
        return sorted({*session, *leftovers.marked_pids(self.marker)})

    def kill(self) -> None:
        leftovers.kill_pids(self.pids())

    def remove(self) -> bool:
        return True


class UncontrolledHierarchy:
    """Makes cells on a host where nothing may be enforced but memory, by watching it."""

    cpu_enforcement = "none"
    roots: tuple[Path, ...] = ()

    def __init__(self, name: str) -> None:
        self._name = name
        # Without /proc (macOS) not even the memory of another process can be read cheaply.
        self.memory_enforcement = "rss" if os.path.isdir("/proc/self") else "none"

    def create(self, environment_id: str, memory_mb: int) -> UncontrolledGroup:
        return UncontrolledGroup(f"{self._name}/{environment_id}/")
