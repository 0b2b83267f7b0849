"""Control groups version 1: one hierarchy per controller (Linux admin guide, cgroup-v1)."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

from lambda_tui.local_lambda.sandbox import leftovers, processes
from lambda_tui.local_lambda.sandbox.groups.charged_memory import ChargedMemory
from lambda_tui.local_lambda.sandbox.groups.control_group import (
    BYTES_PER_MB,
    CPU_PERIOD_US,
    MAX_PROCESSES,
    CpuUsage,
    KeptFiles,
    cpu_quota_us,
    read_number,
    write_control,
)
from lambda_tui.local_lambda.sandbox.groups.paths import CgroupMount, candidate_parents

CONTROLLERS = ("cpu", "cpuacct", "memory", "pids", "freezer")


class V1Group:
    """One cell's group in every usable hierarchy; `folders` maps a controller to its folder."""

    marker = ""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self._places = tuple(dict.fromkeys(folders.values()))
        self._files = KeptFiles()
        self._memory: ChargedMemory | None = None
        if "memory" in folders:
            self._memory = ChargedMemory(
                self._files,
                self._file("memory", "memory.max_usage_in_bytes"),
                self._file("memory", "memory.usage_in_bytes"),
                self._cached_file_bytes,
            )
        self._own_kills = 0

    @property
    def join_files(self) -> tuple[str, ...]:
        # Writing to cgroup.procs waits for a global lock: 10 ms if nobody did so recently. A single thread
        # that moves itself takes none: 0.4 ms for all five, and the child has only one thread so far.
        return tuple(f"{place}/tasks" for place in self._places)

    def make(self, memory_mb: int, charged_tmp_mb: int) -> None:
        """Create the folders and set the memory and process limits; raises OSError."""
        for place in self._places:
            place.mkdir()
        if "cpu" in self._folders:
            write_control(self._folders["cpu"] / "cpu.cfs_period_us", CPU_PERIOD_US)
        if "pids" in self._folders:
            write_control(self._folders["pids"] / "pids.max", MAX_PROCESSES)
        if self._memory is not None:
            self._memory.limit_to(memory_mb, charged_tmp_mb)
            hard_limit_bytes = self._memory.hard_limit_bytes
            write_control(self._folders["memory"] / "memory.limit_in_bytes", hard_limit_bytes)
            swap_limit = self._folders["memory"] / "memory.memsw.limit_in_bytes"
            if swap_limit.exists():
                write_control(swap_limit, hard_limit_bytes)

    def leader_started(self, pid: int, own_user: int | None = None) -> None:
        """Nothing to note: the process joined by itself."""

    def leader_exited(self, cpu_ms: float) -> None:
        """Nothing to note: the processes it left are still in the group."""

    def set_cpu_quota(self, quota_us: int) -> None:
        if "cpu" not in self._folders:
            return
        path = self._folders["cpu"] / "cpu.cfs_quota_us"
        try:
            write_control(path, quota_us)
        except OSError as error:
            # Version 1 refuses more than the parent group has; without a quota the parent's applies.
            if error.errno != errno.EINVAL:
                raise
            write_control(path, -1)

    def cpu_usage(self) -> CpuUsage:
        if "cpuacct" in self._folders:
            cpu_ms = self._files.number(self._file("cpuacct", "cpuacct.usage")) / 1e6
        else:
            cpu_ms = sum(map(processes.cpu_ms, self.pids()))
        if "cpu" not in self._folders:
            return CpuUsage(cpu_ms)
        counters = self._files.counters(self._file("cpu", "cpu.stat"))
        return CpuUsage(cpu_ms, counters["nr_throttled"], counters["throttled_time"] / 1e6)

    def peak_memory_bytes(self) -> int:
        return 0 if self._memory is None else self._memory.peak_bytes()

    def _cached_file_bytes(self) -> int:
        counters = self._files.counters(self._file("memory", "memory.stat"))
        return counters["cache"] - counters.get("shmem", 0)

    def set_aside(self, tmp_bytes: int) -> None:
        if self._memory is not None:
            self._memory.set_aside(tmp_bytes)

    def exceeds_memory(self) -> bool:
        return self._memory is not None and self._memory.exceeds_limit()

    def reclaim_or_kill(self) -> None:
        if self._memory is None:
            return
        limit = self._folders["memory"] / "memory.limit_in_bytes"
        try:
            write_control(limit, self._memory.limit_bytes + self._memory.tmp_bytes)
        except OSError as error:
            # Version 1 reclaims, but kills nobody for a limit that is set below what is used.
            if error.errno != errno.EBUSY:
                raise
            self._own_kills += 1
            self.kill()
        write_control(limit, self._memory.hard_limit_bytes)

    def oom_kills(self) -> int:
        if "memory" not in self._folders:
            return 0
        # Kernels before 4.13 do not count kills: reaching the limit is then the only sign.
        counters = self._files.counters(self._file("memory", "memory.oom_control"))
        if "oom_kill" in counters:
            return counters["oom_kill"] + self._own_kills
        return self._files.number(self._file("memory", "memory.failcnt")) + self._own_kills

    def _file(self, controller: str, name: str) -> str:
        return f"{self._folders[controller]}/{name}"

    def freeze(self) -> None:
        self._set_frozen("FROZEN")

    def thaw(self) -> None:
        self._set_frozen("THAWED")

    def _set_frozen(self, state: str) -> None:
        if "freezer" in self._folders:
            self._files.write(self._file("freezer", "freezer.state"), state)
        else:
            processes.stop_or_continue(self.pids(), stop=state == "FROZEN")

    def pids(self) -> list[int]:
        return [int(pid) for pid in self._files.read(f"{self._places[0]}/cgroup.procs").split()]

    def kill(self) -> None:
        leftovers.kill_group(str(self._folders.get("freezer", self._places[0])))

    def remove(self) -> bool:
        for place in self._places:
            leftovers.remove_folder(str(place))
        return not any(place.exists() for place in self._places)

    def release(self) -> None:
        self._files.close()


class V1Hierarchy:
    """The version 1 hierarchies in which this process can really make and limit groups."""

    cpu_enforcement: str
    memory_enforcement: str

    def __init__(self, parents: Mapping[str, Path], name: str) -> None:
        self._roots = {controller: parent / name for controller, parent in parents.items()}
        self.roots = tuple(dict.fromkeys(self._roots.values()))
        self.cpu_enforcement = "cgroup-v1" if "cpu" in parents else "none"
        self.memory_enforcement = "cgroup" if "memory" in parents else "rss"
        self.limits_processes = "pids" in parents
        for root in self.roots:
            root.mkdir(exist_ok=True)

    def create(self, environment_id: str, memory_mb: int, charged_tmp_mb: int = 0) -> V1Group:
        group = V1Group({controller: root / environment_id for controller, root in self._roots.items()})
        try:
            group.make(memory_mb, charged_tmp_mb)
        except OSError:
            group.remove()
            raise
        return group

    def close(self) -> None:
        """Nothing runs on its behalf."""


def usable_parents(mounts: list[CgroupMount], membership: dict[str, str], probe_name: str) -> dict[str, Path]:
    """Map each controller that works here to the folder to make groups in, proved by making one."""
    parents = {}
    for controller in CONTROLLERS:
        for parent in candidate_parents(mounts, membership, controller):
            if _works(controller, parent / probe_name):
                parents[controller] = parent
                break
    return parents


def _works(controller: str, folder: Path) -> bool:
    """Make a group, set its limit, read it back, and remove it."""
    limits = {
        "cpu": (("cpu.cfs_period_us", CPU_PERIOD_US), ("cpu.cfs_quota_us", cpu_quota_us(128))),
        "memory": (("memory.limit_in_bytes", 128 * BYTES_PER_MB),),
        "pids": (("pids.max", MAX_PROCESSES),),
    }
    try:
        folder.mkdir()
        for name, value in limits.get(controller, ()):
            write_control(folder / name, value)
            if read_number(folder / name) != value:
                return False
        return (folder / "cgroup.procs").exists()
    except OSError:
        return False
    finally:
        leftovers.remove_folder(str(folder))
