"""What is loaded at INIT is not paid by the first invocation, and by no forked process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.payloads.payload_environment import PYTHON_PAYLOAD, PayloadEnvironment, Upstream

ALL = {"upstream", "async_upstream", "httpx", "services", "boto3", "processes", "coroutines", "threads"}


def loaded(spec: str) -> set[str]:
    """Which of ALL the handler's import has loaded under that LAMBDA_TUI_INIT."""
    program = f"import sys, handler; print(*(sorted({ALL!r} & set(sys.modules))))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PYTHON_PAYLOAD,
        env={"LAMBDA_TUI_INIT": spec, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", set()),
        ("http/threads", {"threads", "upstream"}),
        ("http/asyncio", {"coroutines", "async_upstream", "httpx", "upstream"}),
        ("http/processes", {"processes", "upstream"}),
        ("primes/processes", {"processes"}),
        ("sleep/sequential", set()),
        ("http/*", {"threads", "coroutines", "processes", "upstream", "async_upstream", "httpx"}),
        ("no such/thing", set()),
    ],
)
def test_each_configuration_loads_what_it_needs_and_no_more(spec: str, expected: set[str]) -> None:
    assert loaded(spec) == expected


def test_the_first_invocation_of_a_prepared_environment_computes_no_more_than_the_second(
    new_environment: Callable[..., PayloadEnvironment], upstream: Upstream
) -> None:
    """CPU time, so that a busy machine changes nothing: httpx alone takes 110 ms of it to import."""

    def cpu_ms(**variables: str) -> tuple[float, float]:
        environment = new_environment(UPSTREAM_URL=upstream.url, **variables)
        event = {
            "schema": 1,
            "workload": {"kind": "http", "tasks": 3, "task_ms": 20},
            "concurrency": {"model": "asyncio", "workers": 3},
        }
        first, second = (environment.outcome(event)["response"]["cpu_ms"] for _ in range(2))
        return first, second

    eager, lazy = cpu_ms(LAMBDA_TUI_INIT="http/asyncio"), cpu_ms()
    assert lazy[0] > 3 * lazy[1]
    assert eager[0] < lazy[0] / 2
