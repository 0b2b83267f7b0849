"""One invocation as it was observed: three clocks, the outcome, the REPORT and the payload's own account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from lambda_tui.results.answered import handler_ms_of
from lambda_tui.results.report import Report

InvocationStatus = Literal["ok", "function_error", "throttled", "failed"]
"""`failed` is a transport failure; `function_error` ran, and is billed; `throttled` never ran."""


@dataclass(frozen=True, slots=True)
class InvocationError:
    """What went wrong: `type` is Lambda's error type, a throttle's Reason, or a transport error's name."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class CpuUse:
    """What the embedded Lambda counted for one invocation, INIT not included.

    `used_ms` is CPU time of all its processes. The quota ended `throttled_periods` periods of 20 ms early;
    `throttled_ms` is how long threads waited for it, summed over the CPUs (cpu.stat of control groups).
    """

    used_ms: float
    throttled_periods: int
    throttled_ms: float


@dataclass(frozen=True, slots=True)
class Invocation:
    """One request and all that is known about it. Times count from the start of the run, monotonic.

    `cpu` only the embedded Lambda knows; it is kept, shown and in the CSV, but no part of the run document.
    """

    index: int
    scheduled_ms: float
    started_ms: float
    ended_ms: float
    status: InvocationStatus
    error: InvocationError | None
    request_id: str | None
    environment_id: str | None
    cold: bool
    warmup: bool
    report: Report | None
    usd: Decimal | None
    payload: Mapping[str, Any] | None
    cpu: CpuUse | None = None

    @property
    def latency_ms(self) -> float:
        """What a user waiting since the intended start sees (coordinated omission included)."""
        return self.ended_ms - self.scheduled_ms

    @property
    def service_ms(self) -> float:
        """From the actual send to the answer."""
        return self.ended_ms - self.started_ms

    @property
    def duration_ms(self) -> float | None:
        """Lambda's own Duration; None where there is no REPORT."""
        return None if self.report is None else self.report.duration_ms

    @property
    def handler_ms(self) -> float | None:
        """The payload's own clock, if it is one of our payload functions."""
        return handler_ms_of(self.payload)

    def to_document(self) -> dict[str, Any]:
        """The entry of the run document's `invocations` (contract: `run` document)."""
        return {
            "index": self.index,
            "scheduled_ms": self.scheduled_ms,
            "started_ms": self.started_ms,
            "ended_ms": self.ended_ms,
            "latency_ms": round(self.latency_ms, 3),
            "service_ms": round(self.service_ms, 3),
            "status": self.status,
            "error": None if self.error is None else {"type": self.error.type, "message": self.error.message},
            "request_id": self.request_id,
            "environment_id": self.environment_id,
            "cold": self.cold,
            "warmup": self.warmup,
            "report": None if self.report is None else self.report.to_run_document(),
            "usd": None if self.usd is None else format(self.usd, "f"),
            "payload": None if self.payload is None else dict(self.payload),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Invocation:
        """The inverse of `to_document`; trusts its input (it comes from our own engine or database)."""
        error, report, usd = document["error"], document["report"], document["usd"]
        return cls(
            index=document["index"],
            scheduled_ms=document["scheduled_ms"],
            started_ms=document["started_ms"],
            ended_ms=document["ended_ms"],
            status=document["status"],
            error=None if error is None else InvocationError(error["type"], error["message"]),
            request_id=document["request_id"],
            environment_id=document["environment_id"],
            cold=document["cold"],
            warmup=document["warmup"],
            report=None if report is None else Report.from_run_document(document["request_id"], report),
            usd=None if usd is None else Decimal(usd),
            payload=document["payload"],
        )
