"""The embedded Lambda under more load than the tests have time for: many cold starts, and a long run."""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.local_lambda.local_server import LocalServer, control_groups_of, invoke
from tests.local_lambda.raw_calls import connect, exchange, signed_invoke

TITLE = "Embedded Lambda: 200 cold starts at once, and 10,000 invocations"
CROWD = 200
INVOCATIONS = 10_000


def measure() -> dict[str, object]:
    """Seconds and milliseconds of wall time; growth between the first and the last thousand invocations."""
    with tempfile.TemporaryDirectory() as folder:
        server = LocalServer(Path(folder), "--max-environments", "256")
        try:
            server.create("noop", memory_mb=1769, probe="def handler(event, context): return None")
            return _crowd(server) | _long_run(server)
        finally:
            server.stop()


def _crowd(server: LocalServer) -> dict[str, object]:
    server.create("crowd", memory_mb=128, timeout_s=300)
    client = server.client()
    began = time.perf_counter()
    with ThreadPoolExecutor(CROWD) as pool:
        answers = list(pool.map(lambda _: invoke(client, "crowd", {"do": "sleep", "s": 20.0}), range(CROWD)))
    elapsed_s = time.perf_counter() - began
    failed = [answer.payload for answer in answers if answer.error is not None]
    client.delete_function(FunctionName="crowd")
    inits = sorted(
        answer.report.init_ms
        for answer in answers
        if answer.report is not None and answer.report.init_ms is not None
    )
    return {
        "crowd, answered": len(answers) - len(failed),
        "crowd, environments": len({answer.payload["environment"] for answer in answers if not answer.error}),
        "crowd, until the last had answered (s)": elapsed_s,
        "crowd, Init Duration, median (ms)": inits[len(inits) // 2] if inits else None,
        "crowd, Init Duration, longest (ms)": inits[-1] if inits else None,
    }


def _long_run(server: LocalServer) -> dict[str, object]:
    request = signed_invoke(server)
    with connect(server.port) as connection:
        for _ in range(1000):
            exchange(connection, request)
        before, began = _figures(server), time.perf_counter()
        for _ in range(INVOCATIONS):
            exchange(connection, request)
        elapsed_s = time.perf_counter() - began
        after = _figures(server)
    growth = {f"long run, more {name}": after[name] - before[name] for name in after}
    return {"long run, invocations/s": INVOCATIONS / elapsed_s, **growth}


def _figures(server: LocalServer) -> dict[str, int]:
    pid = server.process.pid
    status = Path(f"/proc/{pid}/status").read_text()
    return {
        "KB of memory": int(status.partition("VmRSS:")[2].split()[0]),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "environments": len(server.environment_pids()),
        "control groups": sum(1 for root in control_groups_of(pid) for _ in root.iterdir()),
    }
