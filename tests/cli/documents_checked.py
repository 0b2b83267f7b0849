"""Run and cost documents against their JSON Schemas and their own arithmetic."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

SCHEMAS = Path(__file__).with_name("schemas")


@cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    documents = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (file, Resource.from_contents(document)) for file, document in documents.items()
    )
    return jsonschema.Draft202012Validator(documents[f"{name}.schema.json"], registry=registry)


def check_cost_document(document: dict[str, Any]) -> None:
    """Valid, and its total is the sum of its lines."""
    _validator("cost").validate(document)
    lines = [Decimal(line["usd"]) for line in document["lines"]]
    assert Decimal(document["total_usd"]) == sum(lines)


def check_run_document(document: dict[str, Any]) -> None:
    """Valid, and its GB-seconds and billed milliseconds are the sums over its invocations, exactly."""
    _validator("run").validate(document)
    check_cost_document(document["bill"])
    reports = [
        invocation["report"] for invocation in document["invocations"] if invocation["report"] is not None
    ]
    gb_seconds = sum(
        (Decimal(report["memory_mb"]) / 1024 * report["billed_ms"] / 1000 for report in reports), Decimal(0)
    )
    assert Decimal(document["summary"]["gb_seconds"]) == gb_seconds
    assert Decimal(document["bill"]["gb_seconds"]) == gb_seconds
    assert document["summary"]["billed_ms"] == sum(report["billed_ms"] for report in reports)
    assert document["summary"]["invocations"] == len(document["invocations"])
