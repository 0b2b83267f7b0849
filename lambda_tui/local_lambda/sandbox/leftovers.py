"""What a server leaves on the host when it is killed, and how that is removed.

Imported for the sweep at start-up, and run alone (``python -I -S leftovers.py``) as the watchdog that
outlives a server killed by SIGKILL: it needs nothing but the standard library.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import zlib
from collections.abc import Sequence

PREFIX = "lambda-tui-"
MARKER = "LAMBDA_TUI_SANDBOX"
"""Names the cell in the environment of processes on hosts without control groups: `server/environment`."""
GROUPS_FILE = "groups"
MAX_USERS = 4096
_FIRST_USER = 1 << 31
"""Nobody assigns ids from here on (systemd's "Users, Groups, UIDs and GIDs")."""


def start_time_ticks(pid: int) -> int | None:
    """Return when `pid` started, in clock ticks since boot; None if it is gone, 0 without /proc."""
    try:
        # Of its first thread, which has the same value: under qemu-user a program reads invented figures for
        # itself, and would get a name that others take for that of a dead server.
        with open(f"/proc/{pid}/task/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        if os.path.exists("/proc/self/stat"):
            return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return 0


def pid_namespace() -> int:
    """Return the identity of this process's pid namespace, or 0 if there is none."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


def server_name(serial: int) -> str:
    """Return a name for this process that no other process ever has, on this host since boot."""
    pid = os.getpid()
    return f"{PREFIX}{pid}-{start_time_ticks(pid)}-{pid_namespace()}-{serial}"


def belongs_to_the_dead(name: str) -> bool:
    """Tell whether `name` belongs to a server that is gone; False for other pid namespaces."""
    parts = name.removeprefix(PREFIX).split("-")
    if not name.startswith(PREFIX) or len(parts) != 4 or not all(part.isdigit() for part in parts):
        return False
    pid, started, namespace, _serial = map(int, parts)
    return namespace == pid_namespace() and start_time_ticks(pid) != started


def group_pids(group: str) -> list[int]:
    """Return the processes in the control group folder `group`; none if it is gone."""
    try:
        with open(os.path.join(group, "cgroup.procs"), "rb") as procs:
            return [int(pid) for pid in procs.read().split()]
    except OSError:
        return []


def users_of(name: str) -> range:
    """Return the user ids that only environments of the server `name` may have."""
    first = _FIRST_USER + zlib.crc32(name.encode()) % (_FIRST_USER // MAX_USERS - 1) * MAX_USERS
    return range(first, first + MAX_USERS)


def marked_pids(marker: str, users: Sequence[int] = ()) -> list[int]:
    """Return the processes whose environment names a cell that starts with `marker`, and those of `users`."""
    wanted = f"{MARKER}={marker}".encode()
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()] if os.path.isdir("/proc") else []
    return [pid for pid in pids if _is_marked(pid, wanted) or _is_of(users, pid)]


def _is_marked(pid: int, wanted: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            return any(item.startswith(wanted) for item in environ.read().split(b"\0"))
    except OSError:
        return False


def _is_of(users: Sequence[int], pid: int) -> bool:
    try:
        if os.stat(f"/proc/{pid}").st_uid not in users:
            return False
        with open(f"/proc/{pid}/stat", "rb") as stat:
            # Zombies cannot be killed again.
            return not stat.read().rpartition(b")")[2].startswith(b" Z")
    except OSError:
        return False


def kill_pids(pids: list[int]) -> None:
    """Send SIGKILL to each of `pids` that still exists and may be signalled."""
    # Members of other pid namespaces are listed as 0, which for kill() means our own process group.
    for pid in filter(None, pids):
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def kill_group(group: str) -> bool:
    """Send SIGKILL to everything in one control group folder; return whether anything was there."""
    if _write(group, "cgroup.kill", "1"):
        return bool(group_pids(group))
    # Frozen processes can neither fork nor die: freeze, signal all, thaw.
    frozen = _write(group, "freezer.state", "FROZEN")
    pids = group_pids(group)
    kill_pids(pids)
    if frozen:
        _write(group, "freezer.state", "THAWED")
    return bool(pids)


def _write(group: str, name: str, value: str) -> bool:
    try:
        fd = os.open(os.path.join(group, name), os.O_WRONLY)
    except OSError:
        return False
    try:
        os.write(fd, value.encode())
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def remove_groups(roots: list[str], timeout_s: float = 5.0) -> bool:
    """Kill everything below the group folders `roots` and remove them; return whether all are gone."""
    deadline = time.monotonic() + timeout_s
    while True:
        groups = [folder for root in roots for folder, _, _ in os.walk(root, topdown=False)]
        # Visit every group: a process frozen in one hierarchy may be listed first in another.
        busy = [group for group in groups if kill_group(group)]
        if not busy:
            for group in groups:
                remove_folder(group)
        if not any(map(os.path.isdir, roots)):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)


def remove_folder(group: str) -> None:
    try:
        os.rmdir(group)
    except OSError:
        return


def remove_server(name: str, state_folder: str, group_roots: list[str]) -> None:
    """Remove what the server `name` created: processes, control groups, its folder under `state_folder`."""
    folder = os.path.join(state_folder, name)
    roots = dict.fromkeys(group_roots + _recorded_groups(folder, name))
    remove_groups(list(roots))
    if not roots:
        _kill_marked(name + "/", users_of(name))
    if os.path.isdir(folder):
        # Imported late: it would add a megabyte to a watchdog that nearly always just waits.
        import shutil  # noqa: PLC0415

        shutil.rmtree(folder, ignore_errors=True)


def _kill_marked(marker: str, users: range, timeout_s: float = 5.0) -> None:
    # More than once: a process may have started another meanwhile.
    deadline = time.monotonic() + timeout_s
    while (pids := marked_pids(marker, users)) and time.monotonic() < deadline:
        kill_pids(pids)
        time.sleep(0.005)


def _recorded_groups(folder: str, name: str) -> list[str]:
    try:
        with open(os.path.join(folder, GROUPS_FILE), encoding="utf-8") as groups:
            lines = groups.read().splitlines()
    except OSError:
        return []
    return [line for line in lines if os.path.basename(line) == name and _is_control_group(line)]


def _is_control_group(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "cgroup.procs"))


def sweep(state_folder: str, group_parents: list[str]) -> list[str]:
    """Remove what dead servers left in these folders; return the names of those servers."""
    roots_of: dict[str, list[str]] = {}
    for parent in [state_folder, *group_parents]:
        # What this user may not remove is left to those who may.
        for name in os.listdir(parent) if os.access(parent, os.R_OK | os.W_OK) else ():
            if belongs_to_the_dead(name):
                roots = roots_of.setdefault(name, [])
                if parent != state_folder:
                    roots.append(os.path.join(parent, name))
    for name, roots in roots_of.items():
        remove_server(name, state_folder, roots)
    return list(roots_of)


def watch(name: str, state_folder: str, group_roots: list[str]) -> None:
    """Wait until the server at the other end of standard input is gone, then remove what it created."""
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    remove_server(name, state_folder, group_roots)


if __name__ == "__main__":
    watch(sys.argv[1], sys.argv[2], sys.argv[3:])
