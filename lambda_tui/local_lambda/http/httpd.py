"""A small HTTP/1.1 server on loopback, used for the Invoke API and for every environment's Runtime API.

Compared with aiohttp and uvicorn, this protocol on httptools is 30 to 45 % faster at a warm no-op invocation,
and a listener costs next to nothing (each environment has one).
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from ssl import SSLContext
from typing import cast

import httptools

MAX_HEAD_BYTES = 64 * 1024
"""Bytes that may arrive without completing a head, a body chunk or a message; httptools has no limit."""

MAX_DISCARDED_BYTES = 256 * 1024 * 1024
"""A body over its limit is read and dropped, so that the client sees the refusal; beyond this it is cut."""

MAX_REPEATED_BYTES = 16 * 1024
"""A request with exactly the bytes of an earlier one on its connection is not parsed again: a runtime's
requests for events repeat, and so do a client's calls within a second, while the signature is the same."""

_NO_CONTENT = HTTPStatus.NO_CONTENT.value
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """A received request; header names are lower-case, `path` and `query` as received."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    body_too_large: bool = False
    keep_alive: bool = True
    trusted_until: float = 0.0
    """Set by the signature check; repeated requests with the same bytes share the object."""
    _first: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._first = dict(reversed(self.headers))

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name."""
        return self._first.get(name)


@dataclass(frozen=True, slots=True)
class Response:
    """A response; `headers` come on top of Content-Length and Connection."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    afterwards: Callable[[], None] | None = None
    """Called once it is sent: for work that the receiver need not wait for."""

    def encode(self, *, keep_alive: bool) -> bytes:
        """The bytes to send. 204 has no length, as HTTP requires."""
        headers = "".join([f"{name}: {value}\r\n" for name, value in self.headers])
        length = "" if self.status == _NO_CONTENT else f"Content-Length: {len(self.body)}\r\n"
        close = "" if keep_alive else "Connection: close\r\n"
        head = f"HTTP/1.1 {self.status} {_REASONS.get(self.status, '')}\r\n{headers}{length}{close}\r\n"
        return head.encode("latin-1") + self.body


class _StopParsing(Exception):
    """Raised inside a parser callback: the rest of this connection is not worth reading."""


def _refused(status: HTTPStatus, why: str) -> Response:
    return Response(status, f"{why}\n".encode(), (("Content-Type", "text/plain"),))


_MALFORMED = _refused(HTTPStatus.BAD_REQUEST, "This is not an HTTP/1.1 request.")
_NO_UPGRADE = _refused(HTTPStatus.BAD_REQUEST, "Only HTTP/1.1 is spoken here, without Upgrade or CONNECT.")
_HEAD_TOO_LARGE = _refused(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"A head may have at most {MAX_HEAD_BYTES} bytes."
)
_BODY_TOO_LARGE = _refused(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body may have {MAX_DISCARDED_BYTES} bytes."
)


class Later:
    """A response that comes later. Unlike a future, it is delivered at once, without an iteration of the
    event loop: a warm invocation has three such waits, and an iteration costs 20 to 50 us."""

    __slots__ = ("_deliver", "_response", "is_sent")

    def __init__(self) -> None:
        self._deliver: Callable[[Response], None] | None = None
        self._response: Response | None = None
        self.is_sent = False

    def send(self, response: Response) -> None:
        """Give the response, once; a waiting callback gets it before this returns."""
        assert not self.is_sent
        self.is_sent = True
        if self._deliver is None:
            self._response = response
        else:
            self._deliver(response)

    def then(self, deliver: Callable[[Response], None]) -> None:
        """Call `deliver` with the response, now if it is available."""
        if self._response is None:
            self._deliver = deliver
        else:
            deliver(self._response)


Answer = Response | Later | Awaitable[Response]
Application = Callable[[Request], Answer]
Admission = Callable[[Request], Response | None]
"""Looks at a request before its body is read; a Response refuses it."""


def _accept_all(_: Request) -> Response | None:
    return None


def _no_limit(_: Request) -> int:
    return MAX_DISCARDED_BYTES


def _every(_: Request) -> bool:
    return True


@dataclass(slots=True)
class HttpServer:
    """One loopback listener. `max_body_bytes` may differ by request; larger bodies arrive as
    `body_too_large` without their bytes. `may_repeat` tells which requests are worth caching."""

    application: Application
    admit: Admission = _accept_all
    max_body_bytes: Callable[[Request], int] = _no_limit
    may_repeat: Callable[[Request], bool] = _every
    port: int = 0
    connections: set[HttpConnection] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self, port: int = 0, *, tls: SSLContext | None = None) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one, see `port`. With `tls`, HTTPS.

        Raises:
            OSError: the port is in use or not allowed.
        """
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
        except OSError:
            listener.close()
            raise
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: HttpConnection(self), sock=listener, backlog=1024, ssl=tls
        )
        self.port = listener.getsockname()[1]

    def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.abort()


class HttpConnection(asyncio.Protocol):
    """One connection: requests are answered one after the other, in order."""

    __slots__ = (
        "_body",
        "_body_limit",
        "_busy",
        "_bytes_without_progress",
        "_headers",
        "_is_between_messages",
        "_is_paused",
        "_parser",
        "_pending",
        "_refusal",
        "_repeatable",
        "_request",
        "_server",
        "_size",
        "_transport",
        "_url",
    )

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._pending: deque[Request] = deque()
        self._busy = False
        self._is_paused = False
        self._bytes_without_progress = 0
        self._refusal: Response | None = None
        self._repeatable: tuple[bytes, Request] | None = None
        self._transport: asyncio.Transport
        self.on_message_begin()
        self._is_between_messages = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._parser = httptools.HttpRequestParser(self)
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if self._repeatable is not None and self._repeatable[0] == data and self._is_between_messages:
            self._pending.append(self._repeatable[1])
        elif not self._parse(data):
            self._give_up()
            return
        self._serve_next()

    def _parse(self, data: bytes) -> bool:
        """Hand data to the parser; False if the rest of the connection is not worth reading."""
        started_between, before = self._is_between_messages, len(self._pending)
        self._bytes_without_progress += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # The parser takes everything that follows, including the body, for the other protocol.
            self._pending.pop()
            self._refusal = _NO_UPGRADE
            return False
        except (_StopParsing, httptools.HttpParserError):
            # Also raised for our own limits and for a refusal, to stop the parser at once.
            self._refusal = self._refusal or _MALFORMED
            return False
        is_whole = started_between and self._is_between_messages and len(self._pending) == before + 1
        if is_whole and len(data) <= MAX_REPEATED_BYTES and self._server.may_repeat(self._request):
            self._repeatable = data, self._request
        if self._bytes_without_progress > MAX_HEAD_BYTES:
            self._refusal = _HEAD_TOO_LARGE
        return self._refusal is None

    # Called by the parser.

    def on_message_begin(self) -> None:
        self._is_between_messages = False
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        # Read once: later entries, the trailers of a chunked body, are not headers.
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in self._headers]
        request = self._request = Request(self._parser.get_method().decode(), path, query, headers)
        self._refusal = self._server.admit(request)
        if self._refusal is not None:
            raise _StopParsing
        self._bytes_without_progress = 0
        self._body_limit = self._server.max_body_bytes(request)
        if request.header("expect") == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, chunk: bytes) -> None:
        self._bytes_without_progress = 0
        self._size += len(chunk)
        if self._size <= self._body_limit:
            self._body.append(chunk)
            return
        self._body.clear()
        if self._size > MAX_DISCARDED_BYTES:
            self._refusal = _BODY_TOO_LARGE
            raise _StopParsing

    def on_message_complete(self) -> None:
        request = self._request
        request.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request.body_too_large = self._size > self._body_limit
        request.keep_alive = self._parser.should_keep_alive()
        self._pending.append(request)
        self._bytes_without_progress = 0
        self._is_between_messages = True

    # Our own.

    def _give_up(self) -> None:
        assert self._refusal is not None
        if self._busy or self._pending:
            self._transport.abort()  # it would be taken as the answer to an earlier request
        else:
            self._transport.write(self._refusal.encode(keep_alive=False))
            self._transport.close()

    def _serve_next(self) -> None:
        while self._pending and not self._busy:
            request = self._pending.popleft()
            answer = self._server.application(request)
            if isinstance(answer, Response):
                self._send(request, answer)
                if answer.afterwards is not None:
                    answer.afterwards()
                continue
            self._busy = True
            if isinstance(answer, Later):
                answer.then(partial(self._deliver, request))
            else:
                future = asyncio.ensure_future(answer)
                future.add_done_callback(partial(self._answered, request))
        if self._pending:
            self._transport.pause_reading()
            self._is_paused = True
        elif self._is_paused:
            self._transport.resume_reading()
            self._is_paused = False

    def _deliver(self, request: Request, response: Response) -> None:
        self._busy = False
        self._send(request, response)
        if self._pending:
            # Not directly: each pipelined request would nest one level deeper.
            asyncio.get_running_loop().call_soon(self._serve_next)

    def _answered(self, request: Request, done: asyncio.Future[Response]) -> None:
        self._busy = False
        if done.cancelled():
            self._transport.abort()
            return
        error = done.exception()
        if error is not None:
            context = {"message": f"error answering {request.method} {request.path}", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
            self._transport.abort()
            return
        self._send(request, done.result())
        self._serve_next()

    def _send(self, request: Request, response: Response) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(response.encode(keep_alive=request.keep_alive))
        if not request.keep_alive:
            self._pending.clear()
            self._transport.close()
