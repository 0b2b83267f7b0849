"""Invocations as the database keeps them: up to a thousand in a row, as two columns of text.

`documents` is a JSON array with one array per invocation; `payloads` has one line per function result as it
came, parsed only when somebody reads it. The rows of versions 1 and 2 (the object of the run document, or an
array with the result inside) can be read too.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any

from lambda_tui.history.codec import to_text
from lambda_tui.results import AnsweredText, CpuUse, Invocation, InvocationError, Report
from lambda_tui.results.answered import handler_ms_of
from lambda_tui.results.invocation import FIELDS
from lambda_tui.results.report import KEPT_FIELDS

Packed = tuple[int, str, str]
"""How many invocations, their `documents`, their `payloads`."""

MOST_AT_ONCE = 1000

_ERROR, _REQUEST_ID, _REPORT, _USD, _PAYLOAD, _CPU = map(
    FIELDS.index, ("error", "request_id", "report", "usd", "payload", "cpu")
)
_values = attrgetter(*FIELDS[:_CPU])
_error_values = attrgetter(*(entry.name for entry in fields(InvocationError)))
_cpu_values = attrgetter(*(entry.name for entry in fields(CpuUse)))

_REPORT_ROW = tuple(entry.name for entry in fields(Report) if entry.name in KEPT_FIELDS)
_UNKEPT = tuple(entry for entry in fields(Report) if entry.name not in ("request_id", *KEPT_FIELDS))
_DEFAULTS = tuple(entry.default for entry in _UNKEPT)
_report_values = attrgetter(*_REPORT_ROW)
_SOURCES = (*_REPORT_ROW, "request_id", *(entry.name for entry in _UNKEPT))
# By position, which is faster than keywords.
_report_arguments = itemgetter(*(_SOURCES.index(entry.name) for entry in fields(Report)))


def packed(batch: Sequence[Invocation]) -> Iterator[Packed]:
    """The rows of a batch."""
    for start in range(0, len(batch), MOST_AT_ONCE):
        part = batch[start : start + MOST_AT_ONCE]
        payloads = [_line(each.payload) for each in part if each.payload is not None]
        yield len(part), to_text([_row(each) for each in part]), "\n".join(payloads)


def unpacked(rows: Iterable[tuple[str, str]]) -> list[Invocation]:
    """The inverse of `packed`, from `documents` and `payloads`."""
    invocations: list[Invocation] = []
    with _no_collection():
        for documents, payloads in rows:
            lines = iter(payloads.split("\n"))
            invocations += [_invocation(document, lines) for document in json.loads(documents)]
    return invocations


def _line(payload: Mapping[str, Any]) -> str:
    # In JSON a line break can only be whitespace between two values.
    return (payload.text if isinstance(payload, AnsweredText) else to_text(dict(payload))).replace("\n", " ")


def _row(invocation: Invocation) -> list[object]:
    """The fields of an Invocation in their own order, `cpu` spread at the end where there is one."""
    row: list[object] = [*_values(invocation)]
    if invocation.error is not None:
        row[_ERROR] = _error_values(invocation.error)
    if invocation.report is not None:
        row[_REPORT] = _report_values(invocation.report)
    if invocation.usd is not None:
        row[_USD] = _decimal_text(invocation.usd)
    if invocation.payload is not None:
        row[_PAYLOAD] = (handler_ms_of(invocation.payload),)
    if invocation.cpu is not None:
        row += _cpu_values(invocation.cpu)
    return row


def _decimal_text(value: Decimal) -> str:
    """All digits without an exponent; `str` takes a third of the time and rarely gives one."""
    text = str(value)
    return format(value, "f") if "E" in text else text


def _invocation(row: Any, lines: Iterator[str]) -> Invocation:
    """The inverse of `_row`; it takes half the time of opening a run."""
    if isinstance(row, dict):
        return Invocation.from_document(row)
    if row[_ERROR] is not None:
        row[_ERROR] = InvocationError(*row[_ERROR])
    if row[_REPORT] is not None:
        row[_REPORT] = _report(row[_REQUEST_ID], row[_REPORT])
    if row[_USD] is not None:
        row[_USD] = Decimal(row[_USD])
    if isinstance(row[_PAYLOAD], list):
        row[_PAYLOAD] = AnsweredText(next(lines), *row[_PAYLOAD])
    if len(row) > _CPU:
        row[_CPU:] = [CpuUse(*row[_CPU:])]
    return Invocation(*row)


def _report(request_id: str | None, row: list[Any]) -> Report:
    return Report(*_report_arguments((*row, request_id, *_DEFAULTS)))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hundreds of thousands of new objects, all of which stay: repeated garbage collections would take as
    long as building them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
