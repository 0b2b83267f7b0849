"""The JSON form of a REPORT: the platform.report event (Telemetry API and JSON log format)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lambda_tui.results.report import PhaseReport, Report

_DECIMAL_METRICS = {
    "durationMs": "duration_ms",
    "initDurationMs": "init_ms",
    "restoreDurationMs": "restore_ms",
}
_WHOLE_METRICS = {
    "billedDurationMs": "billed_ms",
    "billedRestoreDurationMs": "billed_restore_ms",
    "memorySizeMB": "memory_mb",
    "maxMemoryUsedMB": "max_memory_used_mb",
}
_LARGEST = 1e12


def report_from_event(event: Mapping[str, Any]) -> Report | None:
    """The report of a platform.report event; None when a metric is missing or not a usable number."""
    record = event.get("record")
    metrics = record.get("metrics") if isinstance(record, Mapping) else None
    if not isinstance(record, Mapping) or not isinstance(metrics, Mapping):
        return None
    fields: dict[str, Any] = {}
    for key, name in (_DECIMAL_METRICS | _WHOLE_METRICS).items():
        value = metrics.get(key)
        if value is None:
            continue
        if not _is_usable(value, whole=key in _WHOLE_METRICS):
            return None
        fields[name] = int(value) if key in _WHOLE_METRICS else float(value)
    if not {"duration_ms", "billed_ms", "memory_mb"} <= fields.keys():
        return None
    return Report(
        request_id=_text(record.get("requestId")),
        status=_text(record.get("status")) or "success",
        error_type=_text(record.get("errorType")),
        xray_trace_id=_trace_id(record.get("tracing")),
        **fields,
    )


PHASE_EVENTS = {"platform.initReport": "init_ms", "platform.restoreReport": "restore_ms"}
"""Telemetry events that report a phase, and where their duration goes."""


def phase_from_event(event: Mapping[str, Any]) -> PhaseReport | None:
    """The report of an initReport or restoreReport event; None without a usable duration."""
    record, kind = event.get("record"), str(event.get("type"))
    metrics = record.get("metrics") if isinstance(record, Mapping) else None
    if not isinstance(record, Mapping) or not isinstance(metrics, Mapping):
        return None
    duration_ms = metrics.get("durationMs")
    if not _is_usable(duration_ms, whole=False):
        return None
    return PhaseReport(
        phase=_text(record.get("phase")) or ("restore" if kind == "platform.restoreReport" else "init"),
        status=_text(record.get("status")) or "success",
        error_type=_text(record.get("errorType")),
        **{PHASE_EVENTS[kind]: float(duration_ms)},  # type: ignore[arg-type]
    )


def _is_usable(value: object, *, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not 0 <= value < _LARGEST or not math.isfinite(value):
        return False
    return not whole or value == int(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _trace_id(tracing: object) -> str | None:
    """The Root of an X-Amzn-Trace-Id such as `Root=1-6a50;Parent=d002;Sampled=1`."""
    value = _text(tracing.get("value")) if isinstance(tracing, Mapping) else None
    for part in (value or "").split(";"):
        name, _, root = part.partition("=")
        if name.strip() == "Root" and root:
            return root
    return None
