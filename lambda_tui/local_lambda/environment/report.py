"""The platform's log lines around an invocation, in Lambda's exact text format.

Formats: real log lines in public repositories and the AWS documentation ("Lambda function logging",
"Lambda runtime environment").
"""

from __future__ import annotations

import math
import signal
from dataclasses import dataclass
from datetime import UTC, datetime

LOG_TAIL_BYTES = 4096
"""LogType Tail returns the last 4 KB of the log (AWS API reference, Invoke)."""


@dataclass(frozen=True, slots=True)
class InvocationReport:
    """What the REPORT line says. `status` is "", "error" or "timeout"; `init_ms` is None on warm starts."""

    request_id: str
    duration_ms: float
    memory_mb: int
    max_memory_used_mb: int
    init_ms: float | None = None
    status: str = ""
    error_type: str = ""

    @property
    def billed_ms(self) -> int:
        """ceil(duration + init): INIT is billed since 2025-08-01 (AWS announcement); at least 1 ms."""
        return max(1, math.ceil(self.duration_ms + (self.init_ms or 0.0)))

    def line(self) -> str:
        """`REPORT RequestId: ...` with tabs and newline."""
        init = "" if self.init_ms is None else f"\tInit Duration: {self.init_ms:.2f} ms"
        status = f"\tStatus: {self.status}" if self.status else "\t"
        error_type = f"\tError Type: {self.error_type}" if self.status and self.error_type else ""
        return (
            f"REPORT RequestId: {self.request_id}\tDuration: {self.duration_ms:.2f} ms\t"
            f"Billed Duration: {self.billed_ms} ms\tMemory Size: {self.memory_mb} MB\t"
            f"Max Memory Used: {self.max_memory_used_mb} MB{init}{status}{error_type}\n"
        )


def start_line(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}\n"


def end_line(request_id: str) -> str:
    return f"END RequestId: {request_id}\n"


def init_report_line(init_ms: float, status: str, error_type: str, phase: str = "init") -> str:
    """The line of an INIT that failed; `status` is "error" or "timeout", `phase` "init" or "invoke"."""
    fields = [f"INIT_REPORT Init Duration: {init_ms:.2f} ms", f"Phase: {phase}", f"Status: {status}"]
    fields += [f"Error Type: {error_type}"] if error_type else []
    return "\t".join(fields) + "\n"


def timeout_line(request_id: str, timeout_s: float) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return f"{now}Z {request_id} Task timed out after {timeout_s:.2f} seconds\n\n"


def exit_text(status: int) -> str:
    """How Lambda words the end of a runtime process; negative statuses are signals.

    Wording: aws-lambda-runtime-interface-emulator (Go), whose signal names are libc's in lower case.
    """
    if status == 0:
        return "Runtime exited without providing a reason"
    if status < 0:
        name = (signal.strsignal(-status) or f"signal {-status}").lower()
        return f"Runtime exited with error: signal: {name}"
    return f"Runtime exited with error: exit status {status}"


def log_tail(log: bytes) -> bytes:
    """The last 4 KB; a character cut in two at the start is left as it is, as on Lambda."""
    return log[-LOG_TAIL_BYTES:]
