"""The HTTP client against servers that answer in every valid form, and some invalid ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from lambda_tui.load.engine.frames import Exchange
from lambda_tui.load.engine.http1 import Connection, ConnectionPool
from lambda_tui.load.engine.sender import Launched, exchange_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSE = b""
"""Part of a script: close the connection here."""

Script = Sequence[bytes]


@dataclass(slots=True)
class Server:
    """Answers each request on a connection with the next script, one write per part."""

    port: int
    connections: int = 0
    requests: int = 0


@asynccontextmanager
async def serving(*scripts: Script, pause_s: float = 0.0) -> AsyncIterator[Server]:
    server = Server(0)
    left = list(scripts)

    serving_tasks: list[asyncio.Task[None]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left and await reader.read(65536):
            server.requests += 1
            for part in left.pop(0):
                if part == CLOSE:
                    return
                writer.write(part)
                await asyncio.sleep(pause_s)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await answer(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving_tasks.append(asyncio.get_running_loop().create_task(serve(reader, writer)))

    listener = await asyncio.start_server(accepted, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in serving_tasks:
            task.cancel()
        await asyncio.gather(*serving_tasks, return_exceptions=True)
        await asyncio.sleep(0)
        await listener.wait_closed()


def recorded(connection: Connection) -> Exchange:
    return Exchange._make(exchange_of(connection, Launched(0, False, 0.0, 0.0), 1.0, None))


async def exchange(pool: ConnectionPool, data: bytes = b"POST / HTTP/1.1\r\n\r\n") -> Connection:
    connection = pool.take() or await pool.connect()
    answered: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
    connection.request(data, answered.set_result)
    result = await asyncio.wait_for(answered, 10)
    pool.give_back(result)
    return result


async def until_closed(connection: Connection) -> None:
    while not connection.closed:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.001)


def bytewise(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


async def one_answer(script: Script, *, pause_s: float = 0.0) -> Connection:
    async with serving(script, pause_s=pause_s) as server:
        answer = await exchange(ConnectionPool(f"http://127.0.0.1:{server.port}"))
        answer.fail("", "")
        return answer


CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n5;x=y\r\n": 1}\r\n0\r\n\r\n'


@pytest.mark.parametrize(
    ("script", "body"),
    [
        ([OK], b"ok"),
        (bytewise(OK), b"ok"),
        ([CHUNKED], b'{"a": 1}'),
        (bytewise(CHUNKED), b'{"a": 1}'),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], b""),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], b""),
        ([b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n", OK], b"ok"),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n", b"x" * 300_000, b"x" * 300_000],
            b"x" * 600_000,
        ),
    ],
    ids=["length", "slow length", "chunked", "slow chunked", "empty", "204", "100 first", "in pieces"],
)
async def test_bodies(script: Script, body: bytes) -> None:
    answer = await one_answer(script)
    assert answer.status in (200, 204)
    assert answer.body == body


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ([CLOSE], "ConnectionClosed"),
        ([OK[:30], CLOSE], "ConnectionClosed"),
        ([OK[:-1], CLOSE], "ConnectionClosed"),
        ([CHUNKED[:-5], CLOSE], "ConnectionClosed"),
        ([b"SSH-2.0-OpenSSH_9.6\r\n"], "InvalidResponse"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"], "InvalidResponse"),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Length: 40000000\r\n\r\n", *[b"x" * 4_000_000] * 10],
            "ResponseTooLarge",
        ),
    ],
    ids=["none", "in the head", "in the body", "in a chunk", "not HTTP", "bad chunk", "too large"],
)
async def test_answers_that_are_none(script: Script, kind: str) -> None:
    answer = await one_answer(script)
    assert answer.status == 0
    assert answer.failure[0] == kind
    assert answer.closed


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_server_errors_are_answers_and_keep_the_connection(status: int) -> None:
    error = (
        b"HTTP/1.1 %d X\r\nx-amzn-ErrorType: ServiceException:http://x/\r\nContent-Length: 0\r\n\r\n" % status
    )
    async with serving([error], [OK]) as server:
        pool = ConnectionPool(f"http://127.0.0.1:{server.port}")
        first = await exchange(pool)
        record = recorded(first)
        assert (record.status, record.error_type) == (status, "ServiceException")
        second = await exchange(pool)
        assert second is first
        assert second.status == 200
        assert b"x-amzn-errortype" not in second.headers
        second.fail("", "")
    assert (server.connections, server.requests) == (1, 2)


async def test_a_redirect_is_reported_and_not_followed() -> None:
    moved = b"HTTP/1.1 307 X\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with serving([moved], [OK]) as server:
        pool = ConnectionPool(f"http://127.0.0.1:{server.port}")
        answer = await exchange(pool)
        record = recorded(answer)
        assert record.error_type == "Redirect"
        assert record.error_message == "a redirect to http://169.254.169.254/ is not followed"
        answer.fail("", "")
    assert server.requests == 1


@pytest.mark.parametrize(
    "last",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["Connection: close", "HTTP/1.0"],
)
async def test_a_connection_the_server_will_close_is_not_used_again(last: bytes) -> None:
    async with serving([last], [OK]) as server:
        pool = ConnectionPool(f"http://127.0.0.1:{server.port}")
        assert (await exchange(pool)).body == b"ok"
        second = await exchange(pool)
        assert second.body == b"ok"
        second.fail("", "")
    assert server.connections == 2


async def test_an_idle_connection_that_was_closed_is_not_used_again() -> None:
    async with serving([OK, CLOSE], [OK]) as server:
        pool = ConnectionPool(f"http://127.0.0.1:{server.port}")
        first = await exchange(pool)
        await until_closed(first)
        second = await exchange(pool)
        assert second is not first
        assert second.status == 200
        second.fail("", "")
    assert server.connections == 2


async def test_what_is_sent_unasked_after_an_answer_costs_the_connection_only() -> None:
    async with serving([OK, OK], [OK], pause_s=0.02) as server:
        pool = ConnectionPool(f"http://127.0.0.1:{server.port}")
        first = await exchange(pool)
        assert first.body == b"ok"
        await until_closed(first)
        second = await exchange(pool)
        assert second.body == b"ok"
        second.fail("", "")


async def test_a_slow_answer_is_one_answer() -> None:
    answer = await one_answer(bytewise(OK), pause_s=0.005)
    assert (answer.status, answer.body) == (200, b"ok")


def test_the_order_of_the_pool_is_last_in_first_out() -> None:
    pool = ConnectionPool("http://127.0.0.1:1")
    connections = [Connection(), Connection()]
    for connection in connections:
        pool.give_back(connection)
    take: Callable[[], Connection | None] = pool.take
    assert [take(), take(), take()] == [*reversed(connections), None]
