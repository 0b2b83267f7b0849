"""How each concurrency model handles waiting and computing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.payloads.payload_environment import PayloadEnvironment, Upstream

CONCURRENT = ("threads", "thread-pool", "asyncio", "processes", "process-pool")
WORKER_NAMES = {
    "sequential": "main",
    "threads": "thread",
    "thread-pool": "thread",
    "asyncio": "coroutine",
    "asyncio-blocking": "coroutine",
    "processes": "process",
    "process-pool": "process",
}
WAITS = {"tasks": 3, "task_ms": 100}


@pytest.mark.parametrize("kind", ["sleep", "http"])
@pytest.mark.parametrize("model", CONCURRENT)
@pytest.mark.timed
def test_waits_overlap(warm: PayloadEnvironment, kind: str, model: str) -> None:
    # Several attempts, because a busy machine delays; three waits in sequence would always take 300 ms.
    durations_ms = (warm.run(model, kind=kind, **WAITS)["handler_ms"] for _ in range(10))
    assert any(100 <= duration_ms < 200 for duration_ms in durations_ms)


@pytest.mark.parametrize("kind", ["sleep", "http"])
@pytest.mark.parametrize("model", ["sequential", "asyncio-blocking"])
def test_waits_in_a_row(warm: PayloadEnvironment, kind: str, model: str) -> None:
    response = warm.run(model, kind=kind, **WAITS)
    assert response["handler_ms"] >= 300
    for earlier, later in pairwise(response["tasks"]):
        assert later["start_ms"] >= earlier["end_ms"]


@pytest.mark.parametrize("model", CONCURRENT)
def test_no_more_than_the_workers_at_once(warm: PayloadEnvironment, model: str) -> None:
    response = warm.run(model, workers=2, kind="sleep", tasks=6, task_ms=20)
    assert response["handler_ms"] >= 60
    for worker in {task["worker"] for task in response["tasks"]}:
        own = sorted((t["start_ms"], t["end_ms"]) for t in response["tasks"] if t["worker"] == worker)
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(own))


@pytest.mark.parametrize("model", WORKER_NAMES)
def test_spans_and_names(warm: PayloadEnvironment, model: str) -> None:
    response = warm.run(model, kind="sleep", tasks=3, task_ms=30)
    workers = {task["worker"] for task in response["tasks"]}
    stem = WORKER_NAMES[model]
    assert workers == ({"main"} if stem == "main" else {f"{stem}-{number}" for number in (1, 2, 3)})
    for task in response["tasks"]:
        assert task["start_ms"] >= 0
        assert task["start_ms"] + 30 <= task["end_ms"] <= response["handler_ms"]


def test_more_workers_than_tasks(warm: PayloadEnvironment) -> None:
    for model in WORKER_NAMES:
        assert warm.run(model, workers=9, kind="sleep", tasks=2, task_ms=1)["completed"] == 2


@pytest.mark.timed
def test_threads_do_not_help_primes(warm: PayloadEnvironment) -> None:
    response = warm.run("threads", kind="primes", tasks=2, work=5)
    assert response["cpu_ms"] <= response["handler_ms"] * 1.15


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
@pytest.mark.parametrize(("model", "kind"), [("threads", "sha256"), ("processes", "primes")])
@pytest.mark.timed
def test_cpus_are_used_at_once(warm: PayloadEnvironment, model: str, kind: str) -> None:
    def cpus_used(model: str) -> float:
        response = warm.run(model, kind=kind, tasks=2, work=8)
        return float(response["cpu_ms"] / response["handler_ms"])

    # Against sequential at the same moment, because a busy machine may leave us less than a CPU.
    for _ in range(15):
        alone = cpus_used("sequential")
        if cpus_used(model) > 1.2 * alone:
            return
    if alone < 0.9:
        pytest.skip("other programs keep the CPUs busy")
    pytest.fail(f"{model} used no more CPU at a time than sequential")


def test_cpu_time_counts_children_and_only_this_invocation(warm: PayloadEnvironment) -> None:
    alone_ms = warm.run("sequential", kind="primes", tasks=2, work=8)["cpu_ms"]
    for model in ("processes", "process-pool"):
        assert warm.run(model, kind="primes", tasks=2, work=8)["cpu_ms"] > alone_ms / 2
        assert warm.run("sequential", kind="sleep", tasks=1, task_ms=1)["cpu_ms"] < alone_ms / 2


def test_a_killed_child_fails_the_invocation(new_environment: Callable[..., PayloadEnvironment]) -> None:
    environment = new_environment()

    def kill_first_child() -> None:
        listing = Path(f"/proc/{environment.pid}/task/{environment.pid}/children")
        while len(children := listing.read_text().split()) < 3:
            time.sleep(0.01)
        os.kill(int(children[0]), signal.SIGKILL)

    killer = threading.Thread(target=kill_first_child)
    killer.start()
    started = time.monotonic()
    event = {
        "schema": 1,
        "workload": {"kind": "sleep", "tasks": 3, "task_ms": 60_000},
        "concurrency": {"model": "processes", "workers": 3},
    }
    outcome = environment.outcome(event)
    killer.join()
    assert outcome["errorType"] == "WorkerDied"
    assert outcome["errorMessage"] == "process-1 was killed by SIGKILL before its work was done"
    assert time.monotonic() - started < 30, "its siblings were waited for"
    assert environment.run("processes", kind="sleep", task_ms=1)["completed"] == 3


def test_fork_works_after_asyncio(
    new_environment: Callable[..., PayloadEnvironment], upstream: Upstream
) -> None:
    # A host name makes asyncio resolve it in a thread, which stays in the parent when it forks.
    environment = new_environment(UPSTREAM_URL=f"http://localhost:{upstream.server_port}")
    for model in ("asyncio", "processes", "process-pool", "asyncio", "threads"):
        assert environment.run(model, kind="http", task_ms=1)["completed"] == 3
