"""The http workload against a real server: kept connections, and an upstream that fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.payloads.payload_environment import PayloadEnvironment, Upstream, load_contract

MODELS = ("sequential", "threads", "thread-pool", "asyncio", "asyncio-blocking", "processes", "process-pool")
PARTIAL = load_contract("vectors.json")["partial"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("path", "error"), [("busy", "the upstream answered with status 503"), ("hangs-up/", "did not answer")]
)
def test_a_failed_task_leaves_the_others(
    warm: PayloadEnvironment, upstream: Upstream, model: str, path: str, error: str
) -> None:
    response = warm.run(model, kind="http", task_ms=1, url=f"{upstream.url}/{path}")
    assert [task["ok"] for task in response["tasks"]] == [True, False, True]
    assert error in response["tasks"][1]["error"]
    assert response["completed"] == 2
    assert response["checksum"] == PARTIAL[0]["checksum"]


@pytest.mark.parametrize("model", ["threads", "asyncio"])
def test_nothing_listens(warm: PayloadEnvironment, model: str) -> None:
    response = warm.run(model, kind="http", url="http://127.0.0.1:1")
    assert response["completed"] == 0
    assert response["checksum"] == PARTIAL[1]["checksum"]
    assert all("did not answer" in task["error"] for task in response["tasks"])


@pytest.mark.parametrize("model", ["threads", "asyncio"])
def test_https_is_spoken_and_checked(warm: PayloadEnvironment, upstream: Upstream, model: str) -> None:
    response = warm.run(model, kind="http", tasks=1, url=upstream.url.replace("http:", "https:"))
    assert "SSL" in response["tasks"][0]["error"]


def test_blocking_connections_are_kept_within_an_invocation(
    warm: PayloadEnvironment, upstream: Upstream
) -> None:
    before = upstream.connections
    warm.run("sequential", kind="http", tasks=5, task_ms=1)
    assert upstream.connections - before == 1


def test_asyncio_connections_are_kept_while_warm(
    new_environment: Callable[..., PayloadEnvironment], upstream: Upstream
) -> None:
    environment = new_environment(UPSTREAM_URL=upstream.url)
    before = upstream.connections
    for _ in range(3):
        assert environment.run("asyncio", workers=1, kind="http", task_ms=1)["completed"] == 3
    assert upstream.connections - before == 1


def test_more_connections_than_httpx_usually_allows(warm: PayloadEnvironment, upstream: Upstream) -> None:
    before = upstream.connections
    response = warm.run("asyncio", workers=120, kind="http", tasks=120, task_ms=1000)
    assert response["completed"] == 120
    assert upstream.connections - before > 100
