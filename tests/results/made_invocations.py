"""Invocations with chosen times."""

from __future__ import annotations

from dataclasses import replace

from lambda_tui.results import Invocation, InvocationError, InvocationStatus, Report


def answered(
    index: int,
    started_ms: float,
    duration_ms: float,
    environment_id: str | None = "a",
    *,
    init_ms: float | None = None,
    overhead_ms: float = 0.0,
) -> Invocation:
    """An invocation that was answered as soon as it could be."""
    ended_ms = started_ms + overhead_ms + (init_ms or 0.0) + duration_ms
    report = Report(None, duration_ms, int(duration_ms) + 1, 512, init_ms=init_ms)
    return Invocation(
        index, started_ms, started_ms, ended_ms, "ok", None, None, environment_id,
        init_ms is not None, False, report, None, None,
    )  # fmt: skip


def refused(invocation: Invocation, status: InvocationStatus) -> Invocation:
    error = InvocationError("TooManyRequestsException", "Rate Exceeded.")
    return replace(invocation, status=status, error=error, report=None, cold=False, environment_id=None)
