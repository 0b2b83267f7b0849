"""Where this process's control groups are: pure readings of /proc/self/mountinfo and /proc/self/cgroup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CgroupMount:
    """One mounted hierarchy; `controllers` is empty for version 2, where they are read from the group."""

    version: int
    mount_point: str
    root: str
    """The group that is visible at the mount point; not `/` inside many containers."""
    controllers: frozenset[str] = frozenset()


def parse_mountinfo(text: str) -> list[CgroupMount]:
    """Return the cgroup mounts in `text` (format: proc_pid_mountinfo(5)); other mounts are skipped."""
    mounts = []
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if not separator or len(fields) < 6 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        version = 2 if kind[0] == "cgroup2" else 1
        options = frozenset(kind[2].split(",")) - {"rw", "ro"}
        controllers = options if version == 1 else frozenset()
        mounts.append(CgroupMount(version, _unescape(fields[4]), _unescape(fields[3]), controllers))
    return mounts


def _unescape(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), path)


def parse_membership(text: str) -> dict[str, str]:
    """Map each controller to this process's group path (format: cgroups(7)); version 2 has the key ``""``."""
    membership = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            membership[controller] = path
    return membership


def own_group(mount: CgroupMount, path: str) -> Path | None:
    """Return the folder of the group `path` under `mount`, or None if the mount does not show it."""
    if mount.root == "/":
        relative = path
    elif path == mount.root or path.startswith(mount.root + "/"):
        relative = path[len(mount.root) :]
    else:
        return None
    if ".." in relative.split("/"):
        return None
    return Path(mount.mount_point, relative.lstrip("/"))


def candidate_parents(
    mounts: list[CgroupMount], membership: dict[str, str], controller: str
) -> tuple[Path, ...]:
    """Return folders under which groups for `controller` (``""`` is version 2) may be made, best first."""
    for mount in mounts:
        if controller in mount.controllers or (controller == "" and mount.version == 2):
            own = own_group(mount, membership.get(controller, "/"))
            places = (own, Path(mount.mount_point))
            return tuple(dict.fromkeys(place for place in places if place is not None))
    return ()
