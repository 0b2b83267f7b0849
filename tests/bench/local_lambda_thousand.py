"""The default concurrency of an AWS account on this machine: 1,000 invocations that wait at the same time."""

from __future__ import annotations

import resource
import socket
import tempfile
import time
from pathlib import Path

from lambda_tui.local_lambda.sandbox.processes import cpu_ms
from lambda_tui.local_lambda.scheduling.scheduler import host_environments
from tests.local_lambda.local_server import LocalServer, control_groups_of
from tests.local_lambda.raw_calls import connect, receive, signed_invoke

TITLE = "Embedded Lambda: 1,000 cold starts at once, each waiting for an answer (as many as the host holds)"
PATIENCE_S = 200.0
WAITING = """
import socket

def handler(event, context):
    with socket.create_connection(("127.0.0.1", {port})) as upstream:
        upstream.recv(1)
"""


def measure() -> dict[str, object]:
    """Wall and CPU time of a start while few and while many environments exist; host MB per environment."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    crowd = host_environments()
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("", 0), backlog=crowd) as upstream:
        upstream.settimeout(PATIENCE_S)
        server = LocalServer(Path(folder))
        try:
            source = WAITING.format(port=upstream.getsockname()[1])
            server.create("waiting", memory_mb=128, timeout_s=300, probe=source)
            figures = _crowd(server, upstream, crowd)
        finally:
            stopping = time.perf_counter()
            server.stop()
    left = control_groups_of(server.process.pid)
    stopped_s = time.perf_counter() - stopping
    return {**figures, "until all were gone (s)": stopped_s, "control groups left behind": len(left)}


def _crowd(server: LocalServer, upstream: socket.socket, crowd: int) -> dict[str, object]:
    request = signed_invoke(server, "waiting")
    callers = [connect(server.port) for _ in range(crowd)]
    free_mb, pid = _available_mb(), server.process.pid
    moments = [(time.perf_counter(), cpu_ms(pid))]
    for caller in callers:
        caller.sendall(request)
    waiting = []
    for _ in callers:
        waiting.append(upstream.accept()[0])
        moments.append((time.perf_counter(), cpu_ms(pid)))
    used_mb = free_mb - _available_mb()
    for connection in waiting:
        connection.close()
    for caller in callers:
        receive(caller)
        caller.close()
    answered_s = time.perf_counter() - moments[-1][0]
    early, late = moments[: crowd // 4], moments[-(crowd // 4) :]
    return {
        "environments at the same time": len(waiting),
        "until all of them ran (s)": moments[-1][0] - moments[0][0],
        "a start, first quarter (ms)": _each(early, 0) * 1000,
        "a start, last quarter (ms)": _each(late, 0) * 1000,
        "a start, CPU of the server, first quarter (ms)": _each(early, 1),
        "a start, CPU of the server, last quarter (ms)": _each(late, 1),
        "host's memory each (MB)": used_mb / crowd,
        "until the last had answered after that (s)": answered_s,
    }


def _each(moments: list[tuple[float, float]], what: int) -> float:
    return (moments[-1][what] - moments[0][what]) / (len(moments) - 1)


def _available_mb() -> float:
    text = Path("/proc/meminfo").read_text()
    return int(text.partition("MemAvailable:")[2].split()[0]) / 1024
