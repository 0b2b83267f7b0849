"""Readings of single processes and process trees; a process that is gone reads as nothing.

From /proc, and on macOS from libproc (see the end of this file).
"""

from __future__ import annotations

import os
import signal
import sys
import time

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Return `pid` and all its living descendants."""
    pids = [pid]
    for parent in pids:
        pids.extend(children(parent))
    return pids


def children(pid: int) -> list[int]:
    """Return the direct children of `pid`, whichever of its threads started them."""
    pids: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as listed:
                pids.extend(map(int, listed.read().split()))
    except OSError:
        return pids
    return pids


def session_members(session: int) -> list[int]:
    """Return every process of the session `session`; reads one file per process of the host."""
    members = []
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields and int(fields[3]) == session and fields[0] != b"Z":
                members.append(int(entry))
    return members


def task_count_of_user() -> int:
    """Return how many processes and threads this user has on the host."""
    count = 0
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else ():
        try:
            if entry.isdigit() and os.stat(f"/proc/{entry}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{entry}/task"))
        except OSError:
            continue
    return count


def _stat(pid: int) -> list[bytes]:
    """Return the fields of /proc/PID/stat from the third (state) on."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()
    except OSError:
        return []


def own_cpu_ns(pid: int) -> int | None:
    """Return the CPU time of all threads of `pid`, ended ones included; None if it is gone."""
    try:
        # The kernel's clock of another process: CPUCLOCK_SCHED in linux/posix-timers.h.
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        return None


def cpu_ms(pid: int) -> float:
    """Return the CPU time of all threads of `pid`, plus that of its reaped children."""
    own_ns = own_cpu_ns(pid)
    if own_ns is None:
        return 0.0
    fields = _stat(pid)
    waited_ticks = int(fields[13]) + int(fields[14]) if fields else 0
    return own_ns / 1e6 + waited_ticks * _TICK_MS


def resident_bytes(pid: int) -> int:
    """Return the memory of `pid` that is in RAM, shared pages included."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def proportional_bytes(pid: int) -> int:
    """Return the memory of `pid` with every shared page divided among its users."""
    return _kilobytes(f"/proc/{pid}/smaps_rollup", b"Pss:") * 1024


def peak_resident_bytes(status: bytes) -> int:
    """Return from the text of /proc/PID/status the most memory in RAM since the program was loaded."""
    _, label, rest = status.partition(b"VmHWM:")
    return int(rest.split(None, 1)[0]) * 1024 if label else 0


def is_single_threaded(status: bytes) -> bool:
    """Tell from the text of /proc/PID/status whether the process has one thread."""
    return b"\nThreads:\t1\n" in status


def status(pid: int) -> bytes:
    """Return the text of /proc/PID/status."""
    try:
        with open(f"/proc/{pid}/status", "rb", buffering=0) as text:
            return text.read(8192)
    except OSError:
        return b""


def available_memory_bytes() -> int:
    """Return how much memory this host can still give without swapping; 0 if unknown."""
    return _kilobytes("/proc/meminfo", b"MemAvailable:") * 1024


def _kilobytes(path: str, key: bytes) -> int:
    try:
        with open(path, "rb") as lines:
            for line in lines:
                if line.startswith(key):
                    return int(line.split()[1])
    except OSError:
        return 0
    return 0


def stop_or_continue(pids: list[int], *, stop: bool) -> None:
    """Send SIGSTOP, or SIGCONT, to each of `pids` that still exists."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGSTOP if stop else signal.SIGCONT)
        except (ProcessLookupError, PermissionError):
            continue


def parents(pid: int) -> list[int]:
    """Return the parent of `pid`, its parent, and so on."""
    pids = []
    while fields := _stat(pid):
        pid = int(fields[1])
        pids.append(pid)
    return pids


if sys.platform == "darwin":
    import ctypes

    from lambda_tui.local_lambda.sandbox.processes_macos import LibprocReadings

    _libproc = LibprocReadings(ctypes.CDLL(None))
    own_cpu_ns = _libproc.own_cpu_ns
    resident_bytes = proportional_bytes = _libproc.resident_bytes
    children = _libproc.children


def can_read_cpu() -> bool:
    """Tell whether the CPU clock of another process can be read here."""
    return own_cpu_ns(os.getppid() or os.getpid()) is not None


def can_read_memory() -> bool:
    """Tell whether the memory of another process can be read here."""
    return resident_bytes(os.getpid()) > 0
