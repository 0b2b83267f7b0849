"""How many environments exist: the cap, waiting, eviction, reclaiming."""

from __future__ import annotations

import json
import os
import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_tui.local_lambda.scheduling.scheduler import host_environments
from tests.local_lambda.local_server import LocalServer, invoke, wait_until


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """At most two environments, reclaimed after half a second."""
    running = LocalServer(
        tmp_path_factory.mktemp("small"), "--max-environments", "2", "--idle-seconds", "0.5"
    )
    running.create("one")
    running.create("other")
    yield running
    running.stop()


@pytest.fixture
def occupied(small: LocalServer, tmp_path: Path) -> Iterator[threading.Event]:
    """Both environments busy until the event is set."""
    release, client = threading.Event(), small.client()
    assert wait_until(lambda: not small.environment_pids())

    def occupy() -> None:
        while not release.is_set():
            invoke(client, "one", {"do": "sleep", "s": 0.3})

    threads = [threading.Thread(target=occupy) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: len(small.environment_pids()) == 2)
    yield release
    release.set()
    for thread in threads:
        thread.join()


def test_beyond_the_cap_there_is_a_throttle(small: LocalServer) -> None:
    client = small.client()
    threads = [
        threading.Thread(target=invoke, args=(client, "one", {"do": "sleep", "s": 1.5})) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: len(small.environment_pids()) == 2)
    with pytest.raises(ClientError) as caught:
        invoke(client, "one")
    for thread in threads:
        thread.join()
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Error"]["Code"] == "TooManyRequestsException"
    assert response["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"
    assert invoke(client, "one").error is None


def test_idle_environments_are_reclaimed(small: LocalServer) -> None:
    invoke(small.client(), "one")
    assert len(small.environment_pids()) >= 1
    assert wait_until(lambda: not small.environment_pids())
    assert invoke(small.client(), "one").payload["runs"] == 1


def test_an_idle_environment_makes_room_for_another_function(small: LocalServer) -> None:
    client = small.client()
    threads = [
        threading.Thread(target=invoke, args=(client, "one", {"do": "sleep", "s": 0.3})) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert invoke(client, "other").error is None
    assert len(small.environment_pids()) <= 2


def test_an_event_waits_for_room(small: LocalServer, occupied: threading.Event, seen_folder: Path) -> None:
    event: dict[str, Any] = {"do": "touch", "path": str(seen_folder / "run")}
    response = small.client().invoke(FunctionName="other", InvocationType="Event", Payload=json.dumps(event))
    assert response["StatusCode"] == 202
    occupied.set()
    assert wait_until((seen_folder / "run").exists)


def test_an_environment_that_is_killed_while_idle_harms_one_invocation_at_most(small: LocalServer) -> None:
    client = small.client()
    invoke(client, "one")
    for pid in small.environment_pids():
        os.kill(pid, signal.SIGKILL)
    # Frozen processes of cgroup v1 die only when they are thawed, by the next invocation.
    first = invoke(client, "one")
    assert first.error is None or first.payload["errorMessage"].endswith("signal: killed")
    assert invoke(client, "one").error is None


@pytest.mark.parametrize(
    ("memory_gb", "descriptors", "holds"),
    [
        (1, 65_536, 64),
        (4, 65_536, 170),
        (16, 65_536, 682),
        (64, 65_536, 1000),
        (64, 1_024, 85),
        (64, resource.RLIM_INFINITY, 1000),
    ],
)
def test_a_host_holds_as_many_environments_as_its_memory_and_descriptors_allow(
    monkeypatch: pytest.MonkeyPatch, memory_gb: int, descriptors: int, holds: int
) -> None:
    host = {"SC_PHYS_PAGES": memory_gb * 2**30 // 4096, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", host.__getitem__)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, descriptors))
    assert host_environments() == holds
    assert host_environments(watched=True) == min(holds, 256)
