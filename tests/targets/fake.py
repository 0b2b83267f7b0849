"""A Lambda for tests: answers real signed Invoke requests over real sockets, as configured."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import uuid
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, cast

import httptools

from lambda_tui.aws_facts import DEFAULT_REGION, vcpus_of
from lambda_tui.errors import TargetUnreachable
from lambda_tui.runs.target import TargetDescription, TargetKind
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Credentials, Deployment, Progress

FAKE_KEYS = Credentials("AKIAFAKE", "fake-secret", "fake-token")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one invocation gets; `delay_ms` None means never."""

    delay_ms: float | None = 0.0
    status: int = 200
    billed_ms: int = 3
    duration_ms: float = 2.5
    init_ms: float | None = None
    function_error: str = ""
    body: bytes = b'{"schema": 1, "handler_ms": 2.0, "environment_id": "env-1", "cold": false}'
    report: bool = True
    location: str = ""
    disconnect: bool = False
    """Close the connection instead of answering."""
    last: bool = False
    """Close the connection after the answer, unannounced."""


@dataclass(slots=True)
class Traffic:
    """What the fake has seen."""

    invocations: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    connections: int = 0
    targets: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """Of the last invocation, like `body`."""
    body: bytes = b""
    variables: list[dict[str, str]] = field(default_factory=list)


class FakeTarget:
    """Serves in its own thread. `answer` is called with each invocation's number, from 0."""

    def __init__(
        self,
        answer: Callable[[int], Answer] = lambda number: Answer(),
        *,
        region: str = DEFAULT_REGION,
        costs_money: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.traffic = Traffic()
        self.answer = answer
        self.configuration: dict[str, Any] = {
            "MemorySize": 512,
            "Timeout": 30,
            "Architectures": ["x86_64"],
            "LastUpdateStatus": "Successful",
            "Environment": {"Variables": {"KEPT": "yes"}},
        }
        self.configuration_answer: Answer | None = None
        """Instead of the configuration, for tests of a control plane that refuses."""
        self._region = region
        self._costs_money = costs_money
        self._tls = tls
        self._alive = False
        self._endpoint = ""
        self._connections: set[_Connection] = set()

    @property
    def kind(self) -> TargetKind:
        return "endpoint"

    @property
    def label(self) -> str:
        return f"fake · none · {self._region}"

    @property
    def costs_money(self) -> bool:
        """As if it were not on this machine."""
        return self._costs_money

    @property
    def endpoint(self) -> str:
        return self._endpoint

    def open(self, progress: Progress) -> None:
        """Start serving on a free loopback port."""
        if self._alive:
            return
        progress("starting the fake Lambda")
        ready: Future[str] = Future()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        self._endpoint = ready.result(timeout=10)
        self._alive = True

    def prepare(self, scenario: Scenario) -> Deployment:
        """The fake accepts any function and any configuration."""
        if not self._alive:
            raise TargetUnreachable("The fake Lambda is not running.")
        self.configuration |= {"MemorySize": scenario.memory_mb, "Timeout": scenario.timeout_s}
        return Deployment(
            endpoint=self._endpoint,
            region=self._region,
            credentials=FAKE_KEYS,
            function_name=scenario.function_name,
            qualifier=scenario.qualifier,
            memory_mb=scenario.memory_mb,
            architecture=scenario.architecture,
            timeout_s=scenario.timeout_s,
            description=TargetDescription(
                kind="endpoint",
                region=self._region,
                endpoint=self._endpoint,
                cpu_enforcement="none",
                memory_enforcement="none",
                host_cpus=1,
                vcpus=vcpus_of(scenario.memory_mb),
                host_limited=False,
            ),
        )

    def is_alive(self) -> bool:
        return self._alive

    def close(self) -> None:
        """Stop serving and drop every connection: also how a test makes a server die."""
        if self._alive:
            self._alive = False
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(timeout=5)

    def _serve(self, ready: Future[str]) -> None:
        asyncio.run(self._run(ready))

    async def _run(self, ready: Future[str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        server = await self._loop.create_server(
            lambda: _Connection(self), "127.0.0.1", 0, backlog=1024, ssl=self._tls
        )
        scheme = "https" if self._tls else "http"
        ready.set_result(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await self._stopped.wait()
        server.close()
        # A connection may have been accepted and not be made yet: it is cut when it is.
        me = asyncio.current_task()
        for _ in range(5):
            for connection in list(self._connections):
                connection.transport.abort()
            accepting = [task for task in asyncio.all_tasks() if task is not me]
            await asyncio.wait([*accepting, asyncio.create_task(asyncio.sleep(0.004))])


class _Connection(asyncio.Protocol):
    def __init__(self, fake: FakeTarget) -> None:
        self._fake = fake
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._fake._connections.add(self)
        self._fake.traffic.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._fake._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        if self._parser.get_method() == b"POST":
            self._invoke()
            return
        refusal = self._fake.configuration_answer
        if refusal is not None:
            self._write(refusal.status, "", refusal.body)
            return
        if self._parser.get_method() == b"PUT":
            change = json.loads(self._body)
            self._fake.configuration.update(change)
            self._fake.traffic.variables.append(change.get("Environment", {}).get("Variables", {}))
        self._write(200, "", json.dumps(self._fake.configuration).encode())

    def _invoke(self) -> None:
        traffic = self._fake.traffic
        traffic.headers, traffic.body = self._headers, self._body
        traffic.targets.append(self._url.decode())
        answer = self._fake.answer(traffic.invocations)
        traffic.invocations += 1
        traffic.in_flight += 1
        traffic.max_in_flight = max(traffic.max_in_flight, traffic.in_flight)
        if answer.delay_ms:
            asyncio.get_running_loop().call_later(answer.delay_ms / 1000, self._reply, answer)
        elif answer.delay_ms is not None:
            self._reply(answer)

    def _reply(self, answer: Answer) -> None:
        self._fake.traffic.in_flight -= 1
        if answer.disconnect:
            self.transport.abort()
            return
        request_id = str(uuid.uuid4())
        lines = f"X-Amz-Function-Error: {answer.function_error}\r\n" if answer.function_error else ""
        if answer.location:
            lines += f"Location: {answer.location}\r\n"
        if answer.report and answer.status == 200:
            memory_mb = self._fake.configuration["MemorySize"]
            lines += f"X-Amz-Log-Result: {log_tail(answer, request_id, memory_mb)}\r\n"
        self._write(answer.status, f"x-amzn-RequestId: {request_id}\r\n{lines}", answer.body)
        if answer.last:
            self.transport.close()

    def _write(self, status: int, lines: str, body: bytes) -> None:
        head = (
            f"HTTP/1.1 {status} X\r\n{lines}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)


def log_tail(answer: Answer, request_id: str, memory_mb: int) -> str:
    """The base64 log tail with the REPORT line of an answer."""
    init = "" if answer.init_ms is None else f"\tInit Duration: {answer.init_ms:.2f} ms"
    text = (
        f"START RequestId: {request_id} Version: $LATEST\nEND RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\tDuration: {answer.duration_ms:.2f} ms\t"
        f"Billed Duration: {answer.billed_ms} ms\tMemory Size: {memory_mb} MB\t"
        f"Max Memory Used: 40 MB{init}\t\n"
    )
    return b64encode(text.encode()).decode()
