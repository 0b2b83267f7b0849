from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from lambda_tui.local_lambda.services.upstream import UpstreamServer, start_upstream


@dataclass
class Client:
    """One kept-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str

    @classmethod
    async def connect(cls, url: str) -> Client:
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        return cls(reader, writer, address.netloc)

    async def get(
        self, path: str, *, method: str = "GET", headers: str | None = None
    ) -> tuple[int, str, str]:
        """Return status, head and body."""
        headers = f"Host: {self.host}\r\n" if headers is None else headers
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{headers}\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        body = (await self.reader.readexactly(length)).decode()
        return int(head.split()[1]), head, body

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@pytest.fixture
async def upstream() -> AsyncIterator[UpstreamServer]:
    server = await start_upstream()
    yield server
    await server.close()


@pytest.fixture
async def client(upstream: UpstreamServer) -> AsyncIterator[Client]:
    connected = await Client.connect(upstream.url)
    yield connected
    await connected.close()


async def test_answer_and_keep_alive(client: Client) -> None:
    for task in (0, 7, 999_999):
        status, head, body = await client.get(f"/latency?ms=0&task={task}")
        assert (status, body) == (200, f"task-{task}\n")
        assert "Content-Type: text/plain" in head


async def test_waits_as_long_as_asked(client: Client) -> None:
    late_ms = []
    for asked_ms in (20, 50, 12.5, 30, 100, 20, 20, 20):
        started = time.perf_counter()
        await client.get(f"/latency?ms={asked_ms}&task=0")
        late_ms.append((time.perf_counter() - started) * 1000 - asked_ms)
    assert min(late_ms) > -0.2, "never early"
    # The best of eight: what this server adds, without what a busy machine sometimes adds.
    assert min(late_ms) < 3


async def test_a_thousand_connections_wait_at_the_same_time(upstream: UpstreamServer) -> None:
    clients = await asyncio.gather(*(Client.connect(upstream.url) for _ in range(1000)))
    started = time.perf_counter()
    answers = await asyncio.gather(
        *(client.get(f"/latency?ms=500&task={task}") for task, client in enumerate(clients))
    )
    elapsed_s = time.perf_counter() - started
    assert [body for _, _, body in answers] == [f"task-{task}\n" for task in range(1000)]
    assert 0.5 <= elapsed_s < 10, "one after the other they would take 500 s"
    await asyncio.gather(*(client.close() for client in clients))


@pytest.mark.parametrize(
    "query",
    [
        "ms=-1",
        "ms=900001",
        "ms=nan",
        "ms=inf",
        "ms=abc",
        "ms=",
        "ms=1e9",
        "ms=0&task=-1",
        "ms=0&task=x",
        "ms=0&task=1.5",
        "ms=0&task=99999999999",
        "ms=0&task=%C2%B2",  # superscript two: a digit to str.isdigit, not to int
    ],
)
async def test_unusable_values_are_refused_with_a_sentence(client: Client, query: str) -> None:
    status, _, body = await client.get(f"/latency?{query}")
    assert status == 400
    assert "must be a" in body
    assert (await client.get("/latency?ms=0"))[0] == 200, "the connection lives on"


@pytest.mark.parametrize("path", ["/", "/latency/", "/other?ms=1", "*"])
async def test_other_paths_are_not_found(client: Client, path: str) -> None:
    status, _, body = await client.get(path)
    assert (status, body) == (404, "Nothing at this path; try /latency.\n")


async def test_only_get_is_answered(client: Client) -> None:
    status, _, _ = await client.get("/latency?ms=0", method="DELETE")
    assert status == 405


@pytest.mark.parametrize(
    "headers",
    [
        "Host: attacker.example\r\n",
        "Host: 127.0.0.1.attacker.example\r\n",
        "Host: 127.0.0.1:{port}\r\nOrigin: http://attacker.example\r\n",
        "Host: 127.0.0.1:{port}\r\nHost: attacker.example\r\n",
        "",
    ],
)
async def test_web_pages_are_refused(upstream: UpstreamServer, client: Client, headers: str) -> None:
    port = urlsplit(upstream.url).port
    status, _, _ = await client.get("/latency?ms=0", headers=headers.format(port=port))
    assert status == 403


async def test_localhost_is_a_name_of_this_machine(upstream: UpstreamServer, client: Client) -> None:
    port = urlsplit(upstream.url).port
    assert (await client.get("/latency?ms=0", headers=f"Host: localhost:{port}\r\n"))[0] == 200


async def test_close_cuts_those_who_wait() -> None:
    server = await start_upstream()
    client = await Client.connect(server.url)
    waiting = asyncio.create_task(client.get("/latency?ms=60000"))
    await asyncio.sleep(0.05)
    await server.close()
    await server.close()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await waiting
    with pytest.raises(ConnectionRefusedError):
        await Client.connect(server.url)
    client.writer.close()


async def test_port_in_use_is_an_os_error(upstream: UpstreamServer) -> None:
    with pytest.raises(OSError, match="in use"):
        await start_upstream(urlsplit(upstream.url).port or 0)
