"""What the payloads call in order to wait: services on loopback that answer after a chosen time.

Today there is one, ``GET /latency?ms=300&task=0``; others are added to the table in `start_upstream`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext
from urllib.parse import parse_qs

from lambda_tui.local_lambda.http.authentication import refuse_stranger
from lambda_tui.local_lambda.http.httpd import Answer, Application, HttpServer, Request, Response

MAX_LATENCY_MS = 900_000  # Lambda's longest timeout
MAX_TASK = 1_000_000_000
_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)


@dataclass(slots=True)
class UpstreamServer:
    """A running upstream; `url` has no path and no trailing slash."""

    url: str
    _server: HttpServer

    async def close(self) -> None:
        """Stop listening and cut every connection, answered or not."""
        self._server.close()


async def start_upstream(port: int = 0, *, tls: SSLContext | None = None) -> UpstreamServer:
    """Start the services on 127.0.0.1; port 0 takes a free one. Raises OSError if the port is in use.

    With `tls` they speak HTTPS: handshakes are much of a fetch's CPU time.
    """
    services: Mapping[str, Application] = {"/latency": answer_after_latency}

    def dispatch(request: Request) -> Answer:
        service = services.get(request.path)
        return (
            service(request) if service else _text(404, f"Nothing at this path; try {', '.join(services)}.")
        )

    server = HttpServer(dispatch, admit=lambda request: refuse_stranger(request, server.port))
    await server.start(port, tls=tls)
    return UpstreamServer(f"{'https' if tls else 'http'}://127.0.0.1:{server.port}", server)


def answer_after_latency(request: Request) -> Answer:
    """Answer ``task-N`` after `ms` milliseconds; 400 with a sentence if these are invalid."""
    if request.method != "GET":
        return _text(405, "Only GET is answered here.")
    values = parse_qs(request.query, keep_blank_values=True)
    latency_ms = _number(values.get("ms", ["0"])[-1])
    task = values.get("task", ["0"])[-1]
    if latency_ms is None or not 0 <= latency_ms <= MAX_LATENCY_MS:
        return _text(400, f"ms must be a number from 0 to {MAX_LATENCY_MS}.")
    if not (task.isascii() and task.isdigit() and len(task) <= 10 and int(task) <= MAX_TASK):
        return _text(400, f"task must be a whole number from 0 to {MAX_TASK}.")
    return delayed(_text(200, f"task-{int(task)}"), latency_ms)


def delayed(response: Response, latency_ms: float) -> Answer:
    """Return `response` at once, or an awaitable that yields it after `latency_ms`."""
    if latency_ms == 0:
        return response
    # A bare timer: thousands wait at the same time, and a task for each would cost three times as much.
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Response] = loop.create_future()
    loop.call_later(latency_ms / 1000, _resolve, answer, response)
    return answer


def _resolve(answer: asyncio.Future[Response], response: Response) -> None:
    if not answer.done():
        answer.set_result(response)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(status: int, sentence: str) -> Response:
    return Response(status, f"{sentence}\n".encode(), _TEXT)
