"""The workloads s3, dynamodb and sqs, with boto3; importing it costs a quarter of a second of CPU.

All workers share one client: clients may be used from several threads, resources may not (boto3 guide,
"Clients" and "Resources"). Endpoints come from the environment (AWS_ENDPOINT_URL_S3 ...) or are AWS's own.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache, partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from event import Workload
from outcome import Task, TaskFailed

ITEMS = 1000
"""DynamoDB items to get: item-0000 to item-0999."""

BATCH_ATTEMPTS = 6
BATCH_PAUSE_S = 0.05
"""Pause before unprocessed items are retried, doubled each time (DynamoDB guide, BatchWriteItem)."""

_SESSION = boto3.Session()


class ServiceFailed(Exception):
    """What the tasks need to know cannot be read; the invocation fails."""


@lru_cache(maxsize=1)
def _client(kind: str, connections: int, process_id: int) -> Any:
    """One client for the life of the environment. A forked process must not use its parent's connections."""
    return _SESSION.client(
        kind, config=Config(max_pool_connections=connections, retries={"mode": "standard"})
    )


def prepare(kind: str) -> None:
    """Load the service's model and build a client's classes; a forked process makes a client of its own."""
    _SESSION.client(kind, config=Config(retries={"mode": "standard"}))


def _own_client(workload: Workload) -> Any:
    return _client(workload.kind, workload.connections, os.getpid())


def prepared(workload: Workload) -> Workload:
    """The workload with what must be known before its tasks begin; read once, not by every process.

    Raises:
        ServiceFailed: the bucket cannot be listed, or is empty.
    """
    client = _own_client(workload)  # its service model, loaded here, is there for forked processes too
    if workload.kind != "s3" or workload.keys is not None:
        return workload
    try:
        return workload._replace(keys=_listed(client, workload))
    except (BotoCoreError, ClientError) as error:
        raise ServiceFailed(f"the bucket {workload.bucket} cannot be listed: {error}") from error


def _listed(client: Any, workload: Workload) -> tuple[str, ...]:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=workload.bucket,
        PaginationConfig={"MaxItems": workload.tasks, "PageSize": min(workload.tasks, 1000)},
    )
    keys = tuple(entry["Key"] for page in pages for entry in page.get("Contents", ()))
    if not keys:
        raise ServiceFailed(f"the bucket {workload.bucket} is empty")
    return keys


def service_task(workload: Workload) -> Task:
    """The workload as a function that blocks its thread; usable from several threads at once."""
    task = _DYNAMODB_TASKS[workload.operation] if workload.kind == "dynamodb" else _TASKS[workload.kind]
    return partial(_perform, task, _own_client(workload), workload)


def _perform(task: Any, client: Any, workload: Workload, index: int) -> bytes:
    try:
        result: bytes = task(client, workload, index)
    except (BotoCoreError, ClientError) as error:
        raise TaskFailed(f"{workload.kind} failed: {error}") from error
    return result


def _get_object(client: Any, workload: Workload, index: int) -> bytes:
    assert workload.keys is not None
    key = workload.keys[index % len(workload.keys)]
    body: bytes = client.get_object(Bucket=workload.bucket, Key=key)["Body"].read()
    return body


def _get_item(client: Any, workload: Workload, index: int) -> bytes:
    item_id = f"item-{index % ITEMS:04}"
    answer = client.get_item(TableName=workload.table, Key={"id": {"S": item_id}})
    if "Item" not in answer:
        raise TaskFailed(f"the table {workload.table} has no {item_id}")
    value: str = answer["Item"]["value"]["S"]
    return value.encode()


def _put_items(client: Any, workload: Workload, index: int) -> bytes:
    for item in _new_items(workload, index):
        client.put_item(TableName=workload.table, Item=item)
    return _written(workload, index)


def _batch_put_items(client: Any, workload: Workload, index: int) -> bytes:
    requests: Any = {workload.table: [{"PutRequest": {"Item": item}} for item in _new_items(workload, index)]}
    for attempt in range(BATCH_ATTEMPTS):
        requests = client.batch_write_item(RequestItems=requests)["UnprocessedItems"]
        if not requests:
            return _written(workload, index)
        time.sleep(BATCH_PAUSE_S * 2**attempt)
    left = sum(map(len, requests.values()))
    raise TaskFailed(f"{left} of {workload.items} items were not written in {BATCH_ATTEMPTS} attempts")


def _new_items(workload: Workload, index: int) -> list[dict[str, dict[str, str]]]:
    return [
        {"id": {"S": f"written-{index}-{number}"}, "value": {"S": f"value-{index}-{number}"}}
        for number in range(workload.items)
    ]


def _written(workload: Workload, index: int) -> bytes:
    return b"".join(b"written-%d-%d\n" % (index, number) for number in range(workload.items))


def _forward_record(client: Any, workload: Workload, index: int) -> bytes:
    if index == workload.poison:
        raise TaskFailed("the record is poison")
    body = f"record-{index}"
    client.send_message(QueueUrl=workload.queue_url, MessageBody=body)
    return body.encode()


_TASKS = {"s3": _get_object, "sqs": _forward_record}
_DYNAMODB_TASKS = {"get": _get_item, "put": _put_items, "batch-put": _batch_put_items}
