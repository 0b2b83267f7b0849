"""Invocations as the database keeps them: up to a thousand in a row, as two columns of text.

`documents` is a JSON array of one array each; `payloads` has a line for each function's answer as it came,
which is only parsed when somebody looks into it. What version 1 and 2 wrote (the object of the run document,
or an array with the answer inside) is read too.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from lambda_tui.history.codec import to_text
from lambda_tui.results import AnsweredText, CpuUse, Invocation, InvocationError, Report

Packed = tuple[int, str, str]
"""How many invocations, their `documents`, their `payloads`."""

MOST_AT_ONCE = 1000


def packed(batch: Sequence[Invocation]) -> Iterator[Packed]:
    """The rows of a batch."""
    for start in range(0, len(batch), MOST_AT_ONCE):
        part = batch[start : start + MOST_AT_ONCE]
        payloads = [_line(one.payload) for one in part if one.payload is not None]
        yield len(part), to_text([_document(one) for one in part]), "\n".join(payloads)


def unpacked(rows: Iterable[tuple[str, str]]) -> list[Invocation]:
    """The inverse of `packed`, from `documents` and `payloads`."""
    found: list[Invocation] = []
    with _no_collection():
        for documents, payloads in rows:
            lines = iter(payloads.split("\n"))
            found += [_invocation(document, lines) for document in json.loads(documents)]
    return found


def _line(payload: Mapping[str, Any]) -> str:
    # In JSON a line break is only ever a blank between two values.
    return (payload.text if isinstance(payload, AnsweredText) else to_text(dict(payload))).replace("\n", " ")


def _document(one: Invocation) -> tuple[object, ...]:
    """What the run document tells of an invocation, by position; the order is that of `_invocation`."""
    error, report = one.error, one.report
    return (
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
        None if one.payload is None else (one.handler_ms,),
        *(() if one.cpu is None else (one.cpu.used_ms, one.cpu.throttled_periods, one.cpu.throttled_ms)),
    )


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


def _invocation(row: Any, lines: Iterator[str]) -> Invocation:
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
        AnsweredText(next(lines), *payload) if isinstance(payload, list) else payload,
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
