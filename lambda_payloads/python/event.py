"""The event: what one invocation should do, checked by hand so that INIT needs no schema library."""

from __future__ import annotations

import os
import re
import reprlib
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, NamedTuple

KINDS = ("sleep", "http", "sha256", "primes", "mixed", "s3", "dynamodb", "sqs")
SERVICE_KINDS = ("s3", "dynamodb", "sqs")
OPERATIONS = {"dynamodb": ("get", "put", "batch-put"), "sqs": ("partial-batch", "whole-batch")}
"""The operations of a kind; the first is the default."""

MODELS = ("sequential", "threads", "thread-pool", "asyncio", "asyncio-blocking", "processes", "process-pool")

URL = re.compile(
    r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?(/[A-Za-z0-9._~%/:@!$&'()*+,;=-]*)?"
)

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")

_REQUIRED = object()


class InvalidEvent(ValueError):
    """The event cannot be carried out; the message names the field."""


class Workload(NamedTuple):
    """`tasks` pieces of work, each waiting `task_ms` or computing `work` units; `url` is set for http.

    The rest is for the services: what to request, and how many `connections` there may be.
    """

    kind: str
    tasks: int
    task_ms: float
    work: int
    url: str | None
    bucket: str | None
    keys: tuple[str, ...] | None
    table: str | None
    queue_url: str | None
    operation: str
    items: int
    poison: int | None
    connections: int


class Event(NamedTuple):
    """One invocation: the work and how it is spread over `workers`."""

    workload: Workload
    model: str
    workers: int


def parse_event(document: object) -> Event:
    """Check an event as event.schema.json does and fill in its defaults.

    Raises:
        InvalidEvent: for the first field that is missing, unknown or invalid.
    """
    event = _object(document, "event", {"schema", "workload", "concurrency"})
    schema = _field(event, "schema")
    if isinstance(schema, bool) or schema != 1:
        raise InvalidEvent(f"schema must be 1, not {_shown(schema)}")
    workload = _object(_field(event, "workload"), "workload", set(Workload._fields) - {"connections"})
    concurrency = _object(_field(event, "concurrency"), "concurrency", {"model", "workers"})
    workers = _integer(concurrency, "concurrency.workers", 1, 1_000, default=1)
    return Event(
        workload=_workload(workload)._replace(connections=workers),
        model=_choice(concurrency, "concurrency.model", MODELS),
        workers=workers,
    )


def _workload(fields: Mapping[str, Any]) -> Workload:
    kind = _choice(fields, "workload.kind", KINDS)
    return Workload(
        kind=kind,
        tasks=_integer(fields, "workload.tasks", 1, 10_000),
        task_ms=_number(fields, "workload.task_ms", 0, 900_000, default=0),
        work=_integer(fields, "workload.work", 1, 1_000_000, default=1),
        operation=_operation(fields, kind),
        items=_integer(fields, "workload.items", 1, 25, default=5),
        poison=None if fields.get("poison") is None else _integer(fields, "workload.poison", 0, 9_999),
        keys=_keys(fields.get("keys")),
        # Last, because these may be missing from an environment that has none of the services.
        url=_resource(fields, "url", _check_url, "UPSTREAM_URL" if kind == "http" else None),
        bucket=_resource(fields, "bucket", _check_bucket, "BUCKET" if kind == "s3" else None),
        table=_resource(fields, "table", _check_table, "TABLE" if kind == "dynamodb" else None),
        queue_url=_resource(fields, "queue_url", _check_url, "QUEUE_URL" if kind == "sqs" else None),
        connections=1,
    )


def _resource(
    fields: Mapping[str, Any], field: str, check: Callable[[object, str], str], variable: str | None
) -> str | None:
    """What the task works on: the event's field or, if that is null, the environment `variable`."""
    value = fields.get(field)
    if value is not None:
        return check(value, f"workload.{field}")
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise InvalidEvent(f"workload.{field} is null and the environment variable {variable} is not set")
    return check(value, f"the environment variable {variable}")


def _check_url(url: object, name: str) -> str:
    match = URL.fullmatch(url) if isinstance(url, str) else None
    if match is None or int(match["port"] or 0) > 65_535:
        raise InvalidEvent(f"{name} must be an http:// or https:// address without query, not {_shown(url)}")
    return match[0]


def _check_bucket(bucket: object, name: str) -> str:
    if not isinstance(bucket, str) or not BUCKET.fullmatch(bucket):
        raise InvalidEvent(f"{name} must be the name of a bucket, not {_shown(bucket)}")
    return bucket


def _check_table(table: object, name: str) -> str:
    if not isinstance(table, str) or not TABLE.fullmatch(table):
        raise InvalidEvent(f"{name} must be the name of a table, not {_shown(table)}")
    return table


def _keys(keys: object) -> tuple[str, ...] | None:
    if keys is None:
        return None
    if not isinstance(keys, list) or not 1 <= len(keys) <= 10_000:
        raise InvalidEvent(f"workload.keys must be a list of 1 to 10000 keys, not {_shown(keys)}")
    for key in keys:
        if not isinstance(key, str) or not 1 <= len(key) <= 1024:
            raise InvalidEvent(f"workload.keys must hold keys of 1 to 1024 characters, not {_shown(key)}")
    return tuple(keys)


def _operation(fields: Mapping[str, Any], kind: str) -> str:
    choices = OPERATIONS.get(kind) or tuple(chain.from_iterable(OPERATIONS.values()))
    if fields.get("operation") is None:
        return choices[0]
    return _choice(fields, "workload.operation", choices)


def _object(value: object, name: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidEvent(f"{name} must be an object, not {_shown(value)}")
    prefix = "" if name == "event" else f"{name}."
    for field in value:
        if field not in known:
            raise InvalidEvent(f"{prefix}{field:.60} is not a field of the event: use {_list(sorted(known))}")
    return value


def _field(fields: Mapping[str, Any], path: str, default: object = _REQUIRED) -> Any:
    value = fields.get(path.rpartition(".")[2], default)
    if value is _REQUIRED:
        raise InvalidEvent(f"{path} is missing")
    return value


def _choice(fields: Mapping[str, Any], path: str, choices: tuple[str, ...]) -> str:
    value = _field(fields, path)
    if not isinstance(value, str) or value not in choices:
        raise InvalidEvent(f"{path} must be {_list(choices)}, not {_shown(value)}")
    return value


def _number(
    fields: Mapping[str, Any], path: str, low: float, high: float, default: object = _REQUIRED
) -> float:
    value = _field(fields, path, default)
    # JSON's true is not a number, though Python's True is an int.
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidEvent(f"{path} must be a number from {low} to {high}, not {_shown(value)}")
    return value


def _integer(fields: Mapping[str, Any], path: str, low: int, high: int, default: object = _REQUIRED) -> int:
    value = _field(fields, path, default)
    # 3.0 is an integer in JSON Schema, and in languages that have only one kind of number.
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
    if not whole or not low <= value <= high:
        raise InvalidEvent(f"{path} must be an integer from {low} to {high}, not {_shown(value)}")
    return int(value)


def _list(words: tuple[str, ...] | list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _shown(value: object) -> str:
    return reprlib.repr(value)
