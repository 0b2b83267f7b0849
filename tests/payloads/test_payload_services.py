"""The workloads s3, dynamodb and sqs against moto, behind a latency."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.payloads.payload_environment import PayloadEnvironment, load_contract
from tests.payloads.running_services import KEYS, RunningServices

MODELS = ("sequential", "threads", "thread-pool", "asyncio", "asyncio-blocking", "processes", "process-pool")
VECTORS = load_contract("vectors.json")["service_checksums"]


def at_once(response: Any) -> int:
    """The most tasks in progress at the same time."""
    steps = [(task["start_ms"], 1) for task in response["tasks"]]
    steps += [(task["end_ms"], -1) for task in response["tasks"]]
    under_way, most = 0, 0
    for _, step in sorted(steps):
        under_way += step
        most = max(most, under_way)
    return most


class CountedQueue:
    """A queue of its own."""

    def __init__(self, services: RunningServices) -> None:
        self.client = boto3.client(
            "sqs",
            endpoint_url=services.server.url,
            region_name="us-east-1",
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )
        self.url: str = self.client.create_queue(QueueName=f"queue-{uuid4()}")["QueueUrl"]

    def __len__(self) -> int:
        name = "ApproximateNumberOfMessages"
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return int(answer["Attributes"][name])


@pytest.fixture
def queue(services: RunningServices) -> Iterator[CountedQueue]:
    made = CountedQueue(services)
    yield made
    made.client.delete_queue(QueueUrl=made.url)
    made.client.close()


@pytest.mark.parametrize("model", MODELS)
def test_every_model_gives_the_checksums(
    with_services: PayloadEnvironment, services: RunningServices, model: str
) -> None:
    for vector in VECTORS:
        response = with_services.run(model, **vector["workload"])
        assert response["checksum"] == vector["checksum"], (vector, response["tasks"])


@pytest.mark.parametrize("model", ["threads", "thread-pool", "asyncio"])
def test_waiting_for_s3_overlaps(
    with_services: PayloadEnvironment, services: RunningServices, model: str
) -> None:
    services.behave(latency_ms=20)
    alone = with_services.run("sequential", kind="s3", tasks=20)
    assert alone["handler_ms"] >= 21 * 20, "a listing and 20 objects"
    assert at_once(alone) == 1
    # Several tries, because a busy machine delays.
    responses = (with_services.run(model, workers=10, kind="s3", tasks=20) for _ in range(10))
    assert any(response["handler_ms"] < alone["handler_ms"] / 2 for response in responses)


def test_blocking_calls_stop_the_loop(with_services: PayloadEnvironment, services: RunningServices) -> None:
    services.behave(latency_ms=20)
    response = with_services.run("asyncio-blocking", workers=5, kind="s3", tasks=5)
    for earlier, later in pairwise(response["tasks"]):
        assert later["start_ms"] >= earlier["end_ms"]


def test_asyncio_has_as_many_threads_as_workers(
    with_services: PayloadEnvironment, services: RunningServices
) -> None:
    services.behave(latency_ms=500)
    response = with_services.run("asyncio", workers=40, kind="dynamodb", tasks=40)
    assert response["completed"] == 40
    assert at_once(response) == 40, "asyncio's own pool has at most 32 threads"


def test_one_client_for_all_workers(
    new_environment: Callable[..., PayloadEnvironment], services: RunningServices
) -> None:
    environment = new_environment(**services.variables)
    before = services.server.connection_count
    for model in ("threads", "asyncio", "sequential"):
        assert environment.run(model, workers=4, kind="dynamodb", tasks=40)["completed"] == 40
    assert 1 <= services.server.connection_count - before <= 4


def test_one_batch_write_against_single_puts(
    with_services: PayloadEnvironment, services: RunningServices
) -> None:
    services.behave(latency_ms=20)
    single = with_services.run("sequential", kind="dynamodb", operation="put", tasks=2, items=5)
    batch = with_services.run("sequential", kind="dynamodb", operation="batch-put", tasks=2, items=5)
    assert single["handler_ms"] >= 10 * 20
    assert batch["handler_ms"] >= 2 * 20
    assert batch["handler_ms"] < single["handler_ms"] / 2
    assert batch["checksum"] == single["checksum"]


@pytest.mark.parametrize("model", ["sequential", "threads", "asyncio", "processes"])
def test_a_poison_record_fails_alone(
    with_services: PayloadEnvironment, queue: CountedQueue, model: str
) -> None:
    response = with_services.run(model, workers=5, kind="sqs", tasks=10, poison=3, queue_url=queue.url)
    assert response["batchItemFailures"] == [{"itemIdentifier": "message-3"}]
    assert response["completed"] == 9
    assert response["tasks"][3]["error"] == "the record is poison"
    assert len(queue) == 9


@pytest.mark.parametrize("model", ["sequential", "threads", "asyncio"])
def test_a_poison_record_fails_the_whole_batch(
    with_services: PayloadEnvironment, queue: CountedQueue, model: str
) -> None:
    event = {
        "schema": 1,
        "workload": {
            "kind": "sqs",
            "tasks": 10,
            "poison": 3,
            "operation": "whole-batch",
            "queue_url": queue.url,
        },
        "concurrency": {"model": model, "workers": 5},
    }
    for delivery in (1, 2):
        outcome = with_services.outcome(event)
        assert outcome["errorType"] == "BatchFailed"
        assert outcome["errorMessage"].startswith("message-3 failed (the record is poison)")
        assert len(queue) == 9 * delivery, "the good ones are done again"


def test_a_batch_without_poison(with_services: PayloadEnvironment, services: RunningServices) -> None:
    for operation in ("partial-batch", "whole-batch"):
        response = with_services.run("threads", kind="sqs", operation=operation)
        assert (response["completed"], response["batchItemFailures"]) == (3, [])


def test_a_missing_object_fails_its_task(
    with_services: PayloadEnvironment, services: RunningServices
) -> None:
    response = with_services.run("threads", kind="s3", keys=["object-0001", "none", "object-0002"])
    assert [task["ok"] for task in response["tasks"]] == [True, False, True]
    assert "NoSuchKey" in response["tasks"][1]["error"]


def test_a_bucket_that_cannot_be_listed(with_services: PayloadEnvironment, services: RunningServices) -> None:
    event = {
        "schema": 1,
        "workload": {"kind": "s3", "tasks": 1, "bucket": "no-such-bucket"},
        "concurrency": {"model": "threads"},
    }
    outcome = with_services.outcome(event)
    assert outcome["errorType"] == "ServiceFailed"
    assert outcome["errorMessage"].startswith("the bucket no-such-bucket cannot be listed")


def test_failed_calls_are_tried_again(with_services: PayloadEnvironment, services: RunningServices) -> None:
    workload: Any = {"kind": "s3", "tasks": 1, "keys": ["object-0000"]}
    services.behave(failure_ratio=1)
    response = with_services.run("sequential", **workload)
    assert "InternalError" in response["tasks"][0]["error"]
    assert "reached max retries: 2" in response["tasks"][0]["error"]
    # This seed has the first request fail, the second not.
    services.behave(failure_ratio=0.5, seed=9)
    assert with_services.run("sequential", **workload)["completed"] == 1
