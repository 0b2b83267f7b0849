"""From the engine's raw records to Invocations: status, error, REPORT, payload, price."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as BinasciiError
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lambda_tui.load.frames import Exchange, HostFigures
from lambda_tui.results import CpuUse, Invocation, InvocationError, InvocationStatus, Report
from lambda_tui.results.report_parser import parse_report

HTTP_OK = 200
HTTP_THROTTLED = 429

Price = Callable[[Report], Decimal]


def decode(exchange: Exchange, price: Price) -> Invocation:
    """One record of the engine as an Invocation; `price` turns its REPORT into dollars."""
    index, warmup, scheduled_ms, started_ms, ended_ms = exchange[:5]
    status, request_id, function_error, log_tail, body, kind, message, host = exchange[5:]
    document = _json_object(body)
    report = _report(log_tail)
    outcome, error = _outcome(status, function_error, document, kind, message)
    payload = document if outcome == "ok" else None
    environment_id = (payload or {}).get("environment_id") if host is None else host[0].decode("latin-1")
    return Invocation(
        index=index,
        scheduled_ms=round(scheduled_ms, 4),
        started_ms=round(started_ms, 4),
        ended_ms=round(ended_ms, 4),
        status=outcome,
        error=error,
        request_id=request_id or None,
        environment_id=environment_id if isinstance(environment_id, str) else None,
        cold=(report is not None and report.init_ms is not None) or (payload or {}).get("cold") is True,
        warmup=warmup,
        report=report,
        usd=None if report is None else price(report),
        payload=payload,
        cpu=None if host is None else _cpu(host),
    )


def _cpu(host: HostFigures) -> CpuUse | None:
    """None where an endpoint sends something else under these names."""
    try:
        return CpuUse(float(host[1]), int(host[2]), float(host[3]))
    except ValueError:
        return None


def _outcome(
    status: int, function_error: str, document: dict[str, Any] | None, kind: str, message: str
) -> tuple[InvocationStatus, InvocationError | None]:
    said = document or {}
    if status == HTTP_OK and not function_error:
        return "ok", None
    if status == HTTP_OK:
        text = str(said.get("errorMessage") or "the function gave no message")
        timed_out = "Sandbox.Timedout" if "Task timed out" in text else function_error
        return "function_error", InvocationError(str(said.get("errorType") or timed_out), text)
    if status == 0:
        return "failed", InvocationError(kind, message)
    text = str(said.get("message") or said.get("Message") or message or f"HTTP {status}")
    if status == HTTP_THROTTLED:
        return "throttled", InvocationError(
            str(said.get("Reason") or kind or "TooManyRequestsException"), text
        )
    return "failed", InvocationError(kind or str(said.get("__type") or f"HTTP {status}"), text)


def _report(log_tail: bytes) -> Report | None:
    """The REPORT of a base64 log tail; None where there is none, or the header is not base64 at all."""
    try:
        # The first line of a tail may be cut inside a character.
        return parse_report(b64decode(log_tail).decode(errors="replace")) if log_tail else None
    except BinasciiError:
        return None


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body) if body else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
