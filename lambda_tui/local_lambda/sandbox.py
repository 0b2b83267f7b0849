"""Holds each execution environment's processes in a cell with Lambda's CPU share and memory limit."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet

from lambda_tui.errors import InvalidInput, StorageError, TargetRefused
from lambda_tui.local_lambda import cgroup_v1, cgroup_v2, duty_cycle, leftovers
from lambda_tui.local_lambda.cell import Cell
from lambda_tui.local_lambda.cgroup_paths import (
    CgroupMount,
    candidate_parents,
    parse_membership,
    parse_mountinfo,
)
from lambda_tui.local_lambda.control_group import CpuUsage, Hierarchy
from lambda_tui.local_lambda.parent_death import Watchdog
from lambda_tui.local_lambda.uncontrolled import UncontrolledHierarchy

__all__ = ["ENFORCEMENTS", "Cell", "CpuUsage", "Sandbox", "open_sandbox"]

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

    @property
    def watchdog_pid(self) -> int:
        """The process that cleans up if this one is killed."""
        return self._watchdog.pid

    def create(self, environment_id: str, memory_mb: int) -> Cell:
        """Return a new empty cell, unthrottled; raises TargetRefused if the host has no room for it."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", environment_id):
            raise ValueError(f"environment id {environment_id!r}")
        directory = self.directory / environment_id
        try:
            group = self._hierarchy.create(environment_id, memory_mb)
            with contextlib.ExitStack() as undo:
                undo.callback(group.remove)
                directory.mkdir(mode=0o700)
                undo.pop_all()
        except OSError as error:
            raise TargetRefused(f"No execution environment could be made: {error}.") from error
        watch = self.memory_enforcement == "rss"
        cell = Cell(environment_id, memory_mb, group, directory, watch_memory=watch)
        self._cells.add(cell)
        return cell

    def close(self) -> None:
        """Kill everything in every cell and remove all groups and folders; idempotent."""
        for cell in self._cells:
            cell.retire()
        self._cells.clear()
        self._hierarchy.close()
        roots = [str(root) for root in self._hierarchy.roots]
        leftovers.remove_server(self.name, str(self._state_dir), roots)
        self._watchdog.close()


def open_sandbox(state_dir: Path, *, enforcement: str = "auto") -> Sandbox:
    """Find out what this host can enforce, remove what dead servers left, and return a sandbox.

    `enforcement` is ``auto`` (the best that works) or one of ENFORCEMENTS; raises
    InvalidInput where the host cannot do what was asked for, and StorageError without a usable folder.
    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {state_dir} cannot be made: {error.strerror}.") from error
    name = leftovers.server_name(next(_serials))
    groups = _HostGroups.read()
    leftovers.sweep(str(state_dir), [str(parent) for parent in groups.parents()])
    return Sandbox(name, state_dir, _hierarchy(groups, name, enforcement))


def usable_cpus() -> int:
    """Return the number of CPUs this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _HostGroups:
    """The cgroup hierarchies this process sees, and its own place in them."""

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
        found = [
            parent
            for controller in (*cgroup_v1.CONTROLLERS, "")
            for parent in candidate_parents(self.mounts, self.membership, controller)
        ]
        found += [parent.parent for parent in found if parent.name == cgroup_v2.HOST_LEAF]
        return list(dict.fromkeys(found))


def _hierarchy(groups: _HostGroups, name: str, enforcement: str) -> Hierarchy:
    """Return the best that was proved to work here: enforced CPU counts for more than enforced memory."""
    makers = {"cgroup-v1": _v1_hierarchy, "cgroup-v2": _v2_hierarchy}
    for needed in ("cpu", "memory"):
        for kind, make in makers.items():
            if enforcement in (kind, "auto") and (found := make(groups, name, needed)):
                governed = enforcement == "auto" and found.cpu_enforcement == "none"
                return duty_cycle.GovernedHierarchy(found) if governed else found
    if enforcement in ("auto", "duty-cycle") and duty_cycle.works_here():
        return duty_cycle.GovernedHierarchy(UncontrolledHierarchy(name))
    if enforcement in ("auto", "none"):
        return UncontrolledHierarchy(name)
    raise InvalidInput(
        "enforcement",
        f"This host cannot enforce {enforcement}.",
        hint="`lambda-tui doctor` says what it can.",
    )


def _v1_hierarchy(groups: _HostGroups, name: str, needed: str) -> Hierarchy | None:
    parents = cgroup_v1.usable_parents(groups.mounts, groups.membership, name)
    return cgroup_v1.V1Hierarchy(parents, name) if needed in parents else None


def _v2_hierarchy(groups: _HostGroups, name: str, needed: str) -> Hierarchy | None:
    candidates = candidate_parents(groups.mounts, groups.membership, "")
    found = cgroup_v2.proved_parent(candidates, cgroup_v2.family_of(os.getpid()), name, needed)
    return cgroup_v2.V2Hierarchy(*found, name) if found else None
