"""Invocations that do nothing over keep-alive connections, and the CPU time each process spends on one."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.local_lambda.local_server import children_of
from tests.local_lambda.raw_calls import connect, receive

HANDLER = "def handler(event, context): return {}"
"""Not None: serverless-offline waits for ever if a Python function returns it."""
MEMORY_MB = 1769
SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The request and where to send it, and the process that answers; its descendants run the function."""

    port: int
    pid: int
    request: bytes


@dataclass(frozen=True, slots=True)
class Cost:
    """Invocations per second of wall time, and CPU milliseconds of each process per invocation."""

    per_s: float
    server_ms: float
    environments_ms: float
    client_ms: float

    @property
    def per_cpu_second(self) -> float:
        """Invocations that one core answers, without the load generator's part of the work."""
        return 1000 / (self.server_ms + self.environments_ms)

    def text(self) -> str:
        return (
            f"{self.per_s:.0f}/s; CPU ms each: server {self.server_ms:.3f}, environments "
            f"{self.environments_ms:.3f}, load generator {self.client_ms:.3f}; {self.per_cpu_second:.0f} "
            "per CPU second without the last"
        )


def drive(endpoint: Endpoint, connections: int, seconds: float = SECONDS) -> Cost:
    """Keep one invocation running on each connection; the environments are warm before the clock starts."""
    request = endpoint.request
    sockets = [connect(endpoint.port) for _ in range(connections)]
    try:
        for _ in range(max(3, 100 // connections)):
            for connection in sockets:  # all at once, so that each gets its own environment
                connection.sendall(request)
            for connection in sockets:
                receive(connection)
        environments = _descendants(endpoint.pid)
        before = _cpu_ms([endpoint.pid]), _cpu_ms(environments), time.process_time() * 1000
        answered, elapsed_s = _loop(sockets, request, seconds)
        after = _cpu_ms([endpoint.pid]), _cpu_ms(environments), time.process_time() * 1000
    finally:
        for connection in sockets:
            connection.close()
    server, functions, client = ((end - begin) / answered for begin, end in zip(before, after, strict=True))
    return Cost(answered / elapsed_s, server, functions, client)


def _loop(sockets: Sequence[socket.socket], request: bytes, seconds: float) -> tuple[int, float]:
    with selectors.DefaultSelector() as selector:
        for connection in sockets:
            selector.register(connection, selectors.EVENT_READ)
            connection.sendall(request)
        answered, began = 0, time.perf_counter()
        while (elapsed_s := time.perf_counter() - began) < seconds:
            for key, _ in selector.select(timeout=1):
                connection = key.fileobj  # type: ignore[assignment]
                receive(connection)
                connection.sendall(request)
                answered += 1
    for connection in sockets:
        receive(connection)
    return answered, elapsed_s


def _descendants(pid: int) -> list[int]:
    pids = children_of(pid)
    for child in pids:
        pids.extend(children_of(child))
    return pids


def _cpu_ms(pids: Sequence[int]) -> float:
    # The kernel's clock of another process: CPUCLOCK_SCHED in linux/posix-timers.h.
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids) * 1000
