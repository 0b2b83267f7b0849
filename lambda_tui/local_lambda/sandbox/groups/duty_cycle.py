"""CPU shares without control groups: cells whose processes a governor stops and continues (`governor.py`)."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

import lambda_tui
from lambda_tui.local_lambda.sandbox.groups import governor
from lambda_tui.local_lambda.sandbox.groups.control_group import ControlGroup, CpuUsage, Hierarchy

MAX_CELLS = 4096
BEGINS_WITHIN_S = 10.0
"""Its interpreter needs 30 ms, and more on a busy machine."""
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from lambda_tui.local_lambda.sandbox.groups import governor
governor.main()
"""


class GovernorProcess:
    """The running governor; started with the first cell, and restarted if somebody kills it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as this is
        self._file.truncate(MAX_CELLS * governor.FIGURES.size)
        self._figures = mmap.mmap(self._file.fileno(), 0)
        self._free_slots = list(range(MAX_CELLS - 1, -1, -1))
        self._orders: dict[int, tuple[str, bool]] = {}
        self._closed = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def take_slot(self) -> int:
        """Return a slot with figures of zero; raises OSError if all are taken."""
        if not self._free_slots:
            raise OSError(f"more than {MAX_CELLS} environments")
        if self._process is None:
            self._start()
        slot = self._free_slots.pop()
        governor.FIGURES.pack_into(self._figures, slot * governor.FIGURES.size, 0, 0)
        return slot

    def give_back(self, slot: int) -> None:
        self._free_slots.append(slot)

    def govern(self, slot: int, pid: int, quota_us: int, *, frozen: bool) -> None:
        """Limit `pid` and its descendants to a quota per period of 20 ms, from now on."""
        order = f"govern {slot} {pid} {quota_us * 1000}"
        self._orders[slot] = (order, frozen)
        self._send(order)

    def set_frozen(self, slot: int, frozen: bool) -> None:
        if slot in self._orders:
            self._orders[slot] = (self._orders[slot][0], frozen)
            self._send(f"{'freeze' if frozen else 'thaw'} {slot}")

    def forget(self, slot: int) -> None:
        if self._orders.pop(slot, None):
            self._send(f"forget {slot}")

    def figures(self, slot: int) -> tuple[int, float]:
        """Return the periods that began while the slot's cell was stopped, and the ms it was stopped."""
        periods, stopped_ns = governor.FIGURES.unpack_from(self._figures, slot * governor.FIGURES.size)
        return periods, stopped_ns / 1e6

    def _send(self, order: str) -> None:
        if self._closed:
            return
        if self._process is None:
            self._start()
            return
        assert self._process.stdin is not None
        try:
            os.write(self._process.stdin.fileno(), f"{order}\n".encode())
        except BrokenPipeError:
            self._restart()

    def _start(self) -> None:
        """Start it, wait until it governs and repeat every order still in force."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, _package_root(), str(self._file.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            pass_fds=[self._file.fileno()],
            start_new_session=True,
        )
        assert self._process.stdout is not None
        # Without this wait, what it is to slow down would run at full speed, and be billed so.
        if select.select([self._process.stdout], [], [], BEGINS_WITHIN_S)[0]:
            os.read(self._process.stdout.fileno(), 1)
        with contextlib.suppress(RuntimeError):  # no event loop: nobody notices its end before the next order
            asyncio.get_running_loop().add_reader(self._process.stdout, self._restart)
        for slot, (order, frozen) in list(self._orders.items()):
            self._send(f"{order}\nfreeze {slot}" if frozen else order)

    def _restart(self) -> None:
        """Replace a governor that has ended: the processes it stopped would stay stopped for ever."""
        self._end()
        if self._orders and not self._closed:
            self._start()

    def _end(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(process.stdout)
        process.stdin.close()
        process.stdout.close()
        process.wait(5)

    def close(self) -> None:
        """End it; idempotent."""
        self._closed = True
        self._end()
        self._file.close()


class GovernedGroup:
    """A group that cannot limit CPU by itself."""

    def __init__(self, inner: ControlGroup, process: GovernorProcess) -> None:
        self._inner = inner
        self._process = process
        self._slot = process.take_slot()
        self._leader: int | None = None
        self._quota_us = 0
        self._frozen = False
        self._released = False
        self.join_files = inner.join_files
        self.marker = inner.marker
        self.peak_memory_bytes = inner.peak_memory_bytes
        self.oom_kills = inner.oom_kills
        self.set_aside = inner.set_aside
        self.exceeds_memory = inner.exceeds_memory
        self.reclaim_or_kill = inner.reclaim_or_kill
        self.pids = inner.pids
        self.kill = inner.kill
        self.remove = inner.remove

    def leader_started(self, pid: int, own_user: int | None = None) -> None:
        self._inner.leader_started(pid, own_user)
        self._leader = pid
        self._govern()

    def leader_exited(self, cpu_ms: float) -> None:
        self._process.forget(self._slot)
        self._leader = None
        self._inner.leader_exited(cpu_ms)

    def set_cpu_quota(self, quota_us: int) -> None:
        self._quota_us = quota_us
        self._govern()

    def _govern(self) -> None:
        if self._leader is not None:
            self._process.govern(self._slot, self._leader, self._quota_us, frozen=self._frozen)

    def cpu_usage(self) -> CpuUsage:
        return CpuUsage(self._inner.cpu_usage().cpu_ms, *self._process.figures(self._slot))

    # First here, to take effect at once; then by the governor, whose last signal it may have crossed.

    def freeze(self) -> None:
        self._frozen = True
        self._inner.freeze()
        self._process.set_frozen(self._slot, True)

    def thaw(self) -> None:
        self._frozen = False
        self._inner.thaw()
        self._process.set_frozen(self._slot, False)

    def release(self) -> None:
        if not self._released:
            self._released = True
            self._process.forget(self._slot)
            self._process.give_back(self._slot)
        self._inner.release()


class GovernedHierarchy:
    """Adds CPU shares to a hierarchy that has none."""

    cpu_enforcement = "duty-cycle"

    def __init__(self, inner: Hierarchy) -> None:
        self._inner = inner
        self._process = GovernorProcess()
        self.memory_enforcement = inner.memory_enforcement
        self.limits_processes = inner.limits_processes
        self.roots = inner.roots

    def create(self, environment_id: str, memory_mb: int, charged_tmp_mb: int = 0) -> GovernedGroup:
        return GovernedGroup(self._inner.create(environment_id, memory_mb, charged_tmp_mb), self._process)

    def close(self) -> None:
        self._process.close()
        self._inner.close()


def _package_root() -> str:
    return str(Path(lambda_tui.__file__).parent.parent)
