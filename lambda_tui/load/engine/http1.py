"""A small HTTP/1.1 client for many identical requests: keep-alive connections, one request at a time each.

Nothing is ever sent twice: a request without an answer has failed, because Lambda may have run (and
billed) it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httptools

CONNECT_TIMEOUT_S = 5.0
MAX_RESPONSE_BYTES = 32 * 1024 * 1024
"""Lambda answers with at most 6 MB; anything far beyond is not Lambda."""

OnAnswer = Callable[["Connection"], None]


class ConnectFailed(Exception):
    """No connection; `refused` means a closed port, as opposed to errors that may be temporary."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Connection(asyncio.Protocol):
    """One keep-alive connection. After `request`, `on_answer` is called exactly once with this connection:
    `status` is then the HTTP status, or 0 with the reason in `failure`; `ended_s` is when the answer was
    complete, on the clock of `time.perf_counter`."""

    def __init__(self) -> None:
        self.closed = False
        self.status = 0
        self.ended_s = 0.0
        self.headers: dict[bytes, bytes] = {}
        self.failure: tuple[str, str] = ("", "")
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._complete = False
        self._keep_alive = False
        self._on_answer: OnAnswer | None = None
        self._parser = httptools.HttpResponseParser(self)

    @property
    def body(self) -> bytes:
        return self._body[0] if len(self._body) == 1 else b"".join(self._body)

    def request(self, data: bytes, on_answer: OnAnswer) -> None:
        """Send one complete request."""
        self.status = 0
        self.headers = {}
        self._body = []
        self._body_bytes = 0
        self._complete = False
        self._on_answer = on_answer
        self._transport.write(data)

    def fail(self, kind: str, message: str) -> None:
        """Give up: the connection is dropped and the request in flight, if any, has failed."""
        self.closed = True
        self._transport.abort()
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is not None:
            self.status = 0
            self.ended_s = time.perf_counter()
            self.failure = (kind, message)
            on_answer(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        sock: socket.socket = transport.get_extra_info("socket")
        # A function may take 15 minutes to answer; network devices drop silent connections sooner.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        reason = f": {exc}" if exc else ""
        self.fail("ConnectionClosed", f"the connection was closed before the answer was complete{reason}")

    def data_received(self, data: bytes) -> None:
        self.ended_s = time.perf_counter()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.fail("InvalidResponse", f"the answer is not HTTP: {error}")
            return
        if self._complete:
            self._answered()
        elif self._body_bytes > MAX_RESPONSE_BYTES:
            self.fail("ResponseTooLarge", f"the answer is larger than {MAX_RESPONSE_BYTES} bytes")

    def _answered(self) -> None:
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is None:
            self.fail("", "")
            return
        self.status = self._parser.get_status_code()
        if not self._keep_alive:
            self.closed = True
            self._transport.close()
        on_answer(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_body(self, data: bytes) -> None:
        self._body.append(data)
        self._body_bytes += len(data)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self.headers = {}
            return
        # The parser knows this only until the callback returns.
        self._keep_alive = self._parser.should_keep_alive()
        self._complete = True


class ConnectionPool:
    """Connections to one endpoint; the most recently used one is next, so that idle ones may expire."""

    def __init__(self, endpoint: str) -> None:
        url = urlsplit(endpoint)
        self._host = url.hostname or ""
        self._tls = tls_context() if url.scheme == "https" else None
        self._port = url.port or (443 if self._tls else 80)
        self._idle: list[Connection] = []

    def take(self) -> Connection | None:
        """An open idle connection, if there is one."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        return None

    def give_back(self, connection: Connection) -> None:
        if not connection.closed:
            self._idle.append(connection)

    async def connect(self) -> Connection:
        """A new connection.

        Raises:
            ConnectFailed: refused, unreachable, no such host, bad certificate, or no answer in 5 s.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, connection = await loop.create_connection(
                    Connection, self._host, self._port, ssl=self._tls
                )
        except TimeoutError:
            raise ConnectFailed(f"no connection within {CONNECT_TIMEOUT_S:.0f} s") from None
        except ConnectionRefusedError:
            raise ConnectFailed("connection refused", refused=True) from None
        except ssl.SSLCertVerificationError as error:
            raise ConnectFailed(f"the server's certificate is not valid: {error.verify_message}") from None
        except OSError as error:
            raise ConnectFailed(str(error.strerror or error)) from None
        return connection


def tls_context() -> ssl.SSLContext:
    """Certificate verification as in botocore: AWS_CA_BUNDLE, otherwise the system's and botocore's own."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    context = ssl.create_default_context(cafile=bundle)
    botocore = find_spec("botocore")
    if not bundle and botocore is not None and botocore.origin is not None:
        context.load_verify_locations(Path(botocore.origin).with_name("cacert.pem"))
    return context
