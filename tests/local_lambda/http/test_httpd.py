"""The HTTP server on real sockets: order, limits, and bytes that are not HTTP."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambda_tui.local_lambda.http.httpd import MAX_HEAD_BYTES, Answer, HttpServer, Request, Response

LIMIT = 1000


async def answer(request: Request) -> Response:
    if request.path == "/slow":
        await asyncio.sleep(0.05)
    if request.path == "/broken":
        raise RuntimeError("a bug in the application")
    body = b"too large" if request.body_too_large else request.body
    return Response(200, request.path.encode() + b" " + body)


def application(request: Request) -> Answer:
    return Response(204) if request.path == "/empty" else answer(request)


def admit(request: Request) -> Response | None:
    return Response(403, b"no") if request.header("origin") else None


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    server = HttpServer(application, admit, lambda _: LIMIT)
    await server.start()
    yield server.port
    server.close()
    await asyncio.sleep(0)
    assert not server.connections


async def exchange(port: int, data: bytes, *, half_close: bool = True) -> bytes:
    """Everything the server sends until it closes; our side is closed after sending."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        if half_close:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: here", *headers, "", ""]).encode()


CLOSE = "Connection: close"


async def test_requests_on_one_connection_are_answered_in_order(port: int) -> None:
    data = get("/slow") + get("/empty") + get("/fast") + get("/last", CLOSE)
    answers = await exchange(port, data, half_close=False)
    places = [answers.index(text) for text in (b"/slow ", b" 204 ", b"/fast ", b"/last ")]
    assert places == sorted(places)
    assert answers.count(b"Connection: close") == 1


async def test_bytes_may_come_one_at_a_time(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for byte in b"POST /bit HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc":
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0)
    assert (await reader.read()).endswith(b"/bit abc")
    writer.close()


async def test_a_request_in_the_same_bytes_as_before_is_answered_as_before(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in ("/a", "/a", "/b", "/a", "/a", "/empty", "/a"):
        writer.write(get(path))
        head = await reader.readuntil(b"\r\n\r\n")
        assert (b" 204 " in head) == (path == "/empty")
        if path != "/empty":
            assert await reader.readexactly(3) == path.encode() + b" "
    writer.close()


@pytest.mark.parametrize("gap_s", [0, 0.01])
async def test_a_body_in_the_bytes_of_a_request_is_a_body(port: int, gap_s: float) -> None:
    """Also when it arrives separately, right after that request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = get("/a")
    for _ in range(2):
        writer.write(request)
        assert (await reader.readuntil(b"/a ")).startswith(b"HTTP/1.1 200")
    writer.write(f"POST /p HTTP/1.1\r\nHost: here\r\nContent-Length: {len(request)}\r\n\r\n".encode())
    await writer.drain()
    await asyncio.sleep(gap_s)
    writer.write(request)
    assert (await reader.readuntil(b"/p " + request)).startswith(b"HTTP/1.1 200")
    writer.write(request)
    assert (await reader.readuntil(b"/a ")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_what_follows_an_answer_keeps_nobody_waiting() -> None:
    received = threading.Event()
    had_it = []
    server = HttpServer(lambda _: Response(204, afterwards=lambda: had_it.append(received.wait(10))))
    await server.start()

    def call() -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(get("/"))
            connection.recv(4096)
            received.set()

    await asyncio.to_thread(call)
    server.close()
    assert had_it == [True]


async def test_chunked_bodies_and_trailers(port: int) -> None:
    head = b"POST /c HTTP/1.1\r\nHost: here\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = await exchange(
        port, head + b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n", half_close=False
    )
    assert answers.endswith(b"/c abcde")


async def test_expect_continue(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /e HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"ok")
    assert (await reader.readuntil(b"/e ok")).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()


async def test_http_1_0_is_closed_after_the_answer(port: int) -> None:
    assert (await exchange(port, b"GET /old HTTP/1.0\r\n\r\n", half_close=False)).endswith(b"/old ")


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1, 3_000_000])
async def test_a_body_over_the_limit_arrives_without_its_bytes(port: int, size: int) -> None:
    head = f"POST /b HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
    answers = await exchange(port, head.encode() + b"x" * size, half_close=False)
    assert answers.endswith(b"/b " + (b"x" * size if size <= LIMIT else b"too large"))


async def test_a_refused_request_is_answered_before_its_body(port: int) -> None:
    head = b"POST /b HTTP/1.1\r\nHost: here\r\nOrigin: x\r\nContent-Length: 100000000\r\n\r\n"
    answers = await exchange(port, head, half_close=False)
    assert answers.startswith(b"HTTP/1.1 403 ")
    assert b"Connection: close" in answers


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # a TLS handshake
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok", 400),
        (b"CONNECT here:443 HTTP/1.1\r\nHost: here\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES, 431),
        (b"GET /" + b"x" * MAX_HEAD_BYTES, 431),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * MAX_HEAD_BYTES, 431),
    ],
)
async def test_what_is_not_http_is_refused_in_words(port: int, data: bytes, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data[: MAX_HEAD_BYTES + 10])
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in head
    assert (await reader.read()).endswith(b".\n")
    writer.close()
    assert b"/after" in await exchange(port, get("/after", CLOSE), half_close=False)


async def test_a_refusal_is_never_the_answer_to_an_earlier_request(port: int) -> None:
    assert b"400" not in await exchange(port, get("/slow") + b"\0\0\0", half_close=False)


async def test_a_bug_in_the_application_closes_only_its_connection(port: int) -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    assert await exchange(port, get("/broken"), half_close=False) == b""
    assert [str(context["exception"]) for context in reported] == ["a bug in the application"]
    assert b"/after" in await exchange(port, get("/after", CLOSE), half_close=False)


async def test_a_client_that_leaves_early_does_no_harm(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get("/slow"))
    await writer.drain()
    writer.transport.abort()
    await asyncio.sleep(0.1)
    assert b"/after" in await exchange(port, get("/after", CLOSE), half_close=False)


fragments = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /x HTTP/1.1\r\n",
        b"Host: here\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"hello",
        b"5\r\n",
        b"0\r\n",
        b": \r\n",
        b"\0",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.one_of(fragments, st.binary(max_size=30)), max_size=12).map(b"".join))
def test_any_bytes_leave_the_server_alive(data: bytes) -> None:
    async def scenario() -> None:
        server = HttpServer(application, admit, lambda _: LIMIT)
        await server.start()
        await exchange(server.port, data)
        assert b"/after" in await exchange(server.port, get("/after", CLOSE), half_close=False)
        server.close()

    asyncio.run(scenario())
