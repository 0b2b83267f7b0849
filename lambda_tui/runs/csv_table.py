"""A run as CSV: one row per invocation."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import fields
from itertools import chain
from typing import Any, TextIO

from lambda_tui.results import CpuUse, InvocationError
from lambda_tui.results.invocation import DOCUMENT_FIELDS
from lambda_tui.results.report import KEPT_FIELDS
from lambda_tui.runs.document import invocation_document
from lambda_tui.runs.measured import MeasuredRun

COLUMNS_OF = {
    "error": {f"error_{entry.name}": entry.name for entry in fields(InvocationError)},
    "report": {"report_status" if name == "status" else name: name for name in KEPT_FIELDS},
    "payload": {"handler_ms": "handler_ms", "cpu_ms": "cpu_ms", "tasks_completed": "completed"},
}
"""The columns for the nested parts of an invocation's document, with the key of each."""

CPU_COLUMNS = {
    "cpu_used_ms" if entry.name == "used_ms" else entry.name: entry.name for entry in fields(CpuUse)
}
"""What only the embedded Lambda measures; not in the document."""

CSV_COLUMNS = (
    "run_id",
    *chain.from_iterable(COLUMNS_OF.get(name, (name,)) for name in DOCUMENT_FIELDS),
    *CPU_COLUMNS,
)


def write_csv(file: TextIO, run: MeasuredRun) -> None:
    """A header and one row per invocation. Units are in the names; booleans are true and false."""
    writer = csv.DictWriter(file, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(csv_rows(run))


def csv_rows(run: MeasuredRun) -> Iterator[dict[str, Any]]:
    """One flat mapping per invocation, by CSV_COLUMNS; unknown values are empty."""
    for invocation in run.invocations:
        document = invocation_document(invocation)
        parts = {part: document.pop(part) or {} for part in COLUMNS_OF}
        row = {"run_id": run.run_id, **{key: _plain(value) for key, value in document.items()}}
        for part, columns in COLUMNS_OF.items():
            row |= {column: parts[part].get(key) for column, key in columns.items()}
        if invocation.cpu is not None:
            row |= {column: getattr(invocation.cpu, name) for column, name in CPU_COLUMNS.items()}
        yield row


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
