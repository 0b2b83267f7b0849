"""Limits on what runs at once and what starts per second, against real servers with small quotas."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_tui.local_lambda.scheduling.concurrency import Concurrency, TokenBucket
from tests.local_lambda.local_server import LocalServer, invoke, package, wait_until

Launch = Callable[..., LocalServer]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Ten invocations at once; events are retried immediately."""
    running = LocalServer(tmp_path_factory.mktemp("ten"), "--max-environments", "10", "--time-scale", "1000")
    running.create("probe")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Any:
    return server.client()


@pytest.fixture
def name(request: pytest.FixtureRequest, server: LocalServer, client: Any) -> Iterator[str]:
    own = request.node.name.replace("_", "-")[-60:]
    server.create(own)
    yield own
    client.delete_function(FunctionName=own)


@contextmanager
def running(server: LocalServer, function: str, count: int, seconds: float = 2.0) -> Iterator[None]:
    """This many invocations of a function, all started long ago."""
    client = server.client()
    with ThreadPoolExecutor(count) as pool:
        event = {"do": "sleep", "s": seconds}
        calls = [pool.submit(invoke, client, function, event) for _ in range(count)]
        time.sleep(seconds / 4)
        yield
        assert all(call.result().error is None for call in calls)


def throttle(client: Any, function: str) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        invoke(client, function)
    response: dict[str, Any] = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Error"]["Code"] == "TooManyRequestsException"
    assert int(response["ResponseMetadata"]["HTTPHeaders"]["retry-after"]) >= 1
    return response


def test_a_reservation_is_a_limit_and_a_guarantee(server: LocalServer, client: Any, name: str) -> None:
    put = client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    assert put["ReservedConcurrentExecutions"] == 2
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 2
    assert client.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 2}
    limits = client.get_account_settings()["AccountLimit"]
    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (10, 8)

    with running(server, name, 2):
        refused = throttle(client, name)
        assert refused["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert invoke(client, "probe").error is None
    with running(server, "probe", 8):
        assert throttle(client, "probe")["Reason"] == "ConcurrentInvocationLimitExceeded"
        assert invoke(client, name).error is None, "what is reserved is free"
    client.delete_function_concurrency(FunctionName=name)
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=name)


def test_a_reservation_of_nothing_stops_a_function(client: Any, name: str) -> None:
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert throttle(client, name)["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    client.delete_function_concurrency(FunctionName=name)
    assert invoke(client, name).error is None


def test_too_large_a_reservation_is_refused(client: Any, name: str) -> None:
    with pytest.raises(ClientError, match=r"minimum value of \[1\]"):
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=10)
    assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 10


def test_a_reserved_function_takes_ten_requests_a_second_for_each(client: Any, name: str) -> None:
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    began, answered = time.monotonic(), 0
    with pytest.raises(ClientError) as caught:  # noqa: PT012
        while True:
            invoke(client, name)
            answered += 1
    elapsed = time.monotonic() - began
    assert caught.value.response["Reason"] == "ReservedFunctionInvocationRateLimitExceeded"
    assert 10 <= answered <= 10 + 10 * elapsed + 1
    client.delete_function_concurrency(FunctionName=name)


@pytest.mark.timed
def test_environments_are_added_at_a_limited_rate(launch: Launch) -> None:
    server = launch("--scaling-rate", "3")
    server.create("probe")
    client = server.client()
    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(invoke, client, "probe", {"do": "sleep", "s": 1.0}) for _ in range(6)]
        errors = [call.exception() for call in calls]
    refused = [error for error in errors if isinstance(error, ClientError)]
    # 0.3 a second are refilled while the calls arrive.
    assert len(refused) in (2, 3)
    assert {error.response["Reason"] for error in refused} == {"ConcurrentInvocationLimitExceeded"}
    assert invoke(client, "probe").error is None, "warm environments are not new ones"


def test_provisioned_environments_are_initialised_ahead(server: LocalServer, client: Any, name: str) -> None:
    source = (
        "import os, time\ntime.sleep(0.3)\ndef handler(event, context):\n    time.sleep(event.get('s', 0))\n"
    )
    source += "    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
    client.update_function_code(FunctionName=name, ZipFile=package(probe=source))
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="ready", FunctionVersion="1")
    put = client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="ready", ProvisionedConcurrentExecutions=2
    )
    assert (put["Status"], put["RequestedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 2)

    def config() -> dict[str, Any]:
        answer: dict[str, Any] = client.get_provisioned_concurrency_config(
            FunctionName=name, Qualifier="ready"
        )
        return answer

    assert wait_until(lambda: config()["Status"] == "READY")
    assert config()["AllocatedProvisionedConcurrentExecutions"] == 2
    assert config()["AvailableProvisionedConcurrentExecutions"] == 2
    assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 8
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: invoke(client, f"{name}:ready", {"s": 1}), range(3)))
    # The third finds both taken and spills over.
    kinds = sorted(
        (answer.payload, answer.report.init_ms is None) for answer in answers if answer.report is not None
    )
    assert kinds == [
        ("on-demand", False),
        ("provisioned-concurrency", True),
        ("provisioned-concurrency", True),
    ]
    listed = client.list_provisioned_concurrency_configs(FunctionName=name)
    assert [entry["FunctionArn"].rpartition(":")[2] for entry in listed["ProvisionedConcurrencyConfigs"]] == [
        "ready"
    ]


def test_provisioned_concurrency_comes_and_goes(server: LocalServer, client: Any, name: str) -> None:
    client.publish_version(FunctionName=name)
    before = set(server.environment_pids())  # what earlier tests left may end meanwhile

    def added() -> int:
        return len(set(server.environment_pids()) - before)

    def provision(count: int) -> None:
        client.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=count
        )
        assert wait_until(lambda: status() == "READY")

    def status() -> str:
        answer = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
        return str(answer["Status"])

    provision(3)
    assert wait_until(lambda: added() == 3)
    provision(1)
    assert wait_until(lambda: added() == 1)
    invoke(client, f"{name}:1", {"do": "exit", "status": 1})
    assert invoke(client, f"{name}:1").error is None, "a crashed one starts again"
    client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
    assert wait_until(lambda: added() == 0)
    with pytest.raises(ClientError, match="No Provisioned Concurrency Config"):
        status()


def test_a_provisioned_environment_that_is_killed_serves_again(
    server: LocalServer, client: Any, name: str
) -> None:
    client.publish_version(FunctionName=name)
    before = set(server.environment_pids())
    client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1
    )

    def is_ready() -> bool:
        answer = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
        return bool(answer["Status"] == "READY")

    assert wait_until(is_ready)
    (victim,) = set(server.environment_pids()) - before
    os.kill(victim, signal.SIGKILL)
    # A frozen process of cgroup v1 dies only when it is thawed, by the next invocation.
    first = invoke(client, f"{name}:1")
    assert first.error is None or first.payload["errorMessage"].endswith("signal: killed")
    assert wait_until(is_ready)
    second = invoke(client, f"{name}:1")
    assert second.report is not None
    assert (second.error, second.report.init_ms) == (None, None)


def test_provisioned_concurrency_that_is_refused(client: Any, name: str) -> None:
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    put = client.put_provisioned_concurrency_config
    for qualifier, count, code in (
        ("$LATEST", 1, "InvalidParameterValueException"),
        ("1", 0, "ValidationException"),
        ("1", 10, "InvalidParameterValueException"),
        ("9", 1, "ResourceNotFoundException"),
    ):
        with pytest.raises(ClientError) as caught:
            put(FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=count)
        assert caught.value.response["Error"]["Code"] == code
    put(FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1)
    with pytest.raises(ClientError, match="already has provisioned concurrency"):
        put(FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=1)
    assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 9


def test_an_init_that_fails_makes_provisioning_fail(client: Any, name: str) -> None:
    client.update_function_code(FunctionName=name, ZipFile=package(probe="1 / 0"))
    client.publish_version(FunctionName=name)
    client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=2
    )

    def config() -> dict[str, Any]:
        answer: dict[str, Any] = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
        return answer

    assert wait_until(lambda: config()["Status"] == "FAILED")
    assert config()["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"


def test_an_event_that_fails_is_tried_twice_more(client: Any, name: str, seen_folder: Path) -> None:
    source = (
        "def handler(event, context):\n"
        "    with open(event, 'a') as tries: tries.write(context.aws_request_id + '\\n')\n"
        "    raise ValueError\n"
    )
    client.update_function_code(FunctionName=name, ZipFile=package(probe=source))
    tries = seen_folder / "tries"
    answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(str(tries)))
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert wait_until(lambda: tries.exists() and len(tries.read_text().split()) == 3)
    time.sleep(0.5)  # at this time scale a fourth attempt would come within 0.1 s
    assert tries.read_text().split() == [request_id] * 3


def test_an_event_waits_while_it_is_throttled(client: Any, name: str, seen_folder: Path) -> None:
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    event = json.dumps({"do": "touch", "path": str(seen_folder / "run")})
    assert client.invoke(FunctionName=name, InvocationType="Event", Payload=event)["StatusCode"] == 202
    time.sleep(0.2)
    assert not (seen_folder / "run").exists()
    client.delete_function_concurrency(FunctionName=name)
    assert wait_until((seen_folder / "run").exists)


def test_a_token_bucket_refills_and_does_not_hoard() -> None:
    bucket = TokenBucket(2, 10, now=0)
    assert [bucket.take(0.0), bucket.take(0.0)] == [0, 0]
    assert bucket.take(0.0) == pytest.approx(0.1)
    assert bucket.take(0.1) == pytest.approx(0, abs=1e-9)
    assert [bucket.take(100.0), bucket.take(100.0)] == [0, 0]
    assert bucket.take(100.0) > 0


def test_limits_that_change_while_invocations_run() -> None:
    limits = Concurrency(10, clock=lambda: 0.0)
    for _ in range(3):
        limits.enter("a")
    limits.reserve("a", 4)
    assert (limits.unreserved, limits.running) == (6, 3)
    for _ in range(6):
        limits.enter("b")
    limits.provision("b", 0)
    limits.unreserve("a")
    for _ in range(3):
        limits.leave("a")
    for _ in range(4):
        limits.enter("b")
    assert limits.running == 10
    for _ in range(10):
        limits.leave("b")
    assert limits.running == 0


def test_many_at_once_are_all_answered(server: LocalServer, client: Any) -> None:
    """Throttled or served, nothing is lost, and afterwards nothing counts as running."""
    results: list[str] = []

    def call() -> None:
        try:
            invoke(client, "probe", {"do": "sleep", "s": 0.05})
            results.append("served")
        except ClientError as error:
            results.append(error.response["Reason"])

    threads = [threading.Thread(target=call) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 60
    assert set(results) <= {"served", "ConcurrentInvocationLimitExceeded"}
    with running(server, "probe", 10, seconds=0.5):
        pass
