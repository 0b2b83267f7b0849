"""The payload's own record of one invocation: which worker did which task, from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_tui.results.invocation import Invocation


@dataclass(frozen=True, slots=True)
class TaskSpan:
    """One task; times in milliseconds from the entry of the handler."""

    index: int
    worker: str
    start_ms: float
    end_ms: float
    ok: bool
    error: str | None


def task_spans(invocation: Invocation) -> tuple[TaskSpan, ...]:
    """The tasks in order of start; empty where the function is not one of our payload functions."""
    tasks = (invocation.payload or {}).get("tasks")
    if not isinstance(tasks, list):
        return ()
    spans = (_task_span(task) for task in tasks if isinstance(task, Mapping))
    return tuple(sorted((span for span in spans if span), key=lambda span: (span.start_ms, span.index)))


def cpu_ms(invocation: Invocation) -> float | None:
    """CPU time in milliseconds, children included: of the handler if it reported it, otherwise of the
    environment as the embedded Lambda counted it; None if neither is known."""
    value = (invocation.payload or {}).get("cpu_ms")
    if isinstance(value, int | float):
        return float(value)
    return None if invocation.cpu is None else invocation.cpu.used_ms


def _task_span(task: Mapping[str, Any]) -> TaskSpan | None:
    start, end = task.get("start_ms"), task.get("end_ms")
    if not isinstance(start, int | float) or not isinstance(end, int | float):
        return None
    error = task.get("error")
    return TaskSpan(
        index=int(task.get("index", 0)),
        worker=str(task.get("worker", "")),
        start_ms=float(start),
        end_ms=float(end),
        ok=bool(task.get("ok", True)),
        error=None if error is None else str(error),
    )
