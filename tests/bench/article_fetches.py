"""The published comparison of three HTTPS fetches: in sequence, in threads, in processes.

"Threading in AWS Lambda with Python", both tables. Two values are chosen, the same for every size and model:
the upstream's latency, and how many public certificate authorities the client loads.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import statistics
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lambda_tui.local_lambda.functions.runtimes import OWN
from lambda_tui.local_lambda.services.upstream import start_upstream
from tests.local_lambda.local_server import ROLE, LocalServer, invoke
from tests.local_lambda.services.self_signed import server_context

TITLE = "Three HTTPS fetches: ms, and ratios against the published ones"
LATENCY_MS = 875
CALLS = 3
AUTHORITIES = 45
"""A third of the usual bundle, in 7.5 ms of CPU: from the published times one fetch needs 11 ms in all."""
DEBIAN_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
PAYLOAD = Path(__file__).parents[2] / "lambda_payloads" / "python"
PUBLISHED_MS = {
    128: {"sequential": 3089, "threads": 1350, "threads again": 1384, "processes": 1970},
    512: {"sequential": 2745, "threads": 1148, "threads again": 972, "processes": 1158},
    1024: {"sequential": 2686, "threads": 914, "threads again": 996, "processes": 1082},
    2048: {"sequential": 2647, "threads": 977, "threads again": 893, "processes": 902},
}

MODELS = ("sequential", "threads", "processes")


def measure() -> dict[str, object]:
    """Medians of warm calls in milliseconds for each size and model, and both ratios; about 80 s."""
    results: dict[str, object] = {"latency of one fetch (ms)": LATENCY_MS}
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as seen_by_functions,
        _https_upstream(Path(seen_by_functions)) as (url, certificate),
        _server(Path(seen_by_functions)) as server,
    ):
        client = server.client()
        for memory_mb, published in PUBLISHED_MS.items():
            measured = {}
            # A fresh environment for each model, whatever the order: nothing is left behind by another.
            for model in random.sample(MODELS, len(MODELS)):
                name = f"fetch-{memory_mb}-{model}"
                _create(client, name, memory_mb, certificate, init=f"http/{model}")
                measured[model] = _duration_ms(client, name, model, url)
            results[f"{memory_mb} MB"] = _row(measured, published)
    return results


def _row(measured: dict[str, float], published: dict[str, int]) -> str:
    gain = measured["sequential"] / measured["threads"]
    cost = measured["processes"] / measured["threads"]
    published_gain = published["sequential"] / published["threads"]
    published_cost = published["processes"] / published["threads again"]
    times = ", ".join(f"{model} {ms:.0f}" for model, ms in measured.items())
    return (
        f"{times}; sequential/threads {gain:.2f} (published {published_gain:.2f}: "
        f"{(gain / published_gain - 1) * 100:+.0f} %), processes/threads {cost:.2f} "
        f"(published {published_cost:.2f}: {(cost / published_cost - 1) * 100:+.0f} %)"
    )


def _duration_ms(client: Any, name: str, model: str, url: str) -> float:
    event = {
        "schema": 1,
        "workload": {"kind": "http", "tasks": 3, "task_ms": LATENCY_MS, "url": url},
        "concurrency": {"model": model, "workers": 3},
    }
    durations = []
    for _ in range(CALLS + 1):
        answer = invoke(client, name, event)
        if answer.error or answer.report is None or answer.payload["completed"] != 3:
            sys.exit(f"The fetches failed: {answer.payload}")
        durations.append(answer.report.duration_ms)
    return statistics.median(durations[1:])


def _create(client: Any, name: str, memory_mb: int, certificate: Path, *, init: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for source in PAYLOAD.glob("*.py"):
            archive.write(source, source.name)
    client.create_function(
        FunctionName=name,
        Runtime=OWN.runtime,
        Role=ROLE,
        Handler="handler.lambda_handler",
        MemorySize=memory_mb,
        Timeout=30,
        Code={"ZipFile": buffer.getvalue()},
        Environment={"Variables": {"SSL_CERT_FILE": str(certificate), "LAMBDA_TUI_INIT": init}},
    )


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[LocalServer]:
    server = LocalServer(folder)
    try:
        yield server
    finally:
        server.stop()


def _public_authorities() -> str:
    """Some of the certificate authorities that a client of public services loads: much of a fetch's CPU."""
    if not DEBIAN_AUTHORITIES.exists():
        return ""
    end = "-----END CERTIFICATE-----\n"
    return end.join([*DEBIAN_AUTHORITIES.read_text().split(end)[:AUTHORITIES], ""])


@contextlib.contextmanager
def _https_upstream(folder: Path) -> Iterator[tuple[str, Path]]:
    """The upstream with TLS, in a thread of this process; yields its URL and its certificate."""
    context, certificate = server_context(folder)
    certificate.write_text(certificate.read_text() + _public_authorities())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    upstream = asyncio.run_coroutine_threadsafe(start_upstream(tls=context), loop).result(10)
    try:
        yield upstream.url, certificate
    finally:
        asyncio.run_coroutine_threadsafe(upstream.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
