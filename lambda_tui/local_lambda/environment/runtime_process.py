"""One start of a function's runtime: its process, its Runtime API, and what it prints."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from lambda_tui.local_lambda.environment.alarm import Alarm
from lambda_tui.local_lambda.environment.log_pipe import LogPipe
from lambda_tui.local_lambda.environment.runtime_api import RuntimeApi, RuntimeRefusal
from lambda_tui.local_lambda.functions.function import FunctionConfiguration
from lambda_tui.local_lambda.functions.runtimes import interpreter_of, runtime_command
from lambda_tui.local_lambda.functions.variables import environment_variables
from lambda_tui.local_lambda.http.httpd import Later, Response
from lambda_tui.local_lambda.sandbox.sandbox import Cell

Milestone = Literal["next", "init-error", "exit", "timeout"]
"""How a phase ends: the runtime asks for the next event, reports a failed INIT, exits, or times out."""


@dataclass(frozen=True, slots=True)
class RuntimeAnswer:
    """What the runtime posted; `error_type` is given with a failed INIT or a refused response."""

    payload: bytes
    failed: bool = False
    error_type: str = ""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """What the process learns about itself."""

    environment_id: str
    region: str
    log_stream: str
    initialization_type: str


class RuntimeProcess:
    """Runs in its environment's cell from `initialise` until it exits, which calls `on_exit`."""

    def __init__(
        self,
        function: FunctionConfiguration,
        cell: Cell,
        identity: ProcessIdentity,
        on_exit: Callable[[RuntimeProcess], None],
    ) -> None:
        self.exit_status: int | None = None
        self.milestone_at = 0.0
        self._function = function
        self._identity = identity
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi(self)
        self._then: Callable[[Milestone], None] | None = None
        self._time_limit = Alarm(partial(self._reach, "timeout"))
        self._next: Later | None = None
        self._request_id: str | None = None
        self._answer: RuntimeAnswer | None = None
        self._initialised = False
        self._peak_at_answer_mb: int | None = None
        self._cell = cell
        self._logs: LogPipe | None = None
        self._exit_watch: asyncio.Task[None] | None = None

    async def initialise(self, limit_s: float) -> Milestone:
        """Start the process and wait until it asks for its first event or fails.

        Raises:
            LambdaTuiError, OSError: it could not be started.
        """
        reached: asyncio.Future[Milestone] = self._loop.create_future()

        def then(milestone: Milestone) -> None:
            if not reached.done():
                reached.set_result(milestone)

        self.expect(limit_s, then)
        try:
            # The start is part of the phase: a program that never gets to run times out as well.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._start()
            return await reached
        except BaseException:
            self._then = None
            raise

    async def _start(self) -> None:
        await self._api.start()
        self._logs = LogPipe()
        identity = self._identity
        await self._cell.spawn(
            runtime_command(self._function.handler, interpreter_of(self._function.runtime)),
            environment_variables(
                self._function,
                identity.region,
                identity.log_stream,
                self._api.address,
                identity.initialization_type,
            ),
            str(self._function.task_root),
            self._logs.write_fd,
        )
        self._logs.child_has_it()
        self._exit_watch = asyncio.create_task(self._watch_exit())

    async def _watch_exit(self) -> None:
        self.exit_status = await self._cell.wait()
        self._reach("exit")
        self._on_exit(self)

    def send_event(
        self, request_id: str, event: Response, limit_s: float, then: Callable[[Milestone], None]
    ) -> None:
        """Give the waiting runtime its next event; `then` and `limit_s` as in `expect`."""
        self._then = then
        self._peak_at_answer_mb = None
        if self.exit_status is not None:
            self._reach("exit")
            return
        assert self._next is not None
        self._request_id = request_id
        self._next.send(event)
        self._time_limit.set(limit_s)

    def expect(self, limit_s: float, then: Callable[[Milestone], None]) -> None:
        """Call `then`, once, with the next milestone: "timeout" if none is reached in `limit_s`."""
        self._then = then
        self._time_limit.set(limit_s)

    def _reach(self, milestone: Milestone) -> None:
        then, self._then = self._then, None
        if then is None:
            return
        self.milestone_at = time.perf_counter()
        self._time_limit.clear()
        self._request_id = None
        then(milestone)

    def take_answer(self) -> RuntimeAnswer | None:
        """What the runtime posted since the last call."""
        answer, self._answer = self._answer, None
        return answer

    def take_log(self) -> bytes:
        """What it printed since the last call, up to its answer if there is one."""
        if self._logs is None:
            return b""
        if self._peak_at_answer_mb is None:
            self._logs.read()
        return self._logs.take()

    def peak_memory_mb(self) -> int:
        """The most memory its cell ever used, up to its answer if there is one."""
        noted = self._peak_at_answer_mb
        return self._cell.peak_memory_mb() if noted is None else noted

    async def destroy(self) -> None:
        """Kill it and everything it started. Idempotent."""
        self._api.close()
        await self._cell.kill()
        if self._exit_watch is not None:
            await asyncio.wait({self._exit_watch}, timeout=1)
            self._exit_watch.cancel()
        if self._logs is not None:
            self._logs.close()
        self._reach("exit")
        self._time_limit.end()

    # What the runtime does (RuntimeEvents).

    def asked_next(self) -> Later:
        if self._request_id is not None and self._answer is None:
            raise RuntimeRefusal(
                403, "InvalidStateTransition", "The current invocation has not been answered."
            )
        self._initialised = True
        self._next = Later()
        asked = self._next
        self._reach("next")
        return asked

    def answered(self, request_id: str, payload: bytes) -> None:
        self._accept(request_id, RuntimeAnswer(payload))

    def failed(self, request_id: str, payload: bytes, error_type: str) -> None:
        self._accept(request_id, RuntimeAnswer(payload, failed=True, error_type=error_type))

    def failed_init(self, payload: bytes, error_type: str) -> None:
        if self._initialised:
            raise RuntimeRefusal(403, "InvalidStateTransition", "This environment is initialised.")
        self._answer = RuntimeAnswer(payload, failed=True, error_type=error_type)
        self._reach("init-error")

    def acknowledged(self) -> None:
        # Now, while the runtime is about to ask for its next event: later the caller would wait for it.
        if self._logs is not None:
            self._logs.read()
        self._peak_at_answer_mb = self._cell.peak_memory_mb()

    def _accept(self, request_id: str, answer: RuntimeAnswer) -> None:
        if self._request_id is None or self._request_id != request_id:
            raise RuntimeRefusal(400, "InvalidRequestID", "This is not the current invocation.")
        if self._answer is not None:
            raise RuntimeRefusal(403, "InvalidStateTransition", "The current invocation has been answered.")
        self._answer = answer
