"""The payload function: `handler.lambda_handler` (contract: lambda_payloads/contract)."""

from __future__ import annotations

import os
import resource
import sys
import time
from itertools import count
from typing import Any

from batch import batch_failures
from event import parse_event
from models import run_model
from outcome import Outcome, checksum

_INVOCATIONS = count(1)

# Without it everything is imported where it is first used: the mistake, which can be shown on purpose.
if _SPEC := os.environ.get("LAMBDA_TUI_INIT"):
    from preparing import prepare

    prepare(_SPEC)
_OWN_ID = os.urandom(16).hex()


def lambda_handler(event: object, context: object) -> dict[str, Any]:
    """Do the event's work and account for it.

    Raises:
        InvalidEvent: naming the field that cannot be used.
        ServiceFailed: the service could not list its contents.
        BatchFailed: a record failed, and the event asks to fail the whole batch.
    """
    entered_ns = time.monotonic_ns()
    cpu_before_ms = _cpu_ms()
    invocation_number = next(_INVOCATIONS)
    request = parse_event(event)
    outcomes = run_model(request)
    tasks = [_span(outcome, entered_ns) for outcome in sorted(outcomes)]
    results_checksum = checksum(outcomes)
    batch_item_failures = batch_failures(request.workload, outcomes)
    return {
        "schema": 1,
        "runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "model": request.model,
        "workers": request.workers,
        "tasks": tasks,
        "handler_ms": _ms_between(entered_ns, time.monotonic_ns()),
        "cpu_ms": round(_cpu_ms() - cpu_before_ms, 3),
        "completed": sum(task["ok"] for task in tasks),
        "checksum": results_checksum,
        "cold": invocation_number == 1,
        "environment_id": _environment_id(),
        "invocation_number": invocation_number,
        "visible_cpus": _visible_cpus(),
        **batch_item_failures,
    }


def _span(outcome: Outcome, entered_ns: int) -> dict[str, Any]:
    return {
        "index": outcome.task_index,
        "worker": outcome.worker,
        "start_ms": _ms_between(entered_ns, outcome.started_ns),
        "end_ms": _ms_between(entered_ns, outcome.ended_ns),
        "ok": outcome.error is None,
        "error": outcome.error,
    }


def _ms_between(start_ns: int, end_ns: int) -> float:
    return round((end_ns - start_ns) / 1e6, 3)


def _cpu_ms() -> float:
    """CPU time of this process and of the children it has waited for, user and system."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used) * 1000


def _environment_id() -> str:
    """The execution environment's own part of its log stream, `2026/11/21/[$LATEST]0a1b...`."""
    return os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "").rpartition("]")[2] or _OWN_ID


def _visible_cpus() -> int:
    # Affinity: what a local Lambda can narrow; on AWS it equals os.cpu_count().
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
