"""Signed invocations a second of CPU: our engine with and without uvloop, and boto3 threads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore
from botocore.config import Config

from tests.bench._engine import EVENT, Server, drive, plan, serving

TITLE = "Load engine: signed invocations, closed loop"
SECONDS = 4.0
CALLERS = 32
BOTO3_THREADS = 8
"""boto3 is fastest there; more threads only wait for the interpreter lock."""


def measure() -> dict[str, object]:
    """Invocations per second of CPU time, which foreign load on the machine changes least."""
    with serving(0) as server:
        with_uvloop = drive(plan(server, callers=CALLERS, connections=CALLERS, max_seconds=SECONDS))
        without = drive(
            plan(server, callers=CALLERS, connections=CALLERS, max_seconds=SECONDS, use_uvloop=False)
        )
        boto3_rate = _boto3_per_cpu_second(server)
    return {
        "uvloop, 32 callers, per CPU second": with_uvloop.per_cpu_second,
        "uvloop, 32 callers, per second": len(with_uvloop.exchanges) / with_uvloop.elapsed_s,
        "asyncio, 32 callers, per CPU second": without.per_cpu_second,
        f"boto3 {boto3.__version__}, {BOTO3_THREADS} threads, per CPU second": boto3_rate,
        "uvloop / boto3": with_uvloop.per_cpu_second / boto3_rate,
        "asyncio / boto3": without.per_cpu_second / boto3_rate,
        "engine memory, MB": with_uvloop.rss_mb,
        "botocore": botocore.__version__,
    }


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
