"""The event: what one invocation is asked to do, checked by hand so that INIT needs no schema library."""

from __future__ import annotations

import os
import re
import reprlib
from collections.abc import Mapping
from typing import Any, NamedTuple

KINDS = ("sleep", "http", "sha256", "primes", "mixed")
LATER_KINDS = ("s3", "dynamodb", "sqs")
MODELS = ("sequential", "threads", "thread-pool", "asyncio", "asyncio-blocking", "processes", "process-pool")

LATER_FIELDS = {"bucket", "keys", "table", "queue_url"}
"""Fields of the workloads that are not available yet; accepted so that one event suits every payload."""

URL = re.compile(
    r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?(/[A-Za-z0-9._~%/:@!$&'()*+,;=-]*)?"
)

_REQUIRED = object()


class InvalidEvent(ValueError):
    """The event cannot be carried out; the message names the field."""


class Workload(NamedTuple):
    """`tasks` pieces of work, each waiting `task_ms` or computing `work` units; `url` is set for http."""

    kind: str
    tasks: int
    task_ms: float
    work: int
    url: str | None


class Event(NamedTuple):
    """One invocation: the work and how it is spread over `workers`."""

    workload: Workload
    model: str
    workers: int


def parse_event(document: object) -> Event:
    """Check an event as event.schema.json does and fill in its defaults.

    Raises:
        InvalidEvent: for the first field that is missing, unknown or unusable.
    """
    event = _object(document, "event", {"schema", "workload", "concurrency"})
    schema = _field(event, "schema")
    if isinstance(schema, bool) or schema != 1:
        raise InvalidEvent(f"schema must be 1, not {_shown(schema)}")
    workload = _object(
        _field(event, "workload"),
        "workload",
        {"kind", "tasks", "task_ms", "work", "url"} | LATER_FIELDS,
    )
    concurrency = _object(_field(event, "concurrency"), "concurrency", {"model", "workers"})
    return Event(
        workload=_workload(workload),
        model=_choice(concurrency, "concurrency.model", MODELS),
        workers=_integer(concurrency, "concurrency.workers", 1, 1_000, default=1),
    )


def _workload(fields: Mapping[str, Any]) -> Workload:
    kind = _choice(fields, "workload.kind", KINDS + LATER_KINDS)
    if kind in LATER_KINDS:
        raise InvalidEvent(f"workload.kind {kind} is not available in this payload yet: use {_list(KINDS)}")
    url = fields.get("url")
    if url is not None:
        _check_url(url, "workload.url")
    return Workload(
        kind=kind,
        tasks=_integer(fields, "workload.tasks", 1, 10_000),
        task_ms=_number(fields, "workload.task_ms", 0, 900_000, default=0),
        work=_integer(fields, "workload.work", 1, 1_000_000, default=1),
        url=url if url is not None or kind != "http" else _upstream_url(),
    )


def _upstream_url() -> str:
    url = os.environ.get("UPSTREAM_URL")
    if not url:
        raise InvalidEvent("workload.url is null and the environment variable UPSTREAM_URL is not set")
    return _check_url(url, "the environment variable UPSTREAM_URL")


def _check_url(url: object, name: str) -> str:
    match = URL.fullmatch(url) if isinstance(url, str) else None
    if match is None or int(match["port"] or 0) > 65_535:
        raise InvalidEvent(f"{name} must be an http:// or https:// address without query, not {_shown(url)}")
    return match[0]


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
