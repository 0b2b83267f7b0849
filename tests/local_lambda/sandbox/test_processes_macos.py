"""The macOS readings against a fake libproc: the structures, the units, processes that are gone."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from lambda_tui.local_lambda.sandbox.processes_macos import LibprocReadings, RusageInfo


class Libproc:
    """Answers as Apple's library does on a machine whose clock has `numer`/`denom` nanoseconds a unit."""

    def __init__(self, numer: int, denom: int) -> None:
        self._timebase = (numer, denom)

    def mach_timebase_info(self, timebase: Any) -> int:
        timebase._obj.numer, timebase._obj.denom = self._timebase
        return 0

    def proc_pid_rusage(self, pid: int, flavor: int, usage: Any) -> int:
        assert flavor == 0
        if pid != 10:
            return -1
        words = [300, 60, 0, 0, 0, 0, 7 << 20, 5 << 20, 0, 0]
        raw = bytes(16) + b"".join(word.to_bytes(8, "little") for word in words)
        assert len(raw) == ctypes.sizeof(RusageInfo) == 96, "sys/resource.h"
        ctypes.memmove(usage, raw, len(raw))
        return 0

    def proc_listchildpids(self, pid: int, pids: Any, size: int) -> int:
        assert size == ctypes.sizeof(pids)
        pids[0:2] = [11, 12]
        return 2 if pid == 10 else 0


@pytest.mark.parametrize(("numer", "denom", "ns"), [(1, 1, 360), (125, 3, 15_000)])
def test_times_are_in_units_of_the_clock(numer: int, denom: int, ns: int) -> None:
    assert LibprocReadings(Libproc(numer, denom)).own_cpu_ns(10) == ns


def test_memory_children_and_the_dead() -> None:
    readings = LibprocReadings(Libproc(1, 1))
    assert readings.resident_bytes(10) == 5 << 20
    assert readings.children(10) == [11, 12]
    assert (readings.own_cpu_ns(1), readings.resident_bytes(1), readings.children(1)) == (None, 0, [])
