"""An execution environment: runs one invocation at a time, frozen in between.

States: new -> initialising -> idle <-> busy, and from any of them to gone. An invocation ends when the
runtime asks for `next`, exits or runs out of time: ending it at the response would let the next caller arrive
before this environment is free again, and start a new one needlessly. After an exit or a timeout the
environment stays, and starts its runtime again inside the next invocation (a suppressed INIT).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lambda_tui.errors import TargetRefused
from lambda_tui.local_lambda.environment import report
from lambda_tui.local_lambda.environment.endings import Ending, ending_of
from lambda_tui.local_lambda.environment.freezer import Freezer
from lambda_tui.local_lambda.environment.report import InvocationReport
from lambda_tui.local_lambda.environment.runtime_process import Milestone, ProcessIdentity, RuntimeProcess
from lambda_tui.local_lambda.environment.start_gate import StartGate
from lambda_tui.local_lambda.functions.function import FunctionConfiguration
from lambda_tui.local_lambda.http.httpd import Response
from lambda_tui.local_lambda.sandbox.sandbox import Cell, CpuUsage, Sandbox

INIT_LIMIT_S = 10.0
"""AWS documentation, "Lambda runtime environment": the init phase is limited to 10 seconds."""

ON_DEMAND = "on-demand"
PROVISIONED = "provisioned-concurrency"


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way to a function; `client_context` is JSON in ASCII, `arn` as it was addressed."""

    request_id: str
    function: FunctionConfiguration
    event: bytes
    client_context: str | None
    trace_id: str
    arn: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an invocation; `function_error` is None or "Unhandled", `log` the whole recent log.

    `cpu` is what its processes used, and how often and how long the quota throttled them.
    """

    payload: bytes
    function_error: str | None
    report: InvocationReport
    log: bytes
    environment_id: str
    cpu: CpuUsage


Done = Callable[[Outcome], None]
Failed = Callable[[BaseException], None]


class Environment:
    """One environment of one function configuration. `retired` ones end with the invocation they run."""

    def __init__(
        self,
        function: FunctionConfiguration,
        sandbox: Sandbox,
        region: str,
        on_exit: Callable[[Environment], None],
        *,
        start_gate: StartGate,
        fetch_s: float = 0.0,
        initialization_type: str = ON_DEMAND,
    ) -> None:
        self.id = secrets.token_hex(16)
        self.function = function
        self.initialization_type = initialization_type
        self.created_at = time.monotonic()
        self.retired = False
        self.gone = False
        self.idle_since = 0.0
        self.reclaim_at = 0.0
        self._sandbox = sandbox
        self._on_exit = on_exit
        self._start_gate = start_gate
        self._fetch_s = fetch_s
        today = datetime.now(UTC).strftime("%Y/%m/%d")
        self._identity = ProcessIdentity(
            self.id, region, f"{today}/[{function.version}]{self.id}", initialization_type
        )
        self._cell: Cell | None = None
        self._process: RuntimeProcess | None = None
        self._is_ready = False
        self._busy = False
        self._was_initialised = False
        self._freezer = Freezer(self._idle_cell)
        self._stopping: asyncio.Task[None] | None = None
        self._init_ms: float | None = None
        self._init_log = b""
        self._cpu_before = CpuUsage(0.0)

    @property
    def is_ready(self) -> bool:
        """Whether `begin` can be called: the runtime waits for an event."""
        return self._is_ready

    @property
    def is_idle(self) -> bool:
        return self._is_ready and not self._busy

    async def initialise(self) -> bool:
        """The INIT phase, ahead of an invocation; False if it failed, which the invocation tries again.

        Raises:
            LambdaTuiError, OSError: the environment could not be started.
        """
        self._was_initialised = True
        # Callers wait for the code, but it is not part of the Init Duration.
        await asyncio.sleep(self._fetch_s)
        async with self._start_gate.slot():
            if self.gone:
                raise TargetRefused("The execution environment was stopped before it could start.")
            started_at = time.perf_counter()
            process = self._new_process()
            milestone = await process.initialise(INIT_LIMIT_S)
        init_ms = (process.milestone_at - started_at) * 1000
        self._init_log = process.take_log()
        self._cpu_before = self._own_cell.cpu_usage()
        if milestone == "next":
            self._init_ms = init_ms
            self._own_cell.throttle()
            self._ready()
            return True
        ending = self._ending_of(process, milestone, "", INIT_LIMIT_S)
        self._init_log += report.init_report_line(init_ms, ending.status, ending.error_type).encode()
        self._stop_process()
        return False

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one invocation, after INIT if the runtime is not running.

        Raises:
            LambdaTuiError, OSError: the environment could not be started.
        """
        if not self._is_ready and not self._was_initialised:
            await self.initialise()
        await self._stopped()
        started_at = time.perf_counter()
        if not self._is_ready:
            failure = await self._initialise_suppressed(invocation, started_at)
            if failure is not None:
                return failure
        finished: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.begin(invocation, finished.set_result, finished.set_exception, started_at)
        return await finished

    async def _initialise_suppressed(self, invocation: Invocation, started_at: float) -> Outcome | None:
        """INIT inside the invocation: under its time limit and CPU share, and part of its Duration."""
        limit_s = float(self.function.timeout_s)
        process = self._new_process()
        self._own_cell.throttle()
        milestone = await process.initialise(limit_s)
        duration_ms = min(limit_s, process.milestone_at - started_at) * 1000
        self._init_log += process.take_log()
        if milestone == "next":
            self._ready()
            return None
        ending = self._ending_of(process, milestone, invocation.request_id, limit_s)
        self._init_log += report.init_report_line(
            duration_ms, ending.status, ending.error_type, "invoke"
        ).encode()
        outcome = self._outcome(process, invocation, ending, duration_ms)
        self._stop_process()
        return outcome

    def _new_process(self) -> RuntimeProcess:
        if self._cell is None:
            function = self.function
            self._cell = self._sandbox.create(self.id, function.memory_mb, function.ephemeral_mb)
        self._process = RuntimeProcess(self.function, self._cell, self._identity, self._process_exited)
        return self._process

    @property
    def _own_cell(self) -> Cell:
        assert self._cell is not None, "made with the first process"
        return self._cell

    def _ready(self) -> None:
        self._is_ready = True
        self._freezer.started(self._own_cell)

    def _process_exited(self, process: RuntimeProcess) -> None:
        if process is not self._process:
            return
        was_idle = self._is_ready and not self._busy
        self._is_ready = False
        if was_idle:
            self.gone = True
            self._on_exit(self)

    def begin(
        self, invocation: Invocation, done: Done, failed: Failed, started_at: float | None = None
    ) -> None:
        """Run one invocation in the waiting runtime and give `done` its outcome; billed from `started_at`.

        `failed` gets an error of our own or of the host, which ends the environment.
        """
        process = self._process
        assert process is not None
        assert self._is_ready
        self._busy = True
        self._freezer.thaw()
        begun_at = time.perf_counter() if started_at is None else started_at
        limit_s = self.function.timeout_s - (time.perf_counter() - begun_at)

        def then(milestone: Milestone) -> None:
            try:
                outcome = self._ended(process, invocation, milestone, begun_at)
            except BaseException as fault:
                self.gone = True
                failed(fault)
                raise
            done(outcome)

        event = _event_response(invocation, time.time() + limit_s)
        process.send_event(invocation.request_id, event, max(0.0, limit_s), then)

    def _ended(
        self,
        process: RuntimeProcess,
        invocation: Invocation,
        milestone: Milestone,
        begun_at: float,
    ) -> Outcome:
        limit_s = self.function.timeout_s
        duration_ms = limit_s * 1000.0 if milestone == "timeout" else (process.milestone_at - begun_at) * 1000
        ending = self._ending_of(process, milestone, invocation.request_id, limit_s)
        outcome = self._outcome(process, invocation, ending, duration_ms)
        self._busy = False
        if milestone == "next":
            self._freezer.schedule(self._own_cell)
        else:
            self._stop_process()
        return outcome

    # Freezing, stopping.

    def _idle_cell(self) -> Cell | None:
        return self._cell if self.is_idle and self._process is not None else None

    def _stop_process(self) -> None:
        """End the runtime, but not the environment."""
        process, self._process, self._is_ready = self._process, None, False
        self._freezer.end()
        if process is not None:
            before = self._stopping
            self._stopping = asyncio.create_task(_stop_after(before, process))

    async def destroy(self) -> None:
        """Kill all its processes and release everything. Idempotent."""
        self.gone = True
        self._stop_process()
        await self._stopped()
        if self._cell is not None:
            await self._cell.destroy()

    async def _stopped(self) -> None:
        if self._stopping is not None:
            await self._stopping

    # Outcomes and reports.

    def _ending_of(
        self, process: RuntimeProcess, milestone: Milestone, request_id: str, limit_s: float
    ) -> Ending:
        return ending_of(
            milestone,
            process.take_answer(),
            request_id,
            limit_s,
            exit_status=process.exit_status,
            was_out_of_memory=self._own_cell.was_out_of_memory,
        )

    def _outcome(
        self, process: RuntimeProcess, invocation: Invocation, ending: Ending, duration_ms: float
    ) -> Outcome:
        used = self._own_cell.cpu_usage()
        memory_mb = self.function.memory_mb
        is_full = ending.error_type == "Runtime.OutOfMemory"
        invocation_report = InvocationReport(
            request_id=invocation.request_id,
            duration_ms=duration_ms,
            memory_mb=memory_mb,
            max_memory_used_mb=memory_mb if is_full else process.peak_memory_mb(),
            init_ms=self._init_ms if self.initialization_type == ON_DEMAND else None,
            status=ending.status,
            error_type=ending.error_type,
        )
        start = report.start_line(invocation.request_id, self.function.version)
        end = f"{ending.log}{report.end_line(invocation.request_id)}{invocation_report.line()}"
        log = b"".join((self._init_log, start.encode(), process.take_log(), end.encode()))
        cpu, self._cpu_before = _difference(used, self._cpu_before), used
        self._init_ms, self._init_log = None, b""
        error = "Unhandled" if ending.failed else None
        return Outcome(ending.payload, error, invocation_report, log, self.id, cpu)


async def _stop_after(before: asyncio.Task[None] | None, process: RuntimeProcess) -> None:
    if before is not None:
        await before
    await process.destroy()


def _difference(after: CpuUsage, before: CpuUsage) -> CpuUsage:
    return CpuUsage(
        after.cpu_ms - before.cpu_ms,
        after.throttled_periods - before.throttled_periods,
        after.throttled_ms - before.throttled_ms,
    )


def _event_response(invocation: Invocation, deadline: float) -> Response:
    headers = [
        ("Content-Type", "application/json"),
        ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
        ("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000))),
        ("Lambda-Runtime-Invoked-Function-Arn", invocation.arn or invocation.function.arn),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id),
    ]
    if invocation.client_context is not None:
        headers.append(("Lambda-Runtime-Client-Context", invocation.client_context))
    return Response(200, invocation.event, tuple(headers))
