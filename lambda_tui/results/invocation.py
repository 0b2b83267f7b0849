"""One invocation as it was observed: three clocks, the outcome, the REPORT and the payload's own account."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any, Literal

from lambda_tui.results.answered import AnsweredText, handler_ms_of
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
    """What the embedded Lambda counted for one invocation, excluding INIT.

    `used_ms` is CPU time of all its processes. The quota ended `throttled_periods` periods of 20 ms early;
    `throttled_ms` is how long threads waited for it, summed over the CPUs (cpu.stat of control groups).
    """

    used_ms: float
    throttled_periods: int
    throttled_ms: float


@dataclass(frozen=True, slots=True)
class Invocation:
    """One request and all that is known about it. Times are monotonic, from the start of the run.

    The order of these fields is the order of the run document, the CSV and the history's rows, all of which
    derive from it: see FIELDS.

    Only the embedded Lambda knows `cpu`; it is kept, shown and in the CSV, but not in the run document.
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
        document = dict(zip(DOCUMENT_FIELDS, _document_values(self), strict=False))
        document["latency_ms"] = round(document["latency_ms"], 3)
        document["service_ms"] = round(document["service_ms"], 3)
        if self.error is not None:
            document["error"] = asdict(self.error)
        if self.report is not None:
            document["report"] = self.report.to_run_document()
        if self.usd is not None:
            document["usd"] = format(self.usd, "f")
        if self.payload is not None:
            document["payload"] = _payload_document(self.payload)
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Invocation:
        """The inverse of `to_document`; trusts its input (it comes from our own engine or database)."""
        values = {name: document[name] for name in DOCUMENT_FIELDS if name in FIELDS}
        error, report, usd = values["error"], values["report"], values["usd"]
        values["error"] = None if error is None else InvocationError(**error)
        values["report"] = None if report is None else Report.from_run_document(values["request_id"], report)
        values["usd"] = None if usd is None else Decimal(usd)
        return cls(**values)


def _payload_document(payload: Mapping[str, Any]) -> dict[str, Any] | str:
    """The result as JSON has it; as text where it holds NaN, Infinity or 1e400, which JSON cannot repeat."""
    document = dict(payload)
    if isinstance(payload, AnsweredText) and _SUSPICIOUS.search(payload.text):
        try:
            json.dumps(document, allow_nan=False)
        except ValueError:
            return payload.text
    return document


_SUSPICIOUS = re.compile(r"NaN|Infinity|\d[eE]\+?\d{3}")


FIELDS = tuple(entry.name for entry in fields(Invocation))

_CLOCKS = FIELDS.index("status")
DOCUMENT_FIELDS = (
    *FIELDS[:_CLOCKS],
    *("latency_ms", "service_ms"),
    *(name for name in FIELDS[_CLOCKS:] if name != "cpu"),
)
"""The keys of an invocation in the run document."""

_document_values = attrgetter(*DOCUMENT_FIELDS)
