"""The invocation's part of the run document."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal

from hypothesis import given

from lambda_tui.results import Invocation, InvocationError, Report
from lambda_tui.results.invocation import DOCUMENT_FIELDS, FIELDS
from lambda_tui.results.report import KEPT_FIELDS
from tests.runs.made_runs import any_invocation


@given(any_invocation())
def test_a_document_comes_back_as_the_invocation_but_for_the_cpu(invocation: Invocation) -> None:
    document = json.loads(json.dumps(invocation.to_document()))
    assert tuple(document) == DOCUMENT_FIELDS
    assert Invocation.from_document(document) == replace(invocation, cpu=None)


def test_the_document_is_what_the_contract_says_in_its_order() -> None:
    invocation = Invocation(
        index=1, scheduled_ms=1.0, started_ms=1.5, ended_ms=9.0, status="function_error",
        error=InvocationError("E", "m"), request_id="r", environment_id="e", cold=True, warmup=False,
        report=Report("r", 5.5, 7, 512, 40, 1.5, 2.5), usd=Decimal("1E-7"), payload={"handler_ms": 2},
    )  # fmt: skip
    assert json.dumps(invocation.to_document()) == (
        '{"index": 1, "scheduled_ms": 1.0, "started_ms": 1.5, "ended_ms": 9.0, "latency_ms": 8.0, '
        '"service_ms": 7.5, "status": "function_error", "error": {"type": "E", "message": "m"}, '
        '"request_id": "r", "environment_id": "e", "cold": true, "warmup": false, '
        '"report": {"duration_ms": 5.5, "billed_ms": 7, "init_ms": 1.5, "restore_ms": 2.5, '
        '"memory_mb": 512, "max_memory_used_mb": 40, "status": "success"}, '
        '"usd": "0.0000001", "payload": {"handler_ms": 2}}'
    )


def test_every_field_is_in_the_document_except_the_cpu() -> None:
    assert tuple(entry.name for entry in fields(Invocation)) == FIELDS
    assert set(FIELDS) - set(DOCUMENT_FIELDS) == {"cpu"}
    assert set(KEPT_FIELDS) < {entry.name for entry in fields(Report)}
