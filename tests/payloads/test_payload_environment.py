"""Cold and warm, identity, and what INIT loads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests.payloads.payload_environment import PYTHON_PAYLOAD, PayloadEnvironment

HEAVY = (
    "asyncio",
    "boto3",
    "botocore",
    "concurrent.futures",
    "http.client",
    "httpx",
    "multiprocessing",
    "socket",
    "ssl",
)


def test_only_the_first_invocation_is_cold(new_environment: Callable[..., PayloadEnvironment]) -> None:
    environment = new_environment()
    first, second = (environment.run("sequential", kind="sleep", task_ms=1) for _ in range(2))
    assert (first["cold"], first["invocation_number"]) == (True, 1)
    assert (second["cold"], second["invocation_number"]) == (False, 2)
    assert first["environment_id"] == second["environment_id"]
    assert len(first["environment_id"]) == 32
    assert first["runtime"] == f"python{sys.version_info.major}.{sys.version_info.minor}"


def test_a_refused_event_counts_as_an_invocation(
    new_environment: Callable[..., PayloadEnvironment],
) -> None:
    environment = new_environment()
    assert environment.outcome({})["errorType"] == "InvalidEvent"
    assert environment.run("sequential", kind="sleep")["invocation_number"] == 2


def test_the_environment_is_known_by_its_log_stream(
    new_environment: Callable[..., PayloadEnvironment],
) -> None:
    stream = "2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef"
    environment = new_environment(AWS_LAMBDA_LOG_STREAM_NAME=stream)
    response = environment.run("sequential", kind="sleep")
    assert response["environment_id"] == "0123456789abcdef0123456789abcdef"


def test_init_loads_nothing_heavy() -> None:
    program = f"import sys; sys.path.insert(0, {str(PYTHON_PAYLOAD)!r}); import handler; print(*sys.modules)"
    listing = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(listing.stdout.split())
    assert "handler" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert not any(name.startswith("lambda_tui") for name in loaded)
