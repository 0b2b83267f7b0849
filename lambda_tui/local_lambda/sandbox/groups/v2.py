"""Control groups version 2: one hierarchy for all controllers (Linux admin guide, cgroup-v2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    write_control,
)

HOST_LEAF = "lambda-tui-host"
"""Where this program and its parents move: a group with controllers for its children holds no processes."""


class V2Group:
    """One cell's group."""

    marker = ""

    def __init__(self, folder: Path, controllers: frozenset[str]) -> None:
        self._folder = folder
        self._controllers = controllers
        self._files = KeptFiles()
        self._memory: ChargedMemory | None = None
        if "memory" in controllers:
            self._memory = ChargedMemory(
                self._files, f"{folder}/memory.peak", f"{folder}/memory.current", self._cached_file_bytes
            )

    @property
    def join_files(self) -> tuple[str, ...]:
        return (f"{self._folder}/cgroup.procs",)

    def make(self, memory_mb: int, charged_tmp_mb: int) -> None:
        """Create the folder and set the memory and process limits; raises OSError."""
        make_folder(self._folder)
        if self._memory is not None:
            self._memory.limit_to(memory_mb, charged_tmp_mb)
            write_control(self._folder / "memory.max", self._memory.hard_limit_bytes)
            if charged_tmp_mb:
                # The kernel slows processes beyond it to a stop, until the cause has been checked.
                write_control(self._folder / "memory.high", self._memory.limit_bytes)
            # memory.peak came with kernel 5.19; before, only the values read from time to time are known.
            if not (self._folder / "memory.peak").exists():
                self._memory.look_only_at_current()
            swap_limit = self._folder / "memory.swap.max"
            if swap_limit.exists():
                write_control(swap_limit, 0)
        if "pids" in self._controllers:
            write_control(self._folder / "pids.max", MAX_PROCESSES)

    def leader_started(self, pid: int, own_user: int | None = None) -> None:
        """Nothing to note: the process joined by itself."""

    def leader_exited(self, cpu_ms: float) -> None:
        """Nothing to note: the processes it left are still in the group."""

    def set_cpu_quota(self, quota_us: int) -> None:
        if "cpu" in self._controllers:
            write_control(self._folder / "cpu.max", f"{quota_us} {CPU_PERIOD_US}")

    def cpu_usage(self) -> CpuUsage:
        # Every group has usage_usec; the throttling figures need the controller.
        counters = self._files.counters(f"{self._folder}/cpu.stat")
        throttled_ms = counters.get("throttled_usec", 0) / 1e3
        return CpuUsage(counters["usage_usec"] / 1e3, counters.get("nr_throttled", 0), throttled_ms)

    def peak_memory_bytes(self) -> int:
        return 0 if self._memory is None else self._memory.peak_bytes()

    def _cached_file_bytes(self) -> int:
        counters = self._files.counters(f"{self._folder}/memory.stat")
        return counters["file"] - counters["shmem"]

    def set_aside(self, tmp_bytes: int) -> None:
        if self._memory is not None and self._memory.set_aside(tmp_bytes):
            self._files.write(f"{self._folder}/memory.high", str(self._memory.limit_bytes + tmp_bytes))

    def exceeds_memory(self) -> bool:
        return self._memory is not None and self._memory.exceeds_limit()

    def reclaim_or_kill(self) -> None:
        if self._memory is None:
            return
        # A limit below what is used makes the kernel do now what it does when a limit is reached.
        write_control(self._folder / "memory.max", self._memory.limit_bytes + self._memory.tmp_bytes)
        write_control(self._folder / "memory.max", self._memory.hard_limit_bytes)

    def oom_kills(self) -> int:
        if "memory" not in self._controllers:
            return 0
        return self._files.counters(f"{self._folder}/memory.events")["oom_kill"]

    def freeze(self) -> None:
        self._files.write(f"{self._folder}/cgroup.freeze", "1")

    def thaw(self) -> None:
        self._files.write(f"{self._folder}/cgroup.freeze", "0")

    def pids(self) -> list[int]:
        return [int(pid) for pid in self._files.read(f"{self._folder}/cgroup.procs").split()]

    def kill(self) -> None:
        leftovers.kill_group(str(self._folder))

    def remove(self) -> bool:
        leftovers.remove_folder(str(self._folder))
        return not self._folder.exists()

    def release(self) -> None:
        self._files.close()


class V2Hierarchy:
    """The part of the version 2 hierarchy in which this process can really make and limit groups."""

    def __init__(self, parent: Path, controllers: frozenset[str], name: str) -> None:
        root = parent / name
        make_folder(root, exist_ok=True)
        enable_controllers(root, controllers)
        self.roots = (root,)
        self._controllers = controllers
        self.cpu_enforcement = "cgroup-v2" if "cpu" in controllers else "none"
        self.memory_enforcement = "cgroup" if "memory" in controllers else "rss"
        self.limits_processes = "pids" in controllers

    def create(self, environment_id: str, memory_mb: int, charged_tmp_mb: int = 0) -> V2Group:
        group = V2Group(self.roots[0] / environment_id, self._controllers)
        try:
            group.make(memory_mb, charged_tmp_mb)
        except OSError:
            group.remove()
            raise
        return group

    def close(self) -> None:
        """Nothing runs on its behalf."""


def make_folder(folder: Path, exist_ok: bool = False) -> None:
    """Make one group; the kernel puts its control files into it."""
    folder.mkdir(exist_ok=exist_ok)


def enable_controllers(group: Path, controllers: Iterable[str]) -> None:
    """Give the children of `group` these controllers; raises OSError (EBUSY while it holds a process)."""
    for controller in sorted(controllers):
        write_control(group / "cgroup.subtree_control", f"+{controller}")


def proved_parent(
    candidates: Sequence[Path], family: frozenset[int], name: str, needed: str
) -> tuple[Path, frozenset[str]] | None:
    """Return a folder where groups called `name` can be limited, with the controllers that work there.

    `candidates` are this process's own group and others, best first. One that is ready is preferred;
    otherwise our own group is made ready (see `take_over`).
    """
    if candidates and candidates[0].name == HOST_LEAF:
        candidates = [candidates[0].parent, *candidates[1:]]
    for parent in candidates:
        controllers = proved_controllers(parent, name)
        if needed in controllers:
            return parent, controllers
    own = candidates[0] if candidates else None
    if own is not None and take_over(own, family, needed):
        controllers = proved_controllers(own, name)
        return (own, controllers) if needed in controllers else None
    return None


def take_over(own: Path, family: frozenset[int], needed: str) -> bool:
    """Enable controllers for children of the group `own`: its processes first move into a leaf below it.

    Done only if all of them are in `family` (this process, its parents, its children): nobody else's
    process is touched. Only the host's root group may hold processes beside its children, including the
    kernel's. Returns whether the host allowed it.
    """
    offered = usable_controllers(own)
    if needed not in offered:
        return False
    is_host_root = not (own / "cgroup.type").exists()
    try:
        if not is_host_root:
            _move_to_leaf(own, family)
        enable_controllers(own, offered)
    except OSError:
        return False
    return True


def usable_controllers(group: Path) -> frozenset[str]:
    """Return those of cpu, memory and pids that `group` can delegate to its children."""
    try:
        offered = set((group / "cgroup.controllers").read_text().split())
    except OSError:
        return frozenset()
    return frozenset(offered & {"cpu", "memory", "pids"})


def _move_to_leaf(own: Path, family: frozenset[int]) -> None:
    members = leftovers.group_pids(str(own))
    if not set(members) <= family:
        raise PermissionError("other programs live in this group")
    leaf = own / HOST_LEAF
    make_folder(leaf, exist_ok=True)
    for pid in members:
        write_control(leaf / "cgroup.procs", pid)


def proved_controllers(parent: Path, probe_name: str) -> frozenset[str]:
    """Return the controllers that work below `parent`, proved by setting limits and reading them back."""
    folder = parent / probe_name
    limits = {
        "cpu": ("cpu.max", f"{cpu_quota_us(128)} {CPU_PERIOD_US}"),
        "memory": ("memory.max", str(128 * BYTES_PER_MB)),
        "pids": ("pids.max", str(MAX_PROCESSES)),
    }
    try:
        make_folder(folder)
        return frozenset(name for name, limit in limits.items() if _holds(folder / limit[0], limit[1]))
    except OSError:
        return frozenset()
    finally:
        leftovers.remove_folder(str(folder))


def _holds(path: Path, value: str) -> bool:
    try:
        write_control(path, value)
        return path.read_text().strip() == value
    except OSError:
        return False


def family_of(pid: int) -> frozenset[int]:
    """Return `pid`, its parents up to the first process, and its living descendants."""
    return frozenset({*processes.parents(pid), *processes.tree(pid)})
