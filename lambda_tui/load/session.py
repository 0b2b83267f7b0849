"""One run inside the engine process: sends what the plan asks for and records every answer.

Callbacks rather than a task per request: at tens of thousands of requests a second the tasks alone would
cost more than the requests.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from lambda_tui.load.cold import ColdStarter, ConfigurationRefused
from lambda_tui.load.frames import Exchange, Outcome
from lambda_tui.load.http1 import ConnectFailed, Connection, ConnectionPool
from lambda_tui.load.limits import End, Limits, time_limit
from lambda_tui.load.pacing import ConstantPacer, Pacer
from lambda_tui.load.plan import EnginePlan
from lambda_tui.load.requests import RequestFactory

BATCH_INTERVAL_S = 0.1
OVERTIME_S = 5.0
"""How long answers may still come in after the time limit."""

MAX_IN_FLIGHT = 1_000
"""Of an open loop; starts beyond it are dropped and counted (1,000 is Lambda's default concurrency)."""

MAX_OPENING = 64
"""Connections opened at the same time before a run: more would overrun a listener's queue."""

CONNECT_FAILURES_UNTIL_LOST = 3

FATAL_STATUSES = frozenset({400, 401, 403, 404, 413, 415})
"""Answers that every further invocation of the run would get as well."""

Emit = Callable[[tuple[Any, ...]], None]


class Session:
    """Runs a plan once and emits frames; `run` returns when the `end` frame has been emitted."""

    def __init__(self, plan: EnginePlan, emit: Emit) -> None:
        self._plan = plan
        self._emit = emit
        self._pool = ConnectionPool(plan.endpoint)
        self._limits = Limits(plan)
        requests = RequestFactory(plan)
        self._invoke = requests.invoke()
        self._cold = ColdStarter(self._pool, requests, plan) if plan.cold_token else None
        self._batch: list[Exchange] = []
        self._sent: dict[Connection, tuple[int, bool, float, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._launched = 0
        self._pending = 0
        self._dropped = 0
        self._connect_failures = 0
        self._end: End | None = None
        self._abandoning = False
        self._phase_over = asyncio.Event()
        self._on_completed: Callable[[], None] = self._phase_over.set
        self._unsent = 0
        self._zero = time.perf_counter()

    async def run(self) -> None:
        """Open the connections, warm up, run, flush."""
        await self._open_connections()
        self._zero = time.perf_counter()
        if self._end is None:
            self._emit(("started",))
        ticks = self._spawn(self._tick())
        if self._plan.max_seconds is not None:
            asyncio.get_running_loop().call_later(self._plan.max_seconds, self._time_is_up)
        if self._plan.warmup:
            await self._closed_loop(self._plan.warmup)
        if self._plan.rate is None or self._plan.seconds is None:
            await self._closed_loop(self._plan.invocations)
        else:
            await self._open_loop(ConstantPacer(self._plan.rate, self._plan.seconds))
        ticks.cancel()
        self._flush()
        end = self._end or End("done")
        self._emit(("end", *replace(end, abandoned=self._pending).to_wire()))

    def stop(self) -> None:
        """End at once; what is in flight is abandoned."""
        self._end_with(End("stopped"), drain_s=0)

    async def _open_connections(self) -> None:
        gate = asyncio.Semaphore(MAX_OPENING)

        async def open_one() -> None:
            async with gate:
                self._pool.give_back(await self._pool.connect())

        count = min(self._plan.callers, self._plan.warmup + self._plan.invocations)
        if self._plan.rate is not None:
            # Enough for answers of 100 ms; more are opened as they are needed.
            count = min(MAX_IN_FLIGHT, max(self._plan.callers, round(self._plan.rate / 10)))
        results = await asyncio.gather(*(open_one() for _ in range(count)), return_exceptions=True)
        for failure in results:
            if isinstance(failure, ConnectFailed):
                self._end = self._end or End("unreachable", str(failure))
            elif isinstance(failure, BaseException):
                raise failure

    async def _closed_loop(self, count: int) -> None:
        self._unsent = count
        self._on_completed = self._next_caller
        for _ in range(min(self._plan.callers, count)):
            self._next_caller()
        await self._drained()

    def _next_caller(self) -> None:
        if self._unsent and self._may_send():
            self._unsent -= 1
            self._launch(None)

    async def _open_loop(self, pacer: Pacer) -> None:
        self._on_completed = lambda: None
        began_ms = self._now_ms()
        hits = 0
        while (due_ms := pacer.start_ms(hits)) is not None and self._end is None:
            wait_ms = began_ms + due_ms - self._now_ms()
            if wait_ms > 0:
                await asyncio.sleep(min(wait_ms / 1000, BATCH_INTERVAL_S))
                continue
            hits += 1
            if self._pending >= MAX_IN_FLIGHT:
                self._dropped += 1
            elif self._may_send():
                self._launch(began_ms + due_ms)
        await self._drained()

    async def _drained(self) -> None:
        self._phase_over.clear()
        while self._pending and not self._abandoning:
            await self._phase_over.wait()
            self._phase_over.clear()

    def _may_send(self) -> bool:
        if self._end is None:
            refused = self._limits.refuse(self._launched, self._pending)
            if refused is not None:
                self._end_with(refused, drain_s=self._plan.read_timeout_s)
        return self._end is None

    def _launch(self, scheduled_ms: float | None) -> None:
        index = self._launched
        self._launched += 1
        self._pending += 1
        connection = self._pool.take() if self._cold is None else None
        if connection is not None:
            self._send(connection, index, scheduled_ms)
            return
        due_ms = self._now_ms() if scheduled_ms is None and self._cold is None else scheduled_ms
        self._spawn(self._launch_slowly(index, due_ms))

    async def _launch_slowly(self, index: int, scheduled_ms: float | None) -> None:
        try:
            if self._cold is not None:
                async with self._cold.fresh_environment():
                    self._send(self._pool.take() or await self._pool.connect(), index, scheduled_ms)
                return
            connection = await self._pool.connect()
        except ConnectFailed as failure:
            self._not_connected(index, scheduled_ms, failure)
        except ConfigurationRefused as refusal:
            self._pending -= 1
            self._end_with(End("refused", str(refusal)), drain_s=self._plan.read_timeout_s)
            self._phase_over.set()
        else:
            self._connect_failures = 0
            self._send(connection, index, scheduled_ms)

    def _send(self, connection: Connection, index: int, scheduled_ms: float | None) -> None:
        started_ms = self._now_ms()
        due_ms = started_ms if scheduled_ms is None else scheduled_ms
        self._sent[connection] = (index, index < self._plan.warmup, due_ms, started_ms)
        connection.request(self._invoke.data(), self._answered)

    def _answered(self, connection: Connection) -> None:
        ended_ms = self._now_ms()
        index, warmup, scheduled_ms, started_ms = self._sent.pop(connection)
        if self._abandoning:
            return
        outcome = outcome_of(connection, self._plan.max_result_bytes)
        self._batch.append((index, warmup, scheduled_ms, started_ms, ended_ms, *outcome))
        status = connection.status
        log_tail = connection.headers.get(b"x-amz-log-result", b"")
        self._limits.settle(status, log_tail, ended_ms - started_ms)
        self._pool.give_back(connection)
        if status in FATAL_STATUSES:
            self._end_with(End("refused"), drain_s=self._plan.read_timeout_s)
        self._completed()

    def _not_connected(self, index: int, scheduled_ms: float | None, failure: ConnectFailed) -> None:
        now_ms = self._now_ms()
        due_ms = now_ms if scheduled_ms is None else scheduled_ms
        warmup = index < self._plan.warmup
        self._batch.append(
            (index, warmup, due_ms, now_ms, now_ms, 0, "", "", b"", b"", "ConnectFailed", str(failure))
        )
        self._connect_failures += 1
        if failure.refused or self._connect_failures >= CONNECT_FAILURES_UNTIL_LOST:
            self._end_with(End("lost", str(failure)), drain_s=OVERTIME_S)
        self._completed()

    def _completed(self) -> None:
        self._pending -= 1
        self._on_completed()
        if not self._pending:
            self._phase_over.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()

    def _time_is_up(self) -> None:
        if self._plan.max_seconds is not None:
            self._end_with(time_limit(self._plan.max_seconds, self._launched), drain_s=OVERTIME_S)

    def _end_with(self, end: End, *, drain_s: float) -> None:
        """Send nothing more; abandon what has not answered after `drain_s`. The first reason stands,
        except that the user may always stop at once."""
        if self._end is None or end.kind == "stopped":
            self._end = end
            if drain_s:
                asyncio.get_running_loop().call_later(drain_s, self._abandon)
            else:
                self._abandon()

    def _abandon(self) -> None:
        self._abandoning = True
        self._phase_over.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(BATCH_INTERVAL_S)
            self._drop_overdue()
            self._flush()

    def _drop_overdue(self) -> None:
        oldest_ms = self._now_ms() - self._plan.read_timeout_s * 1000
        overdue = []
        for connection, (_, _, _, started_ms) in self._sent.items():
            if started_ms > oldest_ms:
                break
            overdue.append(connection)
        for connection in overdue:
            connection.fail(
                "ReadTimeout",
                f"no answer within {self._plan.read_timeout_s:g} s; "
                "the invocation may still run and be billed",
            )

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        dropped, self._dropped = self._dropped, 0
        self._emit(("batch", batch, self._pending, dropped, self._now_ms(), time.process_time()))

    def _now_ms(self) -> float:
        return (time.perf_counter() - self._zero) * 1000


def outcome_of(connection: Connection, max_result_bytes: int | None) -> Outcome:
    """What came back, undecoded: that is the parent's work, on another core."""
    status, headers, body = connection.status, connection.headers, connection.body
    kind, message = connection.failure if status == 0 else ("", "")
    if status not in (0, 200):
        kind = headers.get(b"x-amzn-errortype", b"").partition(b":")[0].decode("latin-1")
    function_error = headers.get(b"x-amz-function-error", b"").decode("latin-1")
    if max_result_bytes is not None and len(body) > max_result_bytes and not function_error:
        body = b""
    request_id = headers.get(b"x-amzn-requestid", b"").decode("latin-1")
    return status, request_id, function_error, headers.get(b"x-amz-log-result", b""), body, kind, message
