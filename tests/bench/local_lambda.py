"""The embedded Lambda: the cost of an invocation that does nothing, over loopback HTTP.

Compared with serverless-offline, which passes events to a bare Python loop over a pipe, this one pays for
AWS's own runtime client and its two HTTP exchanges per event (most of the difference is in the
environment), for checking signatures, and for reading the CPU and memory use of each invocation. The load
comes from this process, on the same CPUs as the server and its environments: invocations per second
describe the whole machine, those per CPU second do not. Functions have 1769 MB, because even doing nothing
soon uses up a smaller CPU quota.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import TypeVar
from uuid import uuid4

from lambda_tui.sigv4 import Signer
from tests.bench import _serverless_offline
from tests.bench._noop_load import HANDLER, MEMORY_MB, Cost, Endpoint, drive
from tests.local_lambda.local_server import LocalServer, invoke
from tests.local_lambda.raw_calls import connect, exchange, signed_invoke

TITLE = "Embedded Lambda: no-op invocations (HTTP on loopback, signed but where said otherwise)"
Request = TypeVar("Request")
WARM_CALLS = 3000
COLD_STARTS = 30
CONNECTIONS = (1, 4, 16)
ROUNDS = 3
PATH, BODY = "/2015-03-31/functions/noop/invocations", b"{}"
OURS, THEIRS = "ours", "serverless-offline"


def measure() -> dict[str, object]:
    """Wall times in milliseconds, invocations per second, and the CPU time of each process."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server:
        results: dict[str, object] = {"CPU enforcement": server.ready["cpu_enforcement"]}
        results |= _warm_plain()
        results |= _warm(server)
        results |= _cold(server)
        ours = Endpoint(server.port, server.process.pid, signed_invoke(server))
        return results | _throughput(ours)


@contextmanager
def _server(folder: Path, *arguments: str) -> Iterator[LocalServer]:
    server = LocalServer(folder, *arguments)
    try:
        server.create("noop", memory_mb=MEMORY_MB, probe=HANDLER)
        yield server
    finally:
        server.stop()


def _warm_plain() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder), "--no-auth") as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port)
        plain_ms = _round_trips_ms(lambda: {"X-Amz-Log-Type": "Tail"}, partial(_invoke, client))
        client.close()
    return {"warm round trip with http.client, plain HTTP (--no-auth), p50 / p99 (ms)": plain_ms}


def _warm(server: LocalServer) -> dict[str, object]:
    request = signed_invoke(server)
    with connect(server.port) as connection:
        bare_ms = _round_trips_ms(lambda: request, partial(exchange, connection))
    signer = Signer(
        server.ready["access_key_id"], server.ready["secret_access_key"], None, server.ready["region"]
    )
    client = http.client.HTTPConnection("127.0.0.1", server.port)
    signed_ms = _round_trips_ms(partial(_signed_headers, server.port, signer), partial(_invoke, client))
    client.close()
    return {
        "warm round trip with http.client, each newly signed, p50 / p99 (ms)": signed_ms,
        "warm round trip over a bare socket, in the same bytes, p50 / p99 (ms)": bare_ms,
    }


def _round_trips_ms(prepare: Callable[[], Request], call: Callable[[Request], None]) -> str:
    """Of `call` alone: a client does what `prepare` does for AWS too."""
    times_ms = []
    for _ in range(WARM_CALLS):
        request = prepare()
        began = time.perf_counter()
        call(request)
        times_ms.append((time.perf_counter() - began) * 1000)
    percentiles = statistics.quantiles(times_ms[WARM_CALLS // 10 :], n=100)
    return f"{percentiles[49]:.3f} / {percentiles[98]:.3f}"


def _signed_headers(port: int, signer: Signer) -> dict[str, str]:
    # Like an SDK's: no two requests are the same.
    headers = [
        ("Host", f"127.0.0.1:{port}"),
        ("X-Amz-Log-Type", "Tail"),
        ("Amz-Sdk-Invocation-Id", str(uuid4())),
    ]
    headers += signer.sign("POST", PATH, "", headers, sha256(BODY).hexdigest(), time.time())
    return dict(headers)


def _invoke(client: http.client.HTTPConnection, headers: dict[str, str]) -> None:
    client.request("POST", PATH, BODY, headers)
    response = client.getresponse()
    if response.status != 200 or response.read() != b"{}":
        raise RuntimeError(response.reason)


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


def _throughput(ours: Endpoint) -> dict[str, object]:
    """Ours, and serverless-offline's if it is installed: medians of rounds in which each takes a turn."""
    results: dict[str, object] = {}
    with ExitStack() as stack:
        endpoints = {OURS: ours}
        modules = _serverless_offline.installed()
        if modules is None:
            results[THEIRS] = "absent"
        else:
            endpoints[THEIRS] = stack.enter_context(_serverless_offline.serving(modules))
            results[THEIRS] = _serverless_offline.version(modules)
        for endpoint in endpoints.values():
            drive(endpoint, 1)  # until everything compiled at run time has been compiled
        for connections in CONNECTIONS:
            rounds = [
                {name: drive(endpoint, connections) for name, endpoint in endpoints.items()}
                for _ in range(ROUNDS)
            ]
            costs = {name: _median([each[name] for each in rounds]) for name in endpoints}
            for name, cost in costs.items():
                results[f"{connections} connections, {name}"] = cost.text()
            if THEIRS in costs:
                ratio = costs[OURS].per_cpu_second / costs[THEIRS].per_cpu_second
                results[f"{connections} connections, {OURS} / {THEIRS}, per CPU second"] = ratio
    return results


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(median(values) for values in zip(*map(astuple, costs), strict=True)))
