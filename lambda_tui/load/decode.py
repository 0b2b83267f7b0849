"""From the engine's raw records to Invocations: status, error, REPORT, payload, price."""

from __future__ import annotations

import json
from binascii import Error as BinasciiError
from binascii import a2b_base64
from decimal import Decimal
from typing import Any, Protocol

from lambda_tui.load.engine.frames import Exchange
from lambda_tui.load.engine.limits import HTTP_OK, REPORT_TAIL
from lambda_tui.results import AnsweredText, CpuUse, Invocation, InvocationError, InvocationStatus, Report
from lambda_tui.results.answered import stated_handler_ms
from lambda_tui.results.report_parser import closing_report, parse_report

HTTP_THROTTLED = 429


class Pricing(Protocol):
    """What turns outcomes into dollars, one invocation at a time."""

    def reported_usd(self, report: Report, *, first_use: bool) -> Decimal:
        """Of a REPORT; `first_use` where the invocation was only to warm something up."""
        ...

    def unreported_usd(self, service_ms: float) -> Decimal:
        """Of an invocation that ran and left no REPORT; what is sure of it."""
        ...


_raw_decode = json.JSONDecoder().raw_decode


def decode(exchange: Exchange, pricing: Pricing) -> Invocation:
    """Turn one record of the engine into an Invocation; `pricing` turns its outcome into dollars."""
    text, document = _json_object(exchange.body)
    report = _report(exchange.log_tail)
    status, error = _outcome(exchange, document)
    payload = document if status == "ok" else None
    answered = payload or {}
    named = exchange.environment_id
    environment_id = answered.get("environment_id") if named is None else named.decode("latin-1")
    return Invocation(
        index=exchange.number,
        scheduled_ms=round(exchange.scheduled_ms, 4),
        started_ms=round(exchange.started_ms, 4),
        ended_ms=round(exchange.ended_ms, 4),
        status=status,
        error=error,
        request_id=exchange.request_id or None,
        environment_id=environment_id if isinstance(environment_id, str) else None,
        cold=(report is not None and report.init_ms is not None) or answered.get("cold") is True,
        warmup=exchange.warmup,
        report=report,
        usd=_usd(exchange, status, report, pricing),
        payload=None if payload is None else AnsweredText(text, stated_handler_ms(payload)),
        cpu=None if named is None else _cpu(exchange),
    )


def _usd(
    exchange: Exchange, status: InvocationStatus, report: Report | None, pricing: Pricing
) -> Decimal | None:
    if report is not None:
        return pricing.reported_usd(report, first_use=exchange.warmup)
    has_run = status in ("ok", "function_error")
    return pricing.unreported_usd(exchange.ended_ms - exchange.started_ms) if has_run else None


def _cpu(exchange: Exchange) -> CpuUse | None:
    """None if an endpoint sends something else under these names."""
    try:
        return CpuUse(
            used_ms=float(exchange.cpu_ms),
            throttled_periods=int(exchange.throttled_periods),
            throttled_ms=float(exchange.throttled_ms),
        )
    except ValueError:
        return None


def _outcome(
    exchange: Exchange, document: dict[str, Any] | None
) -> tuple[InvocationStatus, InvocationError | None]:
    http_status = exchange.status
    if http_status == HTTP_OK and not exchange.function_error:
        return "ok", None
    answered = document or {}
    if http_status == HTTP_OK:
        text = str(answered.get("errorMessage") or "the function gave no message")
        timed_out = "Sandbox.Timedout" if "Task timed out" in text else exchange.function_error
        return "function_error", InvocationError(str(answered.get("errorType") or timed_out), text)
    kind = exchange.error_type
    if http_status == 0:
        return "failed", InvocationError(kind, exchange.error_message)
    text = str(
        answered.get("message") or answered.get("Message") or exchange.error_message or f"HTTP {http_status}"
    )
    if http_status == HTTP_THROTTLED:
        return "throttled", InvocationError(
            str(answered.get("Reason") or kind or "TooManyRequestsException"), text
        )
    return "failed", InvocationError(kind or str(answered.get("__type") or f"HTTP {http_status}"), text)


def _report(log_tail: bytes) -> Report | None:
    """The REPORT of a base64 log tail; None if there is none or the header is not base64."""
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


def _json_object(body: bytes) -> tuple[str, dict[str, Any] | None]:
    """The text of a body and the JSON object in it; None if it is not an object."""
    if not body:
        return "", None
    try:
        text = body.decode()
        value = _parsed(text)
    except ValueError:
        return "", None
    return text, value if isinstance(value, dict) else None


def _parsed(text: str) -> Any:
    """As `json.loads`, without its search for surrounding whitespace."""
    try:
        value, end = _raw_decode(text)
    except ValueError:
        return json.loads(text)
    return value if end == len(text) else json.loads(text)
