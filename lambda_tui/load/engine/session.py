"""One engine's run: connect, warm up, send what is due when it is due, report ten times a second."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from lambda_tui.load.engine.frames import Tick
from lambda_tui.load.engine.limits import End, Limits
from lambda_tui.load.engine.open_loop import OpenLoop
from lambda_tui.load.engine.pacing import Pacer, pacer_of
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine.sender import Sender, raise_error_of

BATCH_INTERVAL_S = 0.1
PART = 32
"""Records sent at a time. Sending those of 100 ms at once would delay the starts due at that moment: at 2,000
a second, one in a hundred."""

OVERTIME_S = 5.0
"""How long answers may still arrive after the time limit or a lost target."""

Emit = Callable[[tuple[Any, ...]], None]


class Session:
    """Runs a plan once and emits frames; `run` returns when the `end` frame has been emitted."""

    def __init__(self, plan: EnginePlan, emit: Emit) -> None:
        self._plan = plan
        self._emit = emit
        self._limits = Limits(plan)
        self._sender = Sender(plan, self._limits, settled=self._settled, ended=self._end_with)
        self._send_more: Callable[[], None] = lambda: None
        self._unsent = 0
        self._waiting: deque[float] = deque()
        self._dropped = 0
        self._held_back = 0
        self._recorder_behind_since: float | None = None
        self._recorder_behind_s = 0.0
        self._end: End | None = None
        self._is_enough = False
        self._abandoning = False
        self._progress = asyncio.Event()
        self._go: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._cpu_before_s = 0.0

    async def run(self) -> None:
        """Open the connections, warm up, run, flush."""
        await self._sender.open_connections()
        self._sender.zero = await self._ready()
        self._cpu_before_s = time.process_time()
        if self._plan.max_seconds is not None:
            asyncio.get_running_loop().call_later(self._plan.max_seconds, self._end_with, End("seconds"))
        ticks = asyncio.get_running_loop().create_task(self._tick())
        ticks.add_done_callback(raise_error_of)
        began_ms = 0.0
        if self._plan.warmup:
            await self._closed_loop(self._plan.own_warmup)
            began_ms = (await self._ready() - self._sender.zero) * 1000
        if self._plan.rate is None or self._plan.seconds is None:
            await self._closed_loop(self._plan.own_invocations)
        else:
            pacer = pacer_of(self._plan.arrivals, self._plan.rate, self._plan.seconds, self._plan.seed)
            await self._open_loop(pacer, began_ms)
        ticks.cancel()
        self._flush()
        end = self._end or End("done")
        self._emit(("end", *replace(end, abandoned=self._sender.unanswered).to_wire()))

    def go(self, at_s: float) -> None:
        """Begin the run, or its measured part, at that instant of `time.perf_counter`, as all engines do."""
        if not self._go.done():
            self._go.set_result(at_s)

    def stop(self) -> None:
        """End at once; abandon what is in flight."""
        self._end_with(End("stopped"))
        self.go(time.perf_counter())

    def finish(self) -> None:
        """Send nothing more, and wait for what is in flight: enough was measured."""
        self._unsent = 0
        self._is_enough = True
        self._progress.set()

    def pause(self) -> None:
        """Send nothing until `resume`: the recorder is too far behind."""
        self._recorder_behind_since = time.perf_counter()

    def resume(self) -> None:
        """The recorder has caught up."""
        self._count_recorder_behind()
        self._recorder_behind_since = None
        self._send_more()

    def _count_recorder_behind(self) -> None:
        if self._recorder_behind_since is not None:
            now = time.perf_counter()
            self._recorder_behind_s += now - self._recorder_behind_since
            self._recorder_behind_since = now

    def use_credentials(self, *keys: Any) -> None:
        """Sign with fresh keys from now on."""
        self._sender.use_credentials(*keys)

    async def _ready(self) -> float:
        """Report that this engine is ready and wait until all are; returns the common instant to go on at."""
        if self._end is not None:
            return time.perf_counter()
        self._go = asyncio.get_running_loop().create_future()
        self._emit(("ready",))
        return await self._go

    async def _closed_loop(self, invocations: int) -> None:
        await asyncio.sleep(-self._sender.now_ms() / 1000)
        self._unsent = 0 if self._is_enough else invocations
        self._send_more = self._fill
        self._fill()
        await self._drained(lambda: self._unsent > 0)

    def _fill(self) -> None:
        """Give every idle caller an invocation; one that exceeds a limit waits for others to settle."""
        while self._unsent and self._sender.pending < self._plan.callers and self._may_send():
            self._unsent -= 1
            self._sender.launch(None)
        self._held_back += self._is_held_back()

    def _is_held_back(self) -> bool:
        """The spend limit alone keeps a caller of the closed loop from its next invocation."""
        pending = self._sender.pending
        is_idle = self._unsent > 0 and pending < self._plan.callers
        return is_idle and self._end is None and self._limits.must_wait(pending)

    async def _open_loop(self, pacer: Pacer, began_ms: float) -> None:
        self._send_more = self._send_waiting
        starts = OpenLoop(
            pacer,
            count(self._plan.engine, self._plan.engines),
            zero=self._sender.zero,
            began_ms=began_ms,
            now_ms=self._sender.now_ms,
            start=self._start,
            finished=self._progress.set,
        )
        await self._drained(lambda: bool(self._waiting) or not starts.all_made)
        starts.close()

    def _start(self, due_ms: float) -> None:
        if self._sender.pending + len(self._waiting) >= self._plan.max_in_flight:
            self._dropped += 1
            return
        self._waiting.append(due_ms)
        self._send_waiting()
        self._held_back += bool(self._waiting)

    def _send_waiting(self) -> None:
        while self._waiting and self._may_send():
            self._sender.launch(self._waiting.popleft())

    def _may_send(self) -> bool:
        if self._end is not None or self._recorder_behind_since is not None:
            return False
        refused = self._limits.refuse(self._sender.launched, self._sender.pending)
        if refused is not None:
            self._end_with(refused)
            return False
        return not self._limits.must_wait(self._sender.pending)

    def _settled(self) -> None:
        self._send_more()
        if self._sender.recorded >= PART:
            self._emit(("part", self._sender.take_batch()))
        if not self._sender.pending:
            self._progress.set()

    async def _drained(self, more: Callable[[], bool]) -> None:
        """Wait until nothing is in flight and nothing more will be sent."""
        while not self._abandoning and (self._sender.pending or (self._end is None and more())):
            self._progress.clear()
            await self._progress.wait()

    def _end_with(self, end: End) -> None:
        """Send nothing more; abandon what has not answered in time. The first reason stands,
        except that the user may always stop at once."""
        if self._end is not None and end.kind != "stopped":
            return
        self._end = end
        drain_s = {"stopped": 0.0, "seconds": OVERTIME_S, "lost": OVERTIME_S}
        wait_s = drain_s.get(end.kind, self._plan.read_timeout_s)
        self._progress.set()
        if wait_s:
            asyncio.get_running_loop().call_later(wait_s, self._abandon)
        else:
            self._abandon()

    def _abandon(self) -> None:
        self._abandoning = True
        self._sender.abandon()
        self._progress.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(BATCH_INTERVAL_S)
            self._sender.drop_overdue()
            self._flush()

    def _flush(self) -> None:
        self._count_recorder_behind()
        tick = Tick(
            exchanges=self._sender.take_batch(),
            in_flight=self._sender.pending,
            dropped=self._dropped,
            held_back=self._held_back,
            recorder_behind_s=self._recorder_behind_s,
            now_ms=self._sender.now_ms(),
            cpu_s=time.process_time() - self._cpu_before_s,
        )
        self._dropped = self._held_back = 0
        self._recorder_behind_s = 0.0
        self._emit(("batch", *tick))
