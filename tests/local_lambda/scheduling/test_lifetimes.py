"""What happens to environments between invocations: frozen, reclaimed, recycled, started again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lambda_tui.local_lambda.functions.runtimes import OWN
from lambda_tui.local_lambda.scheduling.lifetimes import SURVIVAL, Lifetimes, idle_seconds
from tests.local_lambda.local_server import ROLE, LocalServer, invoke, package, wait_until

Launch = Callable[..., LocalServer]

COUNTING = """
import threading, time

counted = 0

def count():
    global counted
    while True:
        time.sleep(0.01)
        counted += 1

threading.Thread(target=count, daemon=True).start()

def handler(event, context):
    before = counted
    time.sleep(event["s"])
    return before, counted
"""


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Any:
    return server.client()


def test_background_work_stands_still_between_invocations(server: LocalServer, client: Any) -> None:
    server.create("counting", probe=COUNTING)
    first = invoke(client, "counting", {"s": 0.3}).payload
    time.sleep(1.0)
    second = invoke(client, "counting", {"s": 0.3}).payload
    # Unfrozen it would have counted to 100 in this second.
    assert second[0] - first[1] <= 10
    assert second[1] - second[0] >= 5, "and goes on in the next invocation"


def test_a_process_that_ends_itself_in_the_background_ends_the_next_invocation(
    server: LocalServer, client: Any
) -> None:
    later = (
        "import os, threading, time\n"
        "def handler(event, context):\n"
        "    if event: return time.sleep(5)\n"
        "    threading.Timer(0.3, os._exit, [1]).start()\n"
    )
    server.create("mortal", probe=later)
    assert invoke(client, "mortal").error is None
    time.sleep(0.6)
    died = invoke(client, "mortal", {"wait": True})
    assert died.payload["errorType"] == "Runtime.ExitError"
    after = invoke(client, "mortal")
    assert after.report is not None
    assert (after.error, after.report.init_ms) == (None, None)


def test_a_slow_init_inside_the_invocation_is_part_of_its_duration(
    server: LocalServer, client: Any, seen_folder: Path
) -> None:
    marker = seen_folder / "second"
    source = (
        "import pathlib, time\n"
        f"marker = pathlib.Path({str(marker)!r})\n"
        "if not marker.exists():\n"
        "    marker.touch()\n"
        "    raise RuntimeError('the first start fails')\n"
        "time.sleep(0.4)\n"
        "def handler(event, context): return 'served'\n"
    )
    server.create("second-time-lucky", probe=source)
    answer = invoke(client, "second-time-lucky")
    assert answer.payload == "served"
    assert answer.report is not None
    assert answer.report.init_ms is None
    assert answer.report.duration_ms >= 400
    assert "Phase: init\tStatus: error\tError Type: RuntimeError" in answer.log
    warm = invoke(client, "second-time-lucky")
    assert warm.report is not None
    assert warm.report.duration_ms < 400


def test_old_environments_are_replaced_even_when_busy(launch: Launch) -> None:
    server = launch("--max-age-seconds", "1")
    server.create("probe")
    client = server.client()
    deadline = time.monotonic() + 20
    environments: set[str] = set()
    while len(environments) < 2 and time.monotonic() < deadline:
        environments.add(invoke(client, "probe").payload["environment"])
    assert len(environments) == 2


def test_idle_times_pass_faster_at_another_time_scale(launch: Launch) -> None:
    server = launch("--time-scale", "1000")
    server.create("probe")
    client = server.client()
    began = time.monotonic()
    invoke(client, "probe")
    assert wait_until(lambda: not server.environment_pids())
    assert time.monotonic() - began >= 0.24
    answer = invoke(client, "probe")
    assert answer.report is not None
    assert answer.report.init_ms is not None


@pytest.mark.parametrize(("idle_s", "warm"), SURVIVAL)
def test_the_share_of_environments_still_warm_is_the_measured_one(idle_s: float, warm: float) -> None:
    lifetimes = Lifetimes(random=random.Random(17))
    drawn = [lifetimes.idle() for _ in range(20_000)]
    assert sum(lifetime >= idle_s for lifetime in drawn) / len(drawn) == pytest.approx(warm, abs=0.015)


def test_the_curve_has_no_gaps() -> None:
    times = [idle_seconds(step / 1000) for step in range(1001)]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (240, 360)


def test_a_given_idle_time_is_kept_exactly() -> None:
    lifetimes = Lifetimes(idle_s=5, time_scale=60)
    assert lifetimes.idle() == 5
    assert lifetimes.age == 120


def test_what_a_crashed_runtime_left_in_tmp_is_still_there(server: LocalServer, client: Any) -> None:
    source = (
        "import os, tempfile\n"
        "path = os.path.join(tempfile.gettempdir(), 'left')\n"
        "def handler(event, context):\n"
        "    if event: open(path, 'w').close(); os._exit(1)\n"
        "    return os.path.exists(path)\n"
    )
    server.create("leaving", probe=source)
    assert invoke(client, "leaving", {"leave": True}).payload["errorType"] == "Runtime.ExitError"
    assert invoke(client, "leaving").payload is True


def test_the_package_is_fetched_before_init(launch: Launch) -> None:
    """2 MB at 1 MB/s: the caller waits, Init Duration and a second call do not."""
    server = launch("--package-mb-per-s", "1")
    ballast = random.Random(3).randbytes(1 << 20).hex()
    server.client().create_function(
        FunctionName="large",
        Runtime=OWN.runtime,
        Role=ROLE,
        Handler="probe.handler",
        Timeout=20,
        Code={"ZipFile": package(probe="def handler(event, context): return None", ballast=ballast)},
    )
    size_mb = server.client().get_function_configuration(FunctionName="large")["CodeSize"] / (1 << 20)
    assert size_mb >= 2
    began = time.monotonic()
    cold = invoke(server.client(), "large")
    waited_s = time.monotonic() - began
    assert cold.report is not None
    assert cold.report.init_ms is not None
    assert waited_s - cold.report.init_ms / 1000 > size_mb
    began = time.monotonic()
    assert invoke(server.client(), "large").error is None
    assert time.monotonic() - began < size_mb
