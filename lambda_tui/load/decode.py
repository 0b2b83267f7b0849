"""From the engine's raw records to Invocations: status, error, REPORT, payload, price."""

from __future__ import annotations

import json
from binascii import Error as BinasciiError
from binascii import a2b_base64
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lambda_tui.load.engine.frames import Exchange, HostFigures
from lambda_tui.load.engine.limits import HTTP_OK, REPORT_TAIL
from lambda_tui.results import AnsweredText, CpuUse, Invocation, InvocationError, InvocationStatus, Report
from lambda_tui.results.answered import handler_ms_of
from lambda_tui.results.report_parser import closing_report, parse_report

HTTP_THROTTLED = 429

Price = Callable[[Report], Decimal]


def decode(exchange: Exchange, price: Price) -> Invocation:
    """One record of the engine as an Invocation; `price` turns its REPORT into dollars."""
    index, warmup, scheduled_ms, started_ms, ended_ms, status, request_id = exchange[:7]
    function_error, log_tail, body, kind, message, host = exchange[7:]
    document = _json_object(body)
    report = _report(log_tail)
    outcome, error = _outcome(status, function_error, document, kind, message)
    payload = document if outcome == "ok" else None
    said = payload or {}
    environment_id = said.get("environment_id") if host is None else host[0].decode("latin-1")
    # By position: keywords take a microsecond longer.
    return Invocation(
        index,
        round(scheduled_ms, 4),
        round(started_ms, 4),
        round(ended_ms, 4),
        outcome,
        error,
        request_id or None,
        environment_id if isinstance(environment_id, str) else None,
        (report is not None and report.init_ms is not None) or said.get("cold") is True,
        warmup,
        report,
        None if report is None else price(report),
        None if payload is None else AnsweredText(body.decode(), handler_ms_of(payload)),
        None if host is None else _cpu(host),
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
    if not log_tail:
        return None
    try:
        return (
            closing_report(a2b_base64(log_tail[-REPORT_TAIL:]))
            # The first line of a tail may be cut inside a character.
            or parse_report(a2b_base64(log_tail).decode(errors="replace"))
        )
    except BinasciiError:
        return None


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body.decode()) if body else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
