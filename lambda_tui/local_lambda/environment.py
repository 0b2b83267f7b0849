"""An execution environment: one process group that runs one invocation at a time.

States: initialising -> idle <-> busy, and gone from any of them. An invocation ends when the runtime
asks for `next`, exits or runs out of time: ending it at the response would let the next caller arrive
before this environment is free again, and start a new one for nothing.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from lambda_tui.local_lambda import report
from lambda_tui.local_lambda.environ import environment_variables
from lambda_tui.local_lambda.functions import FunctionConfiguration
from lambda_tui.local_lambda.httpd import Response
from lambda_tui.local_lambda.log_pipe import LogPipe
from lambda_tui.local_lambda.report import InvocationReport
from lambda_tui.local_lambda.runtime_api import RuntimeApi, RuntimeRefusal
from lambda_tui.local_lambda.runtime_command import runtime_command
from lambda_tui.local_lambda.sandbox import Cell, Sandbox

INIT_LIMIT_S = 10.0
"""AWS documentation, "Lambda runtime environment": the init phase is limited to 10 seconds."""

Milestone = Literal["next", "init-error", "exit", "timeout"]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way to a function; `client_context` is JSON in ASCII."""

    request_id: str
    function: FunctionConfiguration
    event: bytes
    client_context: str | None
    trace_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation came to; `function_error` is None or "Unhandled", `log` the whole recent log."""

    payload: bytes
    function_error: str | None
    report: InvocationReport
    log: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the runtime posted, or what is said in its place; `status` and `error_type` are the REPORT's."""

    payload: bytes
    failed: bool = False
    status: str = ""
    error_type: str = ""
    log: str = ""


class Environment:
    """One environment of one function revision. `retired` ones end with the invocation they run."""

    def __init__(
        self,
        function: FunctionConfiguration,
        sandbox: Sandbox,
        region: str,
        on_exit: Callable[[Environment], None],
    ) -> None:
        self.id = secrets.token_hex(16)
        self.function = function
        self.retired = False
        self.gone = False
        self.idle_since = 0.0
        self._sandbox = sandbox
        self._region = region
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi(self)
        self._milestone: Future[Milestone] | None = None
        self._milestone_at = 0.0
        self._next: Future[Response] | None = None
        self._invocation: Invocation | None = None
        self._answer: _Answer | None = None
        self._init_ms: float | None = None
        self._init_log = b""
        self._throttled = False
        self._exit_status: int | None = None
        self._cell: Cell | None = None
        self._logs: LogPipe | None = None
        self._exit_watch: asyncio.Task[None] | None = None

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one invocation, after INIT if this is the first; `gone` tells whether there can be another.

        Raises:
            LambdaTuiError, OSError: the environment could not be started.
        """
        if self._cell is None:
            failure = await self._initialise(invocation.request_id)
            if failure is not None:
                return failure
        return await self._handle(invocation)

    async def destroy(self) -> None:
        """Kill every process of it and give everything back. Idempotent."""
        self.gone = True
        self._api.close()
        if self._cell is not None:
            await self._cell.destroy()
        if self._exit_watch is not None:
            self._exit_watch.cancel()
        if self._logs is not None:
            self._logs.close()

    # What the runtime does (RuntimeEvents).

    def asked_next(self) -> Future[Response]:
        if self._invocation is not None and self._answer is None:
            raise RuntimeRefusal(
                403, "InvalidStateTransition", "The current invocation has not been answered."
            )
        if self._next is not None and not self._next.done():
            self._next.cancel()
        self._next = self._loop.create_future()
        self._reach("next")
        return self._next

    def answered(self, request_id: str, payload: bytes) -> None:
        self._accept(request_id, _Answer(payload))

    def failed(self, request_id: str, payload: bytes, error_type: str) -> None:
        self._accept(request_id, _Answer(payload, failed=True))

    def failed_init(self, payload: bytes, error_type: str) -> None:
        if self._init_ms is not None:
            raise RuntimeRefusal(403, "InvalidStateTransition", "This environment is initialised.")
        self._answer = _Answer(payload, failed=True, status="error", error_type=error_type)
        self._reach("init-error")

    def _accept(self, request_id: str, answer: _Answer) -> None:
        if self._invocation is None or self._invocation.request_id != request_id:
            raise RuntimeRefusal(400, "InvalidRequestID", "This is not the current invocation.")
        if self._answer is not None:
            raise RuntimeRefusal(403, "InvalidStateTransition", "The current invocation has been answered.")
        self._answer = answer

    def _take_answer(self) -> _Answer | None:
        answer, self._answer = self._answer, None
        return answer

    # The two phases.

    async def _initialise(self, request_id: str) -> Outcome | None:
        started_at = time.perf_counter()
        milestone_ahead = self._expect_milestone()
        await self._start_process()
        milestone = await self._until(milestone_ahead, INIT_LIMIT_S)
        init_ms = (self._milestone_at - started_at) * 1000
        self._init_log = self._take_log()
        if milestone == "next":
            self._init_ms = init_ms
            return None
        answer = self._take_answer() or self._ending(milestone, request_id, INIT_LIMIT_S)
        return self._failed_init_outcome(request_id, answer, init_ms)

    async def _start_process(self) -> None:
        await self._api.start()
        self._logs = LogPipe()
        self._cell = self._sandbox.create(self.id, self.function.memory_mb)
        today = datetime.now(UTC).strftime("%Y/%m/%d")
        log_stream = f"{today}/[{self.function.version}]{self.id}"
        await self._cell.spawn(
            runtime_command(self.function.handler),
            environment_variables(self.function, self._region, log_stream, self._api.address),
            str(self.function.task_root),
            self._logs.write_fd,
        )
        self._logs.child_has_it()
        self._exit_watch = asyncio.create_task(self._watch_exit(self._cell))

    async def _watch_exit(self, cell: Cell) -> None:
        self._exit_status = await cell.wait()
        self.gone = True
        self._reach("exit")
        self._on_exit(self)

    async def _handle(self, invocation: Invocation) -> Outcome:
        assert self._cell is not None
        assert self._next is not None
        if not self._throttled:
            self._cell.throttle()
            self._throttled = True
        limit_s = self.function.timeout_s
        self._invocation = invocation
        milestone_ahead = self._expect_milestone()
        started_at = time.perf_counter()
        if self.gone:
            self._reach("exit")
        else:
            self._next.set_result(_event_response(invocation, time.time() + limit_s))
        milestone = await self._until(milestone_ahead, limit_s)
        duration_ms = limit_s * 1000 if milestone == "timeout" else (self._milestone_at - started_at) * 1000
        answer = self._take_answer()
        if answer is None or milestone == "timeout":
            answer = self._ending(milestone, invocation.request_id, limit_s)
        self._invocation = None
        outcome = self._outcome(invocation.request_id, answer, duration_ms)
        self._init_ms, self._init_log = None, b""
        return outcome

    # Waiting for the runtime.

    def _expect_milestone(self) -> Future[Milestone]:
        self._milestone = self._loop.create_future()
        return self._milestone

    def _reach(self, milestone: Milestone) -> None:
        # The time is taken here, not where it is awaited: the loop may be busy in between.
        if self._milestone is not None and not self._milestone.done():
            self._milestone_at = time.perf_counter()
            self._milestone.set_result(milestone)

    async def _until(self, milestone_ahead: Future[Milestone], limit_s: float) -> Milestone:
        timer = self._loop.call_later(limit_s, self._reach, "timeout")
        try:
            milestone = await milestone_ahead
        finally:
            timer.cancel()
        self.gone = self.gone or milestone != "next"
        return milestone

    # What is said about it.

    def _ending(self, milestone: Milestone, request_id: str, limit_s: float) -> _Answer:
        """The answer Lambda gives in place of a runtime that gave none."""
        if milestone == "timeout":
            message = f"RequestId: {request_id} Error: Task timed out after {limit_s:.2f} seconds"
            payload = _error_payload("Sandbox.Timedout", message)
            return _Answer(
                payload, failed=True, status="timeout", log=report.timeout_line(request_id, limit_s)
            )
        assert self._cell is not None
        assert self._exit_status is not None
        message = f"RequestId: {request_id} Error: {report.exit_text(self._exit_status)}"
        return _Answer(
            _error_payload("Runtime.ExitError", message),
            failed=True,
            status="error",
            error_type="Runtime.OutOfMemory" if self._cell.was_out_of_memory() else "Runtime.ExitError",
            log=f"{message}\nRuntime.ExitError\n",
        )

    def _failed_init_outcome(self, request_id: str, answer: _Answer, init_ms: float) -> Outcome:
        # Lambda runs a failed INIT again inside the invocation and bills it as Duration; here it ran once.
        self._init_log += report.init_report_line(init_ms, answer.status, answer.error_type).encode()
        return self._outcome(request_id, answer, init_ms)

    def _outcome(self, request_id: str, answer: _Answer, duration_ms: float) -> Outcome:
        assert self._cell is not None
        invocation_report = InvocationReport(
            request_id=request_id,
            duration_ms=duration_ms,
            memory_mb=self.function.memory_mb,
            max_memory_used_mb=self._peak_memory_mb(self._cell, answer),
            init_ms=self._init_ms,
            status=answer.status,
            error_type=answer.error_type,
        )
        log = b"".join(
            (
                self._init_log,
                report.start_line(request_id, self.function.version).encode(),
                self._take_log(),
                answer.log.encode(),
                report.end_line(request_id).encode(),
                invocation_report.line().encode(),
            )
        )
        return Outcome(answer.payload, "Unhandled" if answer.failed else None, invocation_report, log)

    def _take_log(self) -> bytes:
        return b"" if self._logs is None else self._logs.take()

    def _peak_memory_mb(self, cell: Cell, answer: _Answer) -> int:
        if answer.error_type == "Runtime.OutOfMemory":
            return self.function.memory_mb
        return cell.peak_memory_mb()


def _error_payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def _event_response(invocation: Invocation, deadline: float) -> Response:
    headers = [
        ("Content-Type", "application/json"),
        ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
        ("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000))),
        ("Lambda-Runtime-Invoked-Function-Arn", invocation.function.arn),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id),
    ]
    if invocation.client_context is not None:
        headers.append(("Lambda-Runtime-Client-Context", invocation.client_context))
    return Response(200, invocation.event, tuple(headers))
