"""What Lambda says about an invocation: its REPORT line or platform.report event."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """One REPORT. Absent fields are None; `status` is "success" when the line states none.

    `billed_ms` is AWS's own figure and decides the bill: it is never recomputed from the rounded
    `duration_ms`. It already contains `init_ms` (since 2025-08-01) and `billed_restore_ms`.
    """

    request_id: str | None
    duration_ms: float
    billed_ms: int
    memory_mb: int
    max_memory_used_mb: int | None = None
    init_ms: float | None = None
    restore_ms: float | None = None
    billed_restore_ms: int | None = None
    status: str = "success"
    error_type: str | None = None
    xray_trace_id: str | None = None

    @property
    def gb_seconds(self) -> Decimal:
        """memory_mb/1024 x billed_ms/1000, exact (AWS pricing page: 1 GB is 1024 MB)."""
        return Decimal(self.memory_mb) * self.billed_ms / (1024 * 1000)

    def to_document(self) -> dict[str, Any]:
        """Every field (contract: `report`); absent ones are None."""
        return {**asdict(self), "phase": None}

    def to_run_document(self) -> dict[str, Any]:
        """The `report` part of an invocation in the run document."""
        return dict(zip(KEPT_FIELDS, _kept_values(self), strict=False))

    @classmethod
    def from_run_document(cls, request_id: str | None, document: dict[str, Any]) -> Report:
        """The inverse of `to_run_document`."""
        return cls(request_id=request_id, **document)


@dataclass(frozen=True, slots=True)
class PhaseReport:
    """One INIT_REPORT or RESTORE_REPORT: a phase that failed, or that was run again within an invocation.

    It is no invocation and has no bill of its own. `phase` is "init", "restore" or "invoke".
    """

    phase: str
    init_ms: float | None = None
    restore_ms: float | None = None
    status: str = "success"
    error_type: str | None = None

    def to_document(self) -> dict[str, Any]:
        """The fields of a `report` object (contract), those that only invocations have as None."""
        return {**dict.fromkeys(DOCUMENT_FIELDS), **asdict(self)}


DOCUMENT_FIELDS = (*(entry.name for entry in fields(Report)), "phase")

KEPT_FIELDS = (
    "duration_ms", "billed_ms", "init_ms", "restore_ms", "memory_mb", "max_memory_used_mb", "status",
)  # fmt: skip
"""What a run keeps of the REPORT of each invocation, in the order of the run document."""

_kept_values = attrgetter(*KEPT_FIELDS)
