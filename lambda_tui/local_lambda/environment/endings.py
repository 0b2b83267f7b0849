"""How INIT or an invocation ended: the runtime's answer, or Lambda's in its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from lambda_tui.local_lambda.environment import report
from lambda_tui.local_lambda.environment.runtime_process import Milestone, RuntimeAnswer


@dataclass(frozen=True, slots=True)
class Ending:
    """The answer for the caller, and what REPORT says about it."""

    payload: bytes
    failed: bool = False
    status: str = ""
    error_type: str = ""
    log: str = ""


def ending_of(
    milestone: Milestone,
    answer: RuntimeAnswer | None,
    request_id: str,
    limit_s: float,
    *,
    exit_status: int | None,
    was_out_of_memory: Callable[[], bool],
) -> Ending:
    """The outcome of a phase that ended at `milestone` and was allowed `limit_s` seconds.

    `exit_status` is that of the runtime, negative for a signal and None while it is unknown.
    """
    if milestone == "init-error" and answer is not None:
        return Ending(answer.payload, failed=True, status="error", error_type=answer.error_type)
    if milestone == "timeout":
        return _timeout(request_id, limit_s)
    if answer is not None:
        return Ending(answer.payload, answer.failed)
    message = f"RequestId: {request_id} Error: {report.exit_text(-9 if exit_status is None else exit_status)}"
    return Ending(
        _error_payload("Runtime.ExitError", message),
        failed=True,
        status="error",
        error_type="Runtime.OutOfMemory" if was_out_of_memory() else "Runtime.ExitError",
        log=f"{message}\nRuntime.ExitError\n",
    )


def _timeout(request_id: str, limit_s: float) -> Ending:
    message = f"RequestId: {request_id} Error: Task timed out after {limit_s:.2f} seconds"
    return Ending(
        _error_payload("Sandbox.Timedout", message),
        failed=True,
        status="timeout",
        log=report.timeout_line(request_id, limit_s),
    )


def _error_payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()
