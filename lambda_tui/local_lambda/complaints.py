"""What the server writes to standard error, without ever blocking requests.

Standard error may be a pipe that nobody reads any more, or that is full: writing to it in the event loop
would then raise, or block every invocation for good.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
import traceback
from functools import cache
from typing import Any

_STANDARD_ERROR = 2
_waiting: queue.Queue[str] = queue.Queue(maxsize=1000)


def complain(text: str) -> None:
    """Write `text` to standard error soon; it is dropped if a thousand others are waiting."""
    with contextlib.suppress(queue.Full):
        _waiting.put_nowait(f"lambda-tui: {text}\n")
    _start_writer()


def complain_of_exception(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An event loop's exception handler: a fault in one connection or task does not affect others."""
    error = context.get("exception")
    trace = "" if error is None else "\n" + "".join(traceback.format_exception(error)).rstrip()
    complain(f"{context.get('message', 'unexpected error')}{trace}")


def keep_standard_descriptors() -> None:
    """Open any of 0, 1 and 2 that is closed: a connection with that number would receive our messages."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


@cache
def _start_writer() -> None:
    threading.Thread(target=_write, name="complaints", daemon=True).start()


def _write() -> None:
    while True:
        text = _waiting.get()
        # Not through sys.stderr: at exit Python would wait for the lock of a writer that is blocked.
        with contextlib.suppress(OSError):
            os.write(_STANDARD_ERROR, text.encode(errors="replace"))
