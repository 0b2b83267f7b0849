"""The embedded Lambda: the price of an invocation that does nothing, signed, over loopback HTTP.

The load comes from this process, on the same CPUs as the server and its environments: throughput is a figure
of the whole machine. Functions have 1769 MB, because a smaller CPU quota is soon used up by doing nothing.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from lambda_tui.sigv4 import Signer
from tests.local_lambda.local_server import LocalServer, invoke

TITLE = "Embedded Lambda: no-op invocations (signed HTTP on loopback)"
WARM_CALLS = 3000
COLD_STARTS = 30
THROUGHPUT_S = 3.0
MEMORY_MB = 1769


def measure() -> dict[str, object]:
    """Times in milliseconds of wall time, invocations a second, and the server's own CPU time."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server:
        results: dict[str, object] = {"CPU enforcement": server.ready["cpu_enforcement"]}
        results |= _warm(server)
        results |= _cold(server)
        for connections in (1, 4, 16):
            results[f"invocations/s, {connections} connections"] = _throughput(server, connections)
        return results


@contextmanager
def _server(folder: Path) -> Iterator[LocalServer]:
    server = LocalServer(folder)
    try:
        source = "def handler(event, context): return None"
        server.create("noop", memory_mb=MEMORY_MB, probe=source)
        yield server
    finally:
        server.stop()


def _request(server: LocalServer) -> bytes:
    """One signed Invoke with log tail; signatures may be sent again within 15 minutes."""
    path, body = "/2015-03-31/functions/noop/invocations", b"{}"
    signer = Signer(
        server.ready["access_key_id"], server.ready["secret_access_key"], None, server.ready["region"]
    )
    headers = [("Host", f"127.0.0.1:{server.port}"), ("X-Amz-Log-Type", "Tail")]
    headers += signer.sign("POST", path, "", headers, sha256(body).hexdigest(), time.time())
    headers.append(("Content-Length", str(len(body))))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def _connect(server: LocalServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _call(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)
    _check(connection.recv(65536))


def _check(response: bytes) -> None:
    # A response of some 700 bytes comes in one piece on loopback.
    if not response.startswith(b"HTTP/1.1 200") or b"X-Amz-Function-Error" in response:
        raise RuntimeError(response.decode())


def _warm(server: LocalServer) -> dict[str, object]:
    request = _request(server)
    with _connect(server) as connection:
        for _ in range(WARM_CALLS // 10):
            _call(connection, request)
        used, times_ms = _cpu_ms(server), []
        for _ in range(WARM_CALLS):
            began = time.perf_counter()
            _call(connection, request)
            times_ms.append((time.perf_counter() - began) * 1000)
        used = _cpu_ms(server) - used
    percentiles = statistics.quantiles(times_ms, n=100)
    return {
        "warm round trip, p50 (ms)": percentiles[49],
        "warm round trip, p99 (ms)": percentiles[98],
        "server CPU per invocation (ms)": used / WARM_CALLS,
    }


def _cpu_ms(server: LocalServer) -> float:
    # The kernel's clock of another process: CPUCLOCK_SCHED in linux/posix-timers.h.
    return time.clock_gettime((~server.process.pid << 3) | 2) * 1000


def _cold(server: LocalServer) -> dict[str, object]:
    client = server.client()
    round_trips_ms, inits_ms = [], []
    for number in range(COLD_STARTS):
        client.update_function_configuration(FunctionName="noop", Description=f"cold start {number}")
        began = time.perf_counter()
        answer = invoke(client, "noop")
        round_trips_ms.append((time.perf_counter() - began) * 1000)
        if answer.report is None or answer.report.init_ms is None:
            raise RuntimeError(answer.log)
        inits_ms.append(answer.report.init_ms)
    return {
        "cold start, Init Duration, p50 (ms)": statistics.median(inits_ms),
        "cold start, round trip with boto3, p50 (ms)": statistics.median(round_trips_ms),
    }


def _throughput(server: LocalServer, connections: int) -> float:
    request = _request(server)
    with selectors.DefaultSelector() as selector:
        open_connections = [_connect(server) for _ in range(connections)]
        for connection in open_connections:
            _call(connection, request)  # each gets an environment of its own
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ)
        answered, began = 0, time.perf_counter()
        while time.perf_counter() - began < THROUGHPUT_S:
            for key, _ in selector.select(timeout=1):
                connection = key.fileobj  # type: ignore[assignment]
                _check(connection.recv(65536))
                connection.sendall(request)
                answered += 1
        elapsed_s = time.perf_counter() - began
        for connection in open_connections:
            connection.close()
    return answered / elapsed_s
