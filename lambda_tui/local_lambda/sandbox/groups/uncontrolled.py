"""Cells on a host without control groups: members are found by session, by a mark in their
environment, and by their user id if it is theirs alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lambda_tui.local_lambda.sandbox import leftovers, processes
from lambda_tui.local_lambda.sandbox.groups.control_group import CpuUsage


class UncontrolledGroup:
    """The processes that one program started; nothing limits their CPU."""

    join_files = ()

    def __init__(self, marker: str) -> None:
        self.marker = marker
        self._leader: int | None = None
        self._users: Sequence[int] = ()
        self._exited_cpu_ms = 0.0

    def leader_started(self, pid: int, own_user: int | None = None) -> None:
        self._leader = pid
        self._users = () if own_user is None else (own_user,)

    def leader_exited(self, cpu_ms: float) -> None:
        # Later its id may belong to another process, and its session would look like a stranger's.
        self.kill()
        self._leader = None
        self._exited_cpu_ms += cpu_ms

    def set_cpu_quota(self, quota_us: int) -> None:
        """Nothing here can enforce it, as `cpu_enforcement` says."""

    def cpu_usage(self) -> CpuUsage:
        return CpuUsage(self._exited_cpu_ms + sum(map(processes.cpu_ms, self.pids())))

    def peak_memory_bytes(self) -> int:
        return 0

    def oom_kills(self) -> int:
        return 0

    def set_aside(self, tmp_bytes: int) -> None:
        """Nothing is charged to anybody."""

    def exceeds_memory(self) -> bool:
        return False

    def reclaim_or_kill(self) -> None:
        """Nobody is over a limit."""

    def freeze(self) -> None:
        processes.stop_or_continue(self.pids(), stop=True)

    def thaw(self) -> None:
        processes.stop_or_continue(self.pids(), stop=False)

    def pids(self) -> list[int]:
        return processes.tree(self._leader) if self._leader is not None else []

    def kill(self) -> None:
        session = processes.session_members(self._leader) if self._leader is not None else []
        marked = leftovers.marked_pids(self.marker, self._users)
        leftovers.kill_pids(sorted({*self.pids(), *session, *marked}))

    def remove(self) -> bool:
        return not (self._users and leftovers.marked_pids(self.marker, self._users))

    def release(self) -> None:
        """Nothing is kept open."""


class UncontrolledHierarchy:
    """Makes cells on a host where only memory can be enforced, by watching it."""

    cpu_enforcement = "none"
    limits_processes = False
    roots: tuple[Path, ...] = ()

    def __init__(self, name: str) -> None:
        self._name = name
        self.memory_enforcement = "rss" if processes.can_read_memory() else "none"

    def create(self, environment_id: str, memory_mb: int, charged_tmp_mb: int = 0) -> UncontrolledGroup:
        return UncontrolledGroup(f"{self._name}/{environment_id}/")

    def close(self) -> None:
        """Nothing runs on its behalf."""
