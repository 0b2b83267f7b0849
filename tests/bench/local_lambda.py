"""The embedded Lambda: the price of an invocation that does nothing, signed, over loopback HTTP.

The load comes from this process, on the same CPUs as the server and its environments: throughput is a figure
of the whole machine. Functions have 1769 MB, because a smaller CPU quota is soon used up by doing nothing.
"""

from __future__ import annotations

import selectors
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.local_lambda.local_server import LocalServer, invoke
from tests.local_lambda.raw_calls import connect, exchange, receive, signed_invoke

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


def _warm(server: LocalServer) -> dict[str, object]:
    request = signed_invoke(server)
    with connect(server) as connection:
        for _ in range(WARM_CALLS // 10):
            exchange(connection, request)
        used, times_ms = _cpu_ms(server), []
        for _ in range(WARM_CALLS):
            began = time.perf_counter()
            exchange(connection, request)
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
    request = signed_invoke(server)
    with selectors.DefaultSelector() as selector:
        open_connections = [connect(server) for _ in range(connections)]
        for connection in open_connections:
            exchange(connection, request)  # each gets an environment of its own
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ)
        answered, began = 0, time.perf_counter()
        while time.perf_counter() - began < THROUGHPUT_S:
            for key, _ in selector.select(timeout=1):
                connection = key.fileobj  # type: ignore[assignment]
                receive(connection)
                connection.sendall(request)
                answered += 1
        elapsed_s = time.perf_counter() - began
        for connection in open_connections:
            connection.close()
    return answered / elapsed_s
