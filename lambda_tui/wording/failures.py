"""What went wrong in an invocation, with what to do about it."""

from __future__ import annotations

import re

_TIMED_OUT = re.compile(r"Task timed out after (\d+(?:\.\d+)?) seconds")


def failure_text(kind: str, message: str) -> str:
    """`Sandbox.Timedout: Task timed out after 3 s: --timeout sets it`, or the type and message as they came.

    `kind` is Lambda's error type, a throttle's Reason or a transport error's name.
    """
    timed_out = _TIMED_OUT.search(message)
    if timed_out is not None:
        return f"{kind}: Task timed out after {float(timed_out[1]):g} s; --timeout sets the limit"
    if "[Errno 38]" in message:
        # multiprocessing needs semaphores in /dev/shm (AWS compute blog, "Parallel processing in Python
        # with AWS Lambda").
        return f"{kind}: [Errno 38] Lambda has no shared semaphores; Process and Pipe work"
    if kind == "Runtime.OutOfMemory" or "OutOfMemory" in kind:
        return f"{kind}: {message}; --memory sets the limit"
    return f"{kind}: {message}"
