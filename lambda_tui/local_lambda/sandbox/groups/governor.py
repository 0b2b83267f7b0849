"""The duty cycle: a process that stops and continues others so that each cell gets its CPU share.

Run by `duty_cycle.py`, which sends it orders on standard input. It is a separate process because timers in
the server's loop have a resolution of 1 ms and wait behind requests, and because fifty cells cost a tenth
of a core.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import struct
import sys
import time
from collections.abc import Iterable

from lambda_tui.local_lambda.sandbox import processes
from lambda_tui.local_lambda.sandbox.groups.control_group import CPU_PERIOD_US

PERIOD_NS = CPU_PERIOD_US * 1000
TICK_NS = 4_000_000
"""The kernels on which Lambda was measured settle accounts at 250 Hz; checking more often costs more."""
FIGURES = struct.Struct("=QQ")
"""A slot of the shared figures: periods that began while its cell was stopped, and for how many ns."""


NEVER_NS = 1 << 62
_CPUS = os.cpu_count() or 1


class Bucket:
    """One cell's tokens, in nanoseconds of CPU time; the arithmetic of the kernel's bandwidth control.

    Every period the quota is added. Unused time is lost, excess use is owed.
    """

    def __init__(self, quota_ns: int, now_ns: int) -> None:
        self.quota_ns = quota_ns
        self.balance_ns = quota_ns
        self._period_start_ns = now_ns

    def spend(self, used_ns: int, now_ns: int, *, stopped: bool) -> int:
        """Charge what was used until now; return how many periods have begun since the last time."""
        self.balance_ns -= used_ns
        begun = (now_ns - self._period_start_ns) // PERIOD_NS
        if begun:
            self._period_start_ns += begun * PERIOD_NS
            self.balance_ns += begun * self.quota_ns
            if not stopped or begun == 1:
                # A cell stopped too long because this process was late gets back what it missed.
                self.balance_ns = min(self.balance_ns, self.quota_ns)
        return begun

    def due_ns(self, now_ns: int, cpus: int) -> int:
        """Return when to check again: the earliest moment at which something has to be done."""
        if self.balance_ns <= 0:
            return self._period_start_ns + PERIOD_NS * (1 + -self.balance_ns // self.quota_ns)
        soonest = now_ns + max(TICK_NS, self.balance_ns // cpus)
        return min(soonest, self._period_start_ns + PERIOD_NS)


class GovernedTree:
    """A process and its descendants, stopped while their bucket is empty or the server froze them."""

    def __init__(self, leader: int, quota_ns: int, now_ns: int) -> None:
        self.due_ns = now_ns
        self.stopped_periods = 0
        self.stopped_ns = 0
        self._leader = leader
        self._bucket = Bucket(quota_ns, now_ns)
        self._settled_ns = now_ns
        self._listed_ns = now_ns
        self._frozen = False
        # Unknown: another governor may have stopped it before it was killed.
        self._stopped: bool | None = None
        self._clocks: dict[int, int] = {}
        # What it used before it was governed does not count.
        self._measure(processes.tree(leader))

    def set_quota(self, quota_ns: int) -> None:
        self._bucket.quota_ns = quota_ns

    def set_frozen(self, frozen: bool, now_ns: int) -> None:
        """Stop, or continue if there is a balance; while frozen, nothing is checked."""
        self._charge(now_ns)
        self._frozen = frozen
        # The server has sent its own signal, which ours may have crossed: send it again.
        self._stopped = None
        self._enforce(now_ns)

    def release(self) -> None:
        """Let it run without a limit from now on."""
        if not self._frozen:
            self._signal(stop=False)

    def settle(self, now_ns: int) -> None:
        """Charge what was used, then stop or continue the processes as the balance says."""
        if self._charge(now_ns) and self._stopped:
            self._stopped = None  # somebody else continued it
        self._enforce(now_ns)

    def _charge(self, now_ns: int) -> int:
        starved = bool(self._stopped) and not self._frozen
        if starved:
            self.stopped_ns += now_ns - self._settled_ns
        self._settled_ns = now_ns
        if now_ns - self._listed_ns >= PERIOD_NS:
            self._listed_ns = now_ns
            used_ns = self._measure(processes.tree(self._leader))
        else:
            used_ns = self._measure(self._clocks)
        # Frozen time repays what is owed, but gives no credit.
        begun = self._bucket.spend(used_ns, now_ns, stopped=starved)
        if starved:
            self.stopped_periods += begun
        return used_ns

    def _enforce(self, now_ns: int) -> None:
        stop = self._frozen or self._bucket.balance_ns <= 0
        if stop != self._stopped:
            self._signal(stop=stop)
        self.due_ns = NEVER_NS if self._frozen else self._bucket.due_ns(now_ns, _CPUS)

    def _measure(self, pids: Iterable[int]) -> int:
        """Return the CPU time used since the last check; a new process is charged from its start."""
        clocks = {pid: clock for pid in pids if (clock := processes.own_cpu_ns(pid)) is not None}
        used_ns = sum(clock - self._clocks.get(pid, 0) for pid, clock in clocks.items())
        self._clocks = clocks
        return used_ns

    def _signal(self, *, stop: bool) -> None:
        # Stopped twice: a parent that was still running may have started a child meanwhile.
        for _ in range(2 if stop else 1):
            processes.stop_or_continue(processes.tree(self._leader), stop=stop)
        self._stopped = stop


class Governor:
    """Carries out orders: ``govern SLOT PID QUOTA_NS``, ``freeze SLOT``, ``thaw SLOT``, ``forget SLOT``."""

    def __init__(self, figures: mmap.mmap) -> None:
        self._figures = figures
        self._trees: dict[int, GovernedTree] = {}

    def obey(self, order: str) -> None:
        verb, *numbers = order.split()
        slot, now_ns = int(numbers[0]), time.monotonic_ns()
        tree = self._trees.get(slot)
        if verb == "govern":
            pid, quota_ns = map(int, numbers[1:])
            if tree is None:
                tree = self._trees[slot] = GovernedTree(pid, quota_ns, now_ns)
                # Continue the counts of an earlier program of the cell or an earlier governor.
                figures = FIGURES.unpack_from(self._figures, slot * FIGURES.size)
                tree.stopped_periods, tree.stopped_ns = figures
            else:
                tree.set_quota(quota_ns)
        elif tree is not None and verb == "forget":
            del self._trees[slot]
            tree.release()
        elif tree is not None:
            tree.set_frozen(verb == "freeze", now_ns)

    def settle_due(self) -> float | None:
        """Settle the trees whose time has come; return the seconds until the next, None if there is none."""
        for slot, tree in self._trees.items():
            if tree.due_ns <= (now_ns := time.monotonic_ns()):
                tree.settle(now_ns)
                FIGURES.pack_into(self._figures, slot * FIGURES.size, tree.stopped_periods, tree.stopped_ns)
        next_ns = min((tree.due_ns for tree in self._trees.values()), default=NEVER_NS)
        return None if next_ns == NEVER_NS else max(0.0, (next_ns - time.monotonic_ns()) / 1e9)


def main() -> None:
    """Obey the orders on standard input until it ends; the descriptor of the figures is the only argument.

    A byte on standard output says that it begins.
    """
    with contextlib.suppress(PermissionError):
        os.nice(-10)
    governor = Governor(mmap.mmap(int(sys.argv[1]), 0))
    os.write(1, b"\n")
    unread = b""
    while True:
        # select, not poll: its timeout has a resolution of a microsecond.
        ready, _, _ = select.select([0], [], [], governor.settle_due())
        if ready:
            received = os.read(0, 65536)
            if not received:
                return
            *orders, unread = (unread + received).split(b"\n")
            for order in orders:
                governor.obey(order.decode())
