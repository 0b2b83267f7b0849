"""Invocations as the database keeps them: a JSON array each, half the size and time of an object.

Databases of version 1 keep the object of the run document; both are read.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from lambda_tui.history.codec import to_text
from lambda_tui.results import CpuUse, Invocation, InvocationError, Report

_ROWS_AT_ONCE = 1000
"""One call of the JSON parser for so many rows: faster than a call for each, and than one for all."""


def row_text(invocation: Invocation) -> str:
    """What the run document tells of an invocation, by position; the order is that of `_invocation`."""
    one, error, report = invocation, invocation.error, invocation.report
    return to_text(
        (
            one.index,
            one.scheduled_ms,
            one.started_ms,
            one.ended_ms,
            one.status,
            None if error is None else (error.type, error.message),
            one.request_id,
            one.environment_id,
            one.cold,
            one.warmup,
            None if report is None else _report_row(report),
            None if one.usd is None else format(one.usd, "f"),
            one.payload,
            *(() if one.cpu is None else (one.cpu.used_ms, one.cpu.throttled_periods, one.cpu.throttled_ms)),
        )
    )


def invocations_from(texts: Sequence[str]) -> list[Invocation]:
    """The inverse of `row_text`, for many."""
    found: list[Invocation] = []
    with _no_collection():
        for start in range(0, len(texts), _ROWS_AT_ONCE):
            rows = json.loads(f"[{','.join(texts[start : start + _ROWS_AT_ONCE])}]")
            found += map(_invocation, rows)
    return found


def _report_row(report: Report) -> tuple[object, ...]:
    return (
        report.duration_ms,
        report.billed_ms,
        report.memory_mb,
        report.max_memory_used_mb,
        report.init_ms,
        report.restore_ms,
        report.status,
    )


def _invocation(row: Any) -> Invocation:
    if isinstance(row, dict):
        return Invocation.from_document(row)
    # By position, which is quicker than keywords: this is half the time of a reopening.
    index, scheduled, started, ended, status, error, *more = row
    request, environment, cold, warmup, report, usd, payload, *cpu = more
    return Invocation(
        index,
        scheduled,
        started,
        ended,
        status,
        None if error is None else InvocationError(*error),
        request,
        environment,
        cold,
        warmup,
        None if report is None else _report(request, report),
        None if usd is None else Decimal(usd),
        payload,
        CpuUse(*cpu) if cpu else None,
    )


def _report(request_id: str | None, row: list[Any]) -> Report:
    duration_ms, billed_ms, memory_mb, max_memory_used_mb, init_ms, restore_ms, status = row
    return Report(
        request_id,
        duration_ms,
        billed_ms,
        memory_mb,
        max_memory_used_mb,
        init_ms,
        restore_ms,
        status=status,
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hundreds of thousands of new objects, all of which stay: looking for garbage among them, again and
    again as they grow, would take as long as building them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
