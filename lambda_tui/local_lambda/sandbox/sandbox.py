"""Holds each execution environment's processes in a cell with Lambda's CPU share and memory limit."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import resource
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet

from lambda_tui.aws_facts import FREE_EPHEMERAL_MB, visible_cores
from lambda_tui.errors import InvalidInput, StorageError, TargetRefused
from lambda_tui.local_lambda.sandbox import leftovers, own_user, private_files, processes
from lambda_tui.local_lambda.sandbox.cell import Cell, CellLimits, MemoryWatch
from lambda_tui.local_lambda.sandbox.groups import delegation, duty_cycle
from lambda_tui.local_lambda.sandbox.groups import v1 as cgroup_v1
from lambda_tui.local_lambda.sandbox.groups import v2 as cgroup_v2
from lambda_tui.local_lambda.sandbox.groups.control_group import (
    MAX_PROCESSES,
    CpuUsage,
    Hierarchy,
)
from lambda_tui.local_lambda.sandbox.groups.paths import (
    CgroupMount,
    candidate_parents,
    parse_membership,
    parse_mountinfo,
)
from lambda_tui.local_lambda.sandbox.groups.uncontrolled import UncontrolledHierarchy
from lambda_tui.local_lambda.sandbox.parent_death import Watchdog

__all__ = ["ENFORCEMENTS", "Cell", "CpuUsage", "Sandbox", "open_sandbox", "state_folder"]

ENFORCEMENTS = ("cgroup-v2", "cgroup-v1", "duty-cycle", "none")
"""How the CPU share may be enforced; ``duty-cycle`` is approximate."""

_serials = itertools.count()


class Sandbox:
    """Makes the cells of one server; `close` removes every trace of them."""

    def __init__(self, name: str, state_dir: Path, hierarchy: Hierarchy) -> None:
        self.name = name
        self.directory = state_dir / name
        self.cpu_enforcement = hierarchy.cpu_enforcement
        self.memory_enforcement = hierarchy.memory_enforcement
        self.host_cpus = usable_cpus()
        self._next_cpu = itertools.count()
        self._state_dir = state_dir
        self._hierarchy = hierarchy
        self._cells: WeakSet[Cell] = WeakSet()
        roots = list(hierarchy.roots)
        try:
            self.directory.mkdir(mode=0o700)
        except OSError as error:
            leftovers.remove_groups([str(root) for root in roots])
            hierarchy.close()
            raise StorageError(f"The folder {state_dir} cannot be written: {error.strerror}.") from error
        (self.directory / leftovers.GROUPS_FILE).write_text("\n".join(map(str, roots)))
        self._watchdog = Watchdog(name, state_dir, roots)
        self.isolation = private_files.best_isolation(self.directory)
        self._users = itertools.cycle(leftovers.users_of(name))
        self._process_enforcement, self._max_user_tasks = self._process_limit()

    @property
    def watchdog_pid(self) -> int:
        """The process that cleans up if this one is killed."""
        return self._watchdog.pid

    @property
    def watches_processes(self) -> bool:
        """Whether CPU share or memory are enforced by checking the processes repeatedly."""
        return self.cpu_enforcement == "duty-cycle" or self.memory_enforcement == "rss"

    def enforcement(self) -> dict[str, str]:
        """Return how each limit is enforced here, in one word each."""
        return {
            "cpu": self.cpu_enforcement,
            "memory": self.memory_enforcement,
            "processes": self._process_enforcement,
            "visible_cpus": "affinity" if sys.platform == "linux" else "none",
            "tmp": self._tmp_enforcement(),
            "task_root": "read-only-mount" if self.isolation else "none",
            "shared_memory": "refused" if self.isolation else "refused-in-python",
        }

    def _tmp_enforcement(self) -> str:
        if self._memory_watch() == "charged":
            return "charged-tmpfs"
        return self.isolation.tmp_kind if self.isolation else "TMPDIR"

    def _memory_watch(self) -> MemoryWatch:
        if self.memory_enforcement == "rss":
            return "resident"
        # The kernel charges a tmpfs to the control group of whoever writes there.
        in_memory = self.isolation is not None and self.isolation.tmp_kind == "tmpfs"
        return "charged" if self.memory_enforcement == "cgroup" and in_memory else "none"

    def create(self, environment_id: str, memory_mb: int, ephemeral_mb: int = FREE_EPHEMERAL_MB) -> Cell:
        """Return a new empty cell, unthrottled; raises TargetRefused if the host has no room for it."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", environment_id):
            raise ValueError(f"environment id {environment_id!r}")
        directory = self.directory / environment_id
        watch = self._memory_watch()
        try:
            charged_tmp_mb = ephemeral_mb if watch == "charged" else 0
            group = self._hierarchy.create(environment_id, memory_mb, charged_tmp_mb)
            with contextlib.ExitStack() as undo:
                undo.callback(group.remove)
                directory.mkdir(mode=0o700)
                (directory / "tmp").mkdir()
                undo.pop_all()
        except OSError as error:
            raise TargetRefused(f"No execution environment could be made: {error}.") from error
        limits = CellLimits(
            memory_mb,
            ephemeral_mb,
            self._some_cpus(visible_cores(memory_mb)),
            isolation=self.isolation,
            memory_watch=watch,
            max_user_tasks=self._max_user_tasks,
            own_user=self._unused_user() if self._process_enforcement == "own-user" else None,
        )
        cell = Cell(environment_id, limits, group, directory)
        self._cells.add(cell)
        return cell

    def _process_limit(self) -> tuple[str, int | None]:
        """Return how processes are limited, and the limit per user if groups have none."""
        if self._hierarchy.limits_processes:
            return "pids-cgroup", None
        # The kernel exempts the host's root, but not root in a user namespace, as in many containers.
        is_exempt = os.geteuid() == 0 and not own_user.is_counted(None, self.directory)
        in_namespace = self.isolation is not None and self.isolation.in_user_namespace
        if is_exempt:
            user = next(self._users)
            can_change = own_user.is_counted(user, self.directory, in_user_namespace=in_namespace)
            return ("own-user", MAX_PROCESSES) if can_change else ("none", None)
        if in_namespace and _namespaces_count_processes():
            return "user-namespace", MAX_PROCESSES
        # The kernel counts everything this user runs; what is already running is not the function's.
        return "user-limit", processes.task_count_of_user() + MAX_PROCESSES

    def _unused_user(self) -> int:
        used = {cell.own_user for cell in self._cells}
        return next(user for user in self._users if user not in used)

    def _some_cpus(self, count: int) -> frozenset[int] | None:
        """Return `count` of the available CPUs, different ones each time; None if all are needed."""
        if sys.platform != "linux" or count >= self.host_cpus:
            return None
        cpus = sorted(os.sched_getaffinity(0))
        first = next(self._next_cpu) * count
        return frozenset(cpus[(first + offset) % len(cpus)] for offset in range(count))

    def close(self) -> None:
        """Kill everything in every cell and remove all groups and folders; idempotent."""
        for cell in self._cells:
            cell.retire()
        self._hierarchy.close()
        roots = [str(root) for root in self._hierarchy.roots]
        leftovers.remove_server(self.name, str(self._state_dir), roots)
        for cell in self._cells:
            cell.remove_files()
        self._cells.clear()
        self._watchdog.close()


def open_sandbox(state_dir: Path, *, enforcement: str = "auto") -> Sandbox:
    """Find out what this host can enforce, remove what dead servers left, and return a sandbox.

    `enforcement` is ``auto`` (the best that works) or one of ENFORCEMENTS; raises
    InvalidInput if the host cannot do what was requested, and StorageError without a usable folder.
    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {state_dir} cannot be made: {error.strerror}.") from error
    _allow_many_files()
    name = leftovers.server_name(next(_serials))
    leftovers.sweep(str(state_dir), [str(parent) for parent in _HostGroups.read().parents()])
    return Sandbox(name, state_dir, _hierarchy(name, enforcement))


def state_folder() -> Path:
    """This user's private folder for what a server must find after a crash, on a disk if there is one.

    Raises:
        StorageError: somebody else owns it.
    """
    parent = Path(tempfile.gettempdir())
    # On many hosts /tmp is in memory: what functions write would be charged to them.
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK):  # noqa: S108 - made private below
        parent = Path("/var/tmp")  # noqa: S108
    folder = parent / f"lambda-tui-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise StorageError(f"{folder} cannot be created: {error.strerror}.") from None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise StorageError(f"{folder} is not a folder of this user alone.", hint="Remove it, or set TMPDIR.")
    return folder


def _namespaces_count_processes() -> bool:
    """Since Linux 5.14 a user's processes are counted per user namespace; before, on the whole host."""
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 14)


def _allow_many_files() -> None:
    """Allow this process 65,536 descriptors: an environment needs about ten, and programs start with 1024."""
    wanted = 65_536
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        with contextlib.suppress(ValueError, OSError):  # macOS has another limit that it does not report
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def usable_cpus() -> int:
    """Return the number of CPUs this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _HostGroups:
    """The cgroup hierarchies this process sees, and its place in them."""

    mounts: list[CgroupMount]
    membership: dict[str, str]

    @classmethod
    def read(cls) -> _HostGroups:
        try:
            mounts = parse_mountinfo(Path("/proc/self/mountinfo").read_text())
            return cls(mounts, parse_membership(Path("/proc/self/cgroup").read_text()))
        except FileNotFoundError:
            return cls([], {})

    def parents(self) -> list[Path]:
        """Return every folder in which a server started like this one may have made its groups."""
        folders = [
            parent
            for controller in (*cgroup_v1.CONTROLLERS, "")
            for parent in candidate_parents(self.mounts, self.membership, controller)
        ]
        folders += [parent.parent for parent in folders if parent.name == cgroup_v2.HOST_LEAF]
        return list(dict.fromkeys(folders))


def _hierarchy(name: str, enforcement: str) -> Hierarchy:
    """Return the best one proved to work here: enforced CPU counts for more than enforced memory."""
    makers = {"cgroup-v1": _v1_hierarchy, "cgroup-v2": _v2_hierarchy}
    for needed in ("cpu", "memory"):
        for kind, make in makers.items():
            if enforcement in (kind, "auto") and (hierarchy := make(name, needed)):
                governed = enforcement == "auto" and hierarchy.cpu_enforcement == "none"
                return duty_cycle.GovernedHierarchy(hierarchy) if governed else hierarchy
    if enforcement in ("auto", "duty-cycle") and processes.can_read_cpu():
        return duty_cycle.GovernedHierarchy(UncontrolledHierarchy(name))
    if enforcement in ("auto", "none"):
        return UncontrolledHierarchy(name)
    raise InvalidInput(
        "enforcement",
        f"This host cannot enforce {enforcement}.",
        hint="`lambda-tui doctor` says what it can.",
    )


def _v1_hierarchy(name: str, needed: str) -> Hierarchy | None:
    groups = _HostGroups.read()
    parents = cgroup_v1.usable_parents(groups.mounts, groups.membership, name)
    return cgroup_v1.V1Hierarchy(parents, name) if needed in parents else None


def _v2_hierarchy(name: str, needed: str) -> Hierarchy | None:
    proved = _proved_v2(name, needed)
    # Requested once: later attempts with lower demands find the scope or do without.
    if proved is None and needed == "cpu" and _v2_can_be_had() and delegation.enter_scope():
        proved = _proved_v2(name, needed)
    return cgroup_v2.V2Hierarchy(*proved, name) if proved else None


def _proved_v2(name: str, needed: str) -> tuple[Path, frozenset[str]] | None:
    groups = _HostGroups.read()
    candidates = candidate_parents(groups.mounts, groups.membership, "")
    return cgroup_v2.proved_parent(candidates, cgroup_v2.family_of(os.getpid()), name, needed)


def _v2_can_be_had() -> bool:
    """Tell whether version 2 is writable and has controllers (if both exist, version 1 has them)."""
    mounts = [Path(mount.mount_point) for mount in _HostGroups.read().mounts if mount.version == 2]
    # Containers may hide it below another mount.
    seen = filter(Path.is_dir, mounts)
    writable = [mount for mount in seen if not os.statvfs(mount).f_flag & os.ST_RDONLY]
    return any(map(cgroup_v2.usable_controllers, writable))
