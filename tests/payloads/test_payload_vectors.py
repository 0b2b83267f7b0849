"""The shared vectors: correct by the README's definition, and equal to what the Python payload gives."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.payloads.payload_environment import PYTHON_PAYLOAD, PayloadEnvironment, load_contract, validator

VECTORS = load_contract("vectors.json")
EVENT_SCHEMA = validator("event.schema.json")


def load_event_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("payload_event", PYTHON_PAYLOAD / "event.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EVENT_MODULE = load_event_module()
MODELS: tuple[str, ...] = EVENT_MODULE.MODELS


def sieve(limit: int) -> bytearray:
    flags = bytearray([1]) * limit
    flags[:2] = b"\0\0"
    for number in range(2, math.isqrt(limit) + 1):
        if flags[number]:
            flags[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return flags


def reference_result(workload: Mapping[str, Any], index: int, is_prime: bytearray) -> bytes:
    """A task's result computed from the README's definition, independently of the payload."""
    if workload["kind"] in {"sleep", "http"}:
        return f"task-{index}\n".encode()
    work = workload["work"]
    if workload["kind"] == "sha256":
        return hashlib.sha256(f"task-{index}\n".encode() + bytes(work * 16 * 2**20)).hexdigest().encode()
    starts = [10_000_000 + 2300 * (unit % 64) for unit in range(index * work, index * work + work)]
    return str(sum(sum(is_prime[start : start + 2300]) for start in starts)).encode()


def reference_checksum(results: Mapping[int, bytes]) -> str:
    lines = [f"{index} {hashlib.sha256(result).hexdigest()}\n" for index, result in sorted(results.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def test_checksum_vectors_follow_the_readme() -> None:
    is_prime = sieve(10_000_000 + 2300 * 64)
    for vector in VECTORS["checksums"]:
        workload = vector["workload"]
        results = {index: reference_result(workload, index, is_prime) for index in range(workload["tasks"])}
        assert reference_checksum(results) == vector["checksum"], workload


def test_partial_vectors_follow_the_readme() -> None:
    for vector in VECTORS["partial"]:
        results = {int(index): result.encode() for index, result in vector["completed"].items()}
        assert reference_checksum(results) == vector["checksum"]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_gives_the_checksums(warm: PayloadEnvironment, model: str) -> None:
    for vector in VECTORS["checksums"]:
        response = warm.run(model, **vector["workload"])
        assert response["checksum"] == vector["checksum"], vector
        assert response["completed"] == vector["workload"]["tasks"]
        assert [task["index"] for task in response["tasks"]] == list(range(vector["workload"]["tasks"]))


def test_checksum_does_not_depend_on_workers(warm: PayloadEnvironment) -> None:
    vector = VECTORS["checksums"][1]
    checksums = {warm.run("processes", workers, **vector["workload"])["checksum"] for workers in (1, 5, 100)}
    assert checksums == {vector["checksum"]}


@pytest.mark.parametrize("vector", VECTORS["bad_events"], ids=lambda vector: vector["field"])
def test_bad_events_are_refused_by_schema_and_payload(warm: PayloadEnvironment, vector: Any) -> None:
    assert not EVENT_SCHEMA.is_valid(vector["event"])
    outcome = warm.outcome(vector["event"])
    assert outcome["errorType"] == "InvalidEvent"
    assert outcome["errorMessage"].startswith(vector["field"] + " ")


@pytest.mark.parametrize("vector", VECTORS["refused_events"], ids=lambda vector: vector["field"])
def test_events_only_the_payload_can_refuse(
    new_environment: Callable[..., PayloadEnvironment], vector: Any
) -> None:
    EVENT_SCHEMA.validate(vector["event"])
    outcome = new_environment().outcome(vector["event"])
    assert outcome["errorType"] == "InvalidEvent"
    assert outcome["errorMessage"].startswith(vector["field"] + " ")


def test_a_bad_upstream_variable_is_named(new_environment: Callable[..., PayloadEnvironment]) -> None:
    event = {"schema": 1, "workload": {"kind": "http", "tasks": 1}, "concurrency": {"model": "sequential"}}
    outcome = new_environment(UPSTREAM_URL="127.0.0.1:80").outcome(event)
    assert outcome["errorType"] == "InvalidEvent"
    assert "UPSTREAM_URL" in outcome["errorMessage"]


MISSING = object()
PATHS = {
    "workload": (
        *("kind", "tasks", "task_ms", "work", "url", "bucket", "keys", "table", "queue_url"),
        *("operation", "items", "poison", "color"),
    ),
    "concurrency": ("model", "workers", "color"),
}
places = st.sampled_from(
    [
        ("schema",),
        ("color",),
        *((top,) for top in PATHS),
        *((top, name) for top in PATHS for name in PATHS[top]),
    ]
)
values = (
    st.sampled_from([MISSING, None, True, False, 1.0, 2.5, 1e300, 0, 1000, 1001, 10_000, 10_001, 900_000.5])
    | st.sampled_from(["sleep", "primes", "nap", "http://a", "https://[::1]:80/x", "http://", "http://a/?q"])
    | st.sampled_from(MODELS)
    | st.integers(-2, 10**6 + 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["get", "put", "batch-put", "partial-batch", "whole-batch", "dynamodb", "sqs", "my-bucket"]
    )
    | st.lists(st.integers() | st.sampled_from(["", "key", "k" * 1025]), max_size=2)
)


@given(st.lists(st.tuples(places, values), max_size=2))
def test_schema_and_payload_agree_on_every_event(changes: list[tuple[tuple[str, ...], object]]) -> None:
    event: dict[str, Any] = {
        "schema": 1,
        "workload": {"kind": "sha256", "tasks": 3, "url": None},
        "concurrency": {"model": "threads", "workers": 2},
    }
    for (*parents, name), value in changes:
        place = event.get(parents[0]) if parents else event
        if not isinstance(place, dict):
            continue
        place[name] = value
        if value is MISSING:
            del place[name]
    # What the schema cannot express: null fields are taken from the environment.
    environment = {
        "UPSTREAM_URL": "http://a",
        "BUCKET": "bucket",
        "TABLE": "table",
        "QUEUE_URL": "http://a/q",
    }
    with patch.dict(os.environ, environment):
        accepted = is_accepted(event)
    assert accepted == EVENT_SCHEMA.is_valid(event)


def is_accepted(event: object) -> bool:
    try:
        EVENT_MODULE.parse_event(event)
    except EVENT_MODULE.InvalidEvent:
        return False
    return True
