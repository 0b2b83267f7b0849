"""The stand-ins as a child process: started when first needed, called over pipes, ended with this one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from asyncio import Future
from collections import deque
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lambda_tui
from lambda_tui.errors import TargetError, TargetLost, TargetRefused
from lambda_tui.local_lambda.http.httpd import Request, Response
from lambda_tui.local_lambda.services import stand_ins
from lambda_tui.local_lambda.services.frames import FrameReader, encode_frame

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 2.0
_NEEDED = ("moto", "flask", "flask_cors", "py_partiql_parser", "yaml")


def check_installed() -> None:
    """Return if the stand-ins can be started.

    Raises:
        TargetRefused: the extra `services` is not installed.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise TargetRefused("This needs the services extra: pip install 'lambda-tui[services]'.")


class StandInProcess:
    """Answers requests in the order they arrive; restarts with fresh data if it went away."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._starting: Future[_Child] | None = None

    @property
    def pid(self) -> int | None:
        """Process id; None while there is none."""
        child = _living(self._starting)
        return None if child is None else child.process.pid

    async def start(self) -> _Child:
        """Start it unless it is running, and wait until it answers.

        Raises:
            TargetRefused: the extra is not installed.
            TargetLost: it ended, or did not answer in 30 s.
        """
        if self._starting is None or (self._starting.done() and _living(self._starting) is None):
            check_installed()
            self._starting = asyncio.ensure_future(_start(self._region))
        # Several callers may wait for the same start, and any of them may give up.
        return await asyncio.shield(self._starting)

    async def ask(self, service: str, request: Request) -> Response:
        """The service's answer to a request; raises like `start`."""
        child = await self.start()
        head = [service, request.method, request.path, request.query, request.headers]
        return await child.ask(encode_frame(head, request.body))

    async def close(self) -> None:
        """Stop it and wait until it is gone."""
        if self._starting is None:
            return
        self._starting.cancel()
        with contextlib.suppress(asyncio.CancelledError, TargetError):
            await (await self._starting).stop()


def _living(starting: Future[_Child] | None) -> _Child | None:
    if starting is None or not starting.done() or starting.cancelled() or starting.exception() is not None:
        return None
    child = starting.result()
    return None if child.lost else child


async def _start(region: str) -> _Child:
    child = await _Child.spawn(region)
    try:
        await asyncio.wait_for(asyncio.shield(child.ready), START_TIMEOUT_S)
    except TimeoutError:
        await child.stop()
        raise TargetLost(f"The stand-in services did not start within {START_TIMEOUT_S:g} s.") from None
    except BaseException:
        await child.stop()
        raise
    return child


class _Child(asyncio.Protocol):
    """One life of the process; also the protocol that reads its frames."""

    def __init__(self, process: subprocess.Popen[bytes], requests: asyncio.WriteTransport) -> None:
        self.process = process
        self.ready: Future[Response] = asyncio.get_running_loop().create_future()
        self.lost = False
        self._reader = FrameReader()
        self._answers: deque[Future[Response]] = deque([self.ready])
        self._requests = requests
        self._reaping: Future[None] | None = None

    @classmethod
    async def spawn(cls, region: str) -> _Child:
        loop = asyncio.get_running_loop()
        process = _open_process(region)
        try:
            requests, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, process.stdin)
            child = cls(process, requests)
            await loop.connect_read_pipe(lambda: child, process.stdout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return child

    def ask(self, frame: bytes) -> Future[Response]:
        if self.lost:
            raise TargetLost("The stand-in services went away.")
        answer: Future[Response] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        self._requests.write(frame)
        return answer

    def data_received(self, data: bytes) -> None:
        for head, body in self._reader.feed(data):
            answer = self._answers.popleft()
            if not answer.done():
                answer.set_result(_response(head, body) if isinstance(head, list) else Response(200))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(TargetLost("The stand-in services went away."))
        self._answers.clear()
        if self._reaping is None and self.process.poll() is None:
            self._reaping = asyncio.ensure_future(self._reap())

    async def stop(self) -> None:
        """End the process and wait until it is gone; more than one may ask for it."""
        if self._reaping is None:
            self._reaping = asyncio.ensure_future(self._reap())
        await asyncio.shield(self._reaping)

    async def _reap(self) -> None:
        self._requests.close()
        deadline = asyncio.get_running_loop().time() + STOP_TIMEOUT_S
        while self.process.poll() is None:
            if asyncio.get_running_loop().time() > deadline:
                self.process.kill()
            await asyncio.sleep(0.005)


def _open_process(region: str) -> subprocess.Popen[bytes]:
    # Not asyncio's own subprocess: before Python 3.12 it waits in a thread, and this process forks.
    return subprocess.Popen(
        [sys.executable, "-P", "-W", "ignore", "-m", stand_ins.__name__, region, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={
            "MOTO_ACCOUNT_ID": stand_ins.ACCOUNT_ID,
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(Path(lambda_tui.__file__).parent.parent),
        },
        cwd="/",
        start_new_session=True,
    )


_HOP_BY_HOP = frozenset({"content-length", "connection", "transfer-encoding", "date", "server"})


def _response(head: list[Any], body: bytes) -> Response:
    status, headers = head
    if not body:
        # The answer to HEAD gives the length of a body: it is passed on as a body that the proxy omits.
        body = bytes(next((int(value) for name, value in headers if name.lower() == "content-length"), 0))
    return Response(
        status, body, tuple((name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP)
    )
