"""The readings of `processes.py` on macOS, which has no /proc: libproc, as declared in Apple's libproc.h.

`proc_pid_rusage` fills struct rusage_info_v0 (sys/resource.h); its times are in units of the machine's clock.
"""

from __future__ import annotations

import ctypes
from typing import Any

_MAX_CHILDREN = 4096
_RUSAGE_INFO_V0 = 0


class RusageInfo(ctypes.Structure):
    """struct rusage_info_v0."""

    _fields_ = (
        ("uuid", ctypes.c_uint8 * 16),
        ("user_time", ctypes.c_uint64),
        ("system_time", ctypes.c_uint64),
        ("pkg_idle_wkups", ctypes.c_uint64),
        ("interrupt_wkups", ctypes.c_uint64),
        ("pageins", ctypes.c_uint64),
        ("wired_size", ctypes.c_uint64),
        ("resident_size", ctypes.c_uint64),
        ("phys_footprint", ctypes.c_uint64),
        ("proc_start_abstime", ctypes.c_uint64),
        ("proc_exit_abstime", ctypes.c_uint64),
    )


class _Timebase(ctypes.Structure):
    _fields_ = (("numer", ctypes.c_uint32), ("denom", ctypes.c_uint32))


class LibprocReadings:
    """Readings through `library`; processes that are gone or another user's read as nothing."""

    def __init__(self, library: Any) -> None:
        self._library = library
        timebase = _Timebase(1, 1)
        library.mach_timebase_info(ctypes.byref(timebase))
        self._ns_per_unit = timebase.numer / timebase.denom

    def _usage(self, pid: int) -> RusageInfo | None:
        usage = RusageInfo()
        failed = self._library.proc_pid_rusage(pid, _RUSAGE_INFO_V0, ctypes.byref(usage))
        return None if failed else usage

    def own_cpu_ns(self, pid: int) -> int | None:
        """Return the CPU time of all threads of `pid`, ended ones included; None if it is gone."""
        usage = self._usage(pid)
        return None if usage is None else round((usage.user_time + usage.system_time) * self._ns_per_unit)

    def resident_bytes(self, pid: int) -> int:
        """Return the memory charged to `pid`: its footprint, in which shared pages count once."""
        usage = self._usage(pid)
        return 0 if usage is None else int(usage.phys_footprint)

    def children(self, pid: int) -> list[int]:
        """Return the direct children of `pid`."""
        pids = (ctypes.c_int * _MAX_CHILDREN)()
        count = self._library.proc_listchildpids(pid, pids, ctypes.sizeof(pids))
        return [child for child in pids[: max(0, count)] if child > 0]
