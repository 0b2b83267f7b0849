"""The load engine's process: `python -m lambda_tui.load.engine`, controlled over its standard pipes.

It is a separate process because a user interface in the same interpreter adds tens of milliseconds to the
measured p99. It never outlives its parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, cast

from lambda_tui.load.engine import frames
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine.priority import take_priority
from lambda_tui.load.engine.session import Session

STDIN, STDOUT = 0, 1
MOST_UNREAD_BYTES = 8 * 1024 * 1024
"""What may wait for the reader, some 5,000 invocations, before the load is paused. When a run is stopped, all
of it has to be read in less than a second."""

CRASHED = 70
"""EX_SOFTWARE of sysexits.h."""

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


class Control(asyncio.Protocol):
    """The parent's messages after the plan; end of input means that the parent is gone."""

    def __init__(self, session: Session) -> None:
        self._commands: dict[str, Callable[..., None]] = {
            "go": session.go,
            "credentials": session.use_credentials,
            "finish": session.finish,
            "stop": session.stop,
        }
        self._frames = frames.FrameBuffer()

    def data_received(self, data: bytes) -> None:
        for name, *values in self._frames.feed(data):
            self._commands[name](*values)

    def connection_lost(self, exc: Exception | None) -> None:
        os._exit(0)


class Output(asyncio.Protocol):
    """Signals when everything written has been sent, and pauses a session whose reader is far behind."""

    session: Session | None = None

    def __init__(self) -> None:
        self.flushed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def pause_writing(self) -> None:
        if self.session is not None:
            self.session.pause()

    def resume_writing(self) -> None:
        if self.session is not None:
            self.session.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.flushed.done():
            self.flushed.set_result(None)


async def serve(plan: EnginePlan) -> None:
    """Run the plan, writing frames to standard output without ever blocking on a slow reader."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(crash)
    writer, output = await loop.connect_write_pipe(Output, os.fdopen(STDOUT, "wb"))
    writer.set_write_buffer_limits(high=MOST_UNREAD_BYTES)

    def emit(message: tuple[Any, ...]) -> None:
        writer.write(frames.encode(message))

    session = output.session = Session(plan, emit)
    await loop.connect_read_pipe(lambda: Control(session), os.fdopen(STDIN, "rb"))
    await session.run()
    writer.close()
    await output.flushed


def crash(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A bug in a callback ends the process with its traceback; by default asyncio would continue without
    the callback's work, and the run would never end."""
    error = context.get("exception")
    if error is None:
        print(context.get("message"), file=sys.stderr)
    else:
        traceback.print_exception(error)
    sys.stderr.flush()
    os._exit(CRASHED)


def die_with_parent() -> None:
    """Linux kills us when the parent dies; elsewhere, and as a fallback, its end of our pipe closes."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - 10 ms that other platforms need not spend

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def allow_many_connections() -> None:
    """Raise the soft limit of open files as far as allowed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's if it is installed (half the CPU per request), otherwise asyncio's."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    return cast("asyncio.AbstractEventLoop", uvloop.new_event_loop())


def main() -> None:
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    allow_many_connections()
    take_priority()
    received = frames.read_frame(STDIN)
    if received is None:
        return
    plan = EnginePlan.from_wire(received)
    # What stays for the whole run need not be garbage-collected during it.
    gc.freeze()
    with asyncio.Runner(loop_factory=new_event_loop if plan.use_uvloop else None) as runner:
        runner.run(serve(plan))
        # Do not wait for anything abandoned.
        os._exit(0)
