"""Sending invocations and recording every answer: connections, what is in flight, read timeouts.

Callbacks rather than a task per request: at tens of thousands of requests a second the tasks alone would
cost more than the requests.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from lambda_tui.load.engine.cold import ColdStarter, ConfigurationRefused
from lambda_tui.load.engine.frames import PlainTuple, plain_exchange
from lambda_tui.load.engine.http1 import ConnectFailed, Connection, ConnectionPool
from lambda_tui.load.engine.limits import HTTP_OK, End, Limits
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine.requests import RequestFactory, SignedRequest

MAX_OPENING = 64
"""Connections opened at the same time before a run: more would overflow a listener's queue."""

CONNECT_FAILURES_UNTIL_LOST = 3

FATAL_STATUSES = frozenset({*range(300, 400), 400, 401, 403, 404, 413, 415})
"""Answers that every further invocation of the run would get too."""


LOG_TAIL = b"x-amz-log-result"


class Launched(NamedTuple):
    """What is known about an invocation before its answer; milliseconds since the run began."""

    number: int
    warmup: bool
    scheduled_ms: float
    started_ms: float


class Sender:
    """Launches invocations one at a time. `settled` is called after each has ended, whatever the outcome;
    `ended` when the run cannot go on."""

    def __init__(
        self,
        plan: EnginePlan,
        limits: Limits,
        *,
        settled: Callable[[], None],
        ended: Callable[[End], None],
    ) -> None:
        self._plan = plan
        self._limits = limits
        self._settled = settled
        self._ended = ended
        self._pool = ConnectionPool(plan.endpoint)
        self._requests = RequestFactory(plan)
        self._invoke = self._requests.invoke(plan.event)
        self._others = [self._requests.invoke(event) for event in plan.other_events]
        self._cold = ColdStarter(self._pool, self._requests, plan) if plan.cold_token else None
        self._batch: list[PlainTuple] = []
        self._sent: dict[Connection, Launched] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._connect_failures = 0
        self._abandoned = False
        self.zero = time.perf_counter()
        """When the run began, on the clock of `time.perf_counter`."""
        self.launched = 0
        self.pending = 0

    @property
    def unanswered(self) -> int:
        """Invocations that were sent and have no answer yet."""
        return len(self._sent)

    def now_ms(self) -> float:
        """Since the run began."""
        return (time.perf_counter() - self.zero) * 1000

    @property
    def recorded(self) -> int:
        """How many `take_batch` would give."""
        return len(self._batch)

    def take_batch(self) -> list[PlainTuple]:
        """What has ended since the last call, as built by `plain_exchange`."""
        batch, self._batch = self._batch, []
        return batch

    def abandon(self) -> None:
        """Stop waiting for what is still in flight."""
        self._abandoned = True

    def use_credentials(self, access_key_id: str, secret_access_key: str, session_token: str | None) -> None:
        """Sign everything sent from the next second on with these keys."""
        self._requests.use_credentials(access_key_id, secret_access_key, session_token)

    async def open_connections(self) -> None:
        """Open the plan's connections; ends the run if one cannot be opened."""
        gate = asyncio.Semaphore(MAX_OPENING)

        async def open_one() -> None:
            async with gate:
                self._pool.give_back(await self._pool.connect())

        attempts = (open_one() for _ in range(self._plan.connections))
        for failure in await asyncio.gather(*attempts, return_exceptions=True):
            if isinstance(failure, ConnectFailed):
                self._ended(End("unreachable", str(failure)))
            elif isinstance(failure, BaseException):
                raise failure

    def launch(self, scheduled_ms: float | None) -> None:
        """Start one invocation that was due at `scheduled_ms`; None if it is due once it can be sent."""
        index = self.launched * self._plan.engines + self._plan.engine
        self.launched += 1
        self.pending += 1
        connection = self._pool.take() if self._cold is None else None
        if connection is not None:
            self._send(connection, index, scheduled_ms)
            return
        due_ms = self.now_ms() if scheduled_ms is None and self._cold is None else scheduled_ms
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
            self._ended(End("refused", str(refusal)))
            self._completed()
        else:
            self._connect_failures = 0
            self._send(connection, index, scheduled_ms)

    def _send(self, connection: Connection, index: int, scheduled_ms: float | None) -> None:
        if self._abandoned:
            return
        started_ms = self.now_ms()
        due_ms = started_ms if scheduled_ms is None else scheduled_ms
        self._sent[connection] = Launched(index, index < self._plan.warmup, due_ms, started_ms)
        invoke = self._invoke if not self._others else self._chosen(index)
        connection.request(invoke.data(), self._answered)

    def _chosen(self, index: int) -> SignedRequest:
        event = self._plan.order[index]
        return self._others[event - 1] if event else self._invoke

    def _answered(self, connection: Connection) -> None:
        ended_ms = (connection.ended_s - self.zero) * 1000
        launched = self._sent.pop(connection)
        if self._abandoned:
            return
        self._batch.append(exchange_of(connection, launched, ended_ms, self._plan.max_result_bytes))
        status, log_tail = connection.status, connection.headers.get(LOG_TAIL, b"")
        self._limits.settle(status, log_tail, ended_ms - launched.started_ms)
        self._pool.give_back(connection)
        if status in FATAL_STATUSES:
            self._ended(End("refused"))
        self._completed()

    def _not_connected(self, index: int, scheduled_ms: float | None, failure: ConnectFailed) -> None:
        now_ms = self.now_ms()
        due_ms = now_ms if scheduled_ms is None else scheduled_ms
        self._batch.append(
            plain_exchange(
                number=index,
                warmup=index < self._plan.warmup,
                scheduled_ms=due_ms,
                started_ms=now_ms,
                ended_ms=now_ms,
                error_type="ConnectFailed",
                error_message=str(failure),
            )
        )
        self._connect_failures += 1
        if failure.refused or self._connect_failures >= CONNECT_FAILURES_UNTIL_LOST:
            self._ended(End("lost", str(failure)))
        self._completed()

    def _completed(self) -> None:
        self.pending -= 1
        self._settled()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(raise_error_of)

    def drop_overdue(self) -> None:
        """Give up what has not answered within the read timeout."""
        oldest_ms = self.now_ms() - self._plan.read_timeout_s * 1000
        overdue = []
        for connection, launched in self._sent.items():
            if launched.started_ms > oldest_ms:
                break
            overdue.append(connection)
        for connection in overdue:
            connection.fail(
                "ReadTimeout",
                f"no answer within {self._plan.read_timeout_s:g} s; "
                "the invocation may still run and be billed",
            )


def raise_error_of(task: asyncio.Task[None]) -> None:
    """Treat a bug in a task as one of the loop, which ends the process; asyncio would only log it."""
    if not task.cancelled():
        task.result()


def exchange_of(
    connection: Connection, launched: Launched, ended_ms: float, max_result_bytes: int | None
) -> PlainTuple:
    """What came back, undecoded: decoding is the parent's work, on another core."""
    number, warmup, scheduled_ms, started_ms = launched
    status, headers, body = connection.status, connection.headers, connection.body
    error_type, error_message = connection.failure if status == 0 else ("", "")
    if status not in (0, HTTP_OK):
        error_type = headers.get(b"x-amzn-errortype", b"").partition(b":")[0].decode("latin-1")
    if b"location" in headers and status // 100 == 3:
        error_type = "Redirect"
        error_message = f"a redirect to {headers[b'location'].decode('latin-1')} is not followed"
    function_error = headers.get(b"x-amz-function-error", b"").decode("latin-1")
    if max_result_bytes is not None and len(body) > max_result_bytes and not function_error:
        body = b""
    # By position: each keyword takes 0.1 us of the 20 that an invocation costs.
    return plain_exchange(
        number,
        warmup,
        scheduled_ms,
        started_ms,
        ended_ms,
        status,
        headers.get(b"x-amzn-requestid", b"").decode("latin-1"),
        function_error,
        headers.get(LOG_TAIL, b""),
        body,
        error_type,
        error_message,
        # Only the embedded Lambda sends these, also for errors and timeouts.
        headers.get(b"x-lambda-tui-environment-id"),
        headers.get(b"x-lambda-tui-cpu-ms", b""),
        headers.get(b"x-lambda-tui-throttled-periods", b""),
        headers.get(b"x-lambda-tui-throttled-ms", b""),
    )
