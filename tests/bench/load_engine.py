"""Signed invocations per CPU second: our engine with and without uvloop, boto3 threads, and other load
generators that do not sign."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import boto3
import botocore
from botocore.config import Config

from tests.bench._engine import EVENT, Driven, Server, drive, plan, serving
from tests.bench._peers import unsigned_per_cpu_second

TITLE = "Load engine: invocations per CPU second, closed loop, 32 callers"
SECONDS = 3.0
ROUNDS = 3
CALLERS = 32
BOTO3_THREADS = 8
"""boto3 is fastest there; more threads only wait for the interpreter lock."""

Rates = dict[str, float | str]


def measure() -> dict[str, object]:
    """Invocations per second of CPU time, which other load on the machine affects least: medians of rounds in
    which each takes a turn."""
    rounds = []
    with serving(0, polling=True, awake=False) as server:
        for _ in range(ROUNDS):
            with_uvloop = _driven(server, use_uvloop=True)
            rates: Rates = {
                "ours, signed, uvloop": with_uvloop.per_cpu_second,
                "ours, signed, asyncio": _driven(server, use_uvloop=False).per_cpu_second,
                f"boto3 {boto3.__version__}, {BOTO3_THREADS} threads": _boto3_per_cpu_second(server),
            }
            url = f"{server.endpoint}/2015-03-31/functions/f/invocations"
            unsigned = unsigned_per_cpu_second(url, SECONDS)
            rounds.append({**rates, **{f"{name}, unsigned": rate for name, rate in unsigned.items()}})
    results: dict[str, object] = {name: _median([each[name] for each in rounds]) for name in rounds[0]}
    ours = results["ours, signed, uvloop"]
    assert isinstance(ours, float)
    for name in list(results)[2:]:
        other = results[name]
        if isinstance(other, float):
            results[f"ours with uvloop / {name}"] = ours / other
    results["engine memory, MB"] = with_uvloop.rss_mb
    results["botocore"] = botocore.__version__
    return results


def _median(values: list[float | str]) -> float | str:
    numbers = [value for value in values if isinstance(value, float)]
    return median(numbers) if numbers else values[0]


def _driven(server: Server, *, use_uvloop: bool) -> Driven:
    return drive(
        plan(server, callers=CALLERS, connections=CALLERS, max_seconds=SECONDS, use_uvloop=use_uvloop)
    )


def _boto3_per_cpu_second(server: Server) -> float:
    client = boto3.client(
        "lambda",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token="t" * 400,
        config=Config(max_pool_connections=BOTO3_THREADS, retries={"total_max_attempts": 1}),
    )

    def invoke_for(seconds: float) -> int:
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            client.invoke(FunctionName="lambda-tui-python", LogType="Tail", Payload=EVENT)["Payload"].read()
            count += 1
        return count

    with ThreadPoolExecutor(BOTO3_THREADS) as pool:
        list(pool.map(invoke_for, [0.3] * BOTO3_THREADS))
        began = time.process_time()
        count = sum(pool.map(invoke_for, [SECONDS] * BOTO3_THREADS))
        return count / (time.process_time() - began)
