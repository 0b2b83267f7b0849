"""A run as others read it: the contract's `run` document, and one CSV row an invocation."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TextIO

from lambda_tui.billing import Bill, money_text
from lambda_tui.results import CpuUse, Invocation, Summary
from lambda_tui.scenario import Scenario

RUN_SCHEMA = "lambda-tui/run@1"

CSV_COLUMNS = (
    "run_id",
    "index",
    "scheduled_ms",
    "started_ms",
    "ended_ms",
    "latency_ms",
    "service_ms",
    "status",
    "error_type",
    "error_message",
    "request_id",
    "environment_id",
    "cold",
    "warmup",
    "duration_ms",
    "billed_ms",
    "init_ms",
    "restore_ms",
    "memory_mb",
    "max_memory_used_mb",
    "report_status",
    "usd",
    "handler_ms",
    "cpu_ms",
    "tasks_completed",
    "cpu_used_ms",
    "throttled_periods",
    "throttled_ms",
)


class Description(Protocol):
    """What is told of a target: `targets.TargetDescription` is one (same floor, not importable)."""

    def to_document(self) -> dict[str, Any]: ...


class MeasuredRun(Protocol):
    """A run that can be written out: the load engine's Snapshot and the history's RecordedRun are."""

    @property
    def run_id(self) -> str: ...
    @property
    def started_at(self) -> str: ...
    @property
    def scenario(self) -> Scenario: ...
    @property
    def target(self) -> Description | None: ...
    @property
    def invocations(self) -> Sequence[Invocation]: ...
    @property
    def summary(self) -> Summary: ...
    @property
    def bill(self) -> Bill: ...


def run_document(run: MeasuredRun) -> dict[str, Any]:
    """The `run` document of the contract."""
    return {
        "schema": RUN_SCHEMA,
        "id": run.run_id,
        "name": run.scenario.name,
        "started_at": run.started_at,
        "scenario": run.scenario.to_document(),
        "target": None if run.target is None else run.target.to_document(),
        "invocations": [_invocation_document(invocation) for invocation in run.invocations],
        "summary": run.summary.to_document(),
        "bill": run.bill.to_document(),
    }


def write_csv(file: TextIO, run: MeasuredRun) -> None:
    """A header and one row an invocation. Units are in the names; booleans are true and false."""
    writer = csv.DictWriter(file, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(csv_rows(run))


def csv_rows(run: MeasuredRun) -> Iterator[dict[str, Any]]:
    """One flat mapping an invocation, by CSV_COLUMNS; what is not known is empty."""
    for invocation in run.invocations:
        document = _invocation_document(invocation)
        report = document.pop("report") or {}
        error = document.pop("error") or {}
        payload = document.pop("payload") or {}
        yield {
            "run_id": run.run_id,
            **{key: _plain(value) for key, value in document.items()},
            "error_type": error.get("type"),
            "error_message": error.get("message"),
            **_pick(report, ("duration_ms", "billed_ms", "init_ms", "restore_ms")),
            **_pick(report, ("memory_mb", "max_memory_used_mb")),
            "report_status": report.get("status"),
            **_pick(payload, ("handler_ms", "cpu_ms")),
            "tasks_completed": payload.get("completed"),
            **_cpu_columns(invocation.cpu),
        }


def _cpu_columns(cpu: CpuUse | None) -> dict[str, float]:
    if cpu is None:
        return {}
    return {
        "cpu_used_ms": cpu.used_ms,
        "throttled_periods": cpu.throttled_periods,
        "throttled_ms": cpu.throttled_ms,
    }


def _invocation_document(invocation: Invocation) -> dict[str, Any]:
    # Money without an exponent, which spreadsheets and strict readers of decimals do not take.
    usd = None if invocation.usd is None else money_text(invocation.usd)
    return {**invocation.to_document(), "usd": usd}


def _pick(source: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: source.get(name) for name in names}


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
