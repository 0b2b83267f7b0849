"""The pipes between a run and its engines: length-prefixed frames of plain values.

Run to engine: the plan; `go` after each `ready`; fresh `credentials` at any time; at most one `stop`.
Engine to run: `ready` when its connections are open and again when it is warm, a `part` for every 32
invocations that ended, a `batch` with the rest and the counts every 100 ms, one `end`. Closing the pipe
to the engine ends it at once.
"""

from __future__ import annotations

import marshal
import os
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, ParamSpec, cast

_LENGTH = struct.Struct("<I")

_Fields = ParamSpec("_Fields")

PlainTuple = tuple[Any, ...]


class Exchange(NamedTuple):
    """One invocation as the engine saw it, undecoded. Times are milliseconds since the run began."""

    number: int
    """The index of the Invocation it becomes; `index` is a tuple's own."""
    warmup: bool
    scheduled_ms: float
    started_ms: float
    ended_ms: float
    status: int = 0
    """Of HTTP; 0 if there was no answer."""
    request_id: str = ""
    function_error: str = ""
    log_tail: bytes = b""
    """Base64, as received."""
    body: bytes = b""
    error_type: str = ""
    error_message: str = ""
    environment_id: bytes | None = None
    """Only the embedded Lambda sends this and the following fields."""
    cpu_ms: bytes = b""
    throttled_periods: bytes = b""
    throttled_ms: bytes = b""


class Tick(NamedTuple):
    """A `batch`: what ended since the last part, and the counts since the last batch."""

    exchanges: list[PlainTuple]
    in_flight: int
    dropped: int
    held_back: int
    recorder_behind_s: float
    now_ms: float
    cpu_s: float
    """CPU time of the engine since its start."""


def _plain(record: Callable[_Fields, PlainTuple]) -> Callable[_Fields, PlainTuple]:
    """A constructor with the record's fields, order and defaults that makes a plain tuple, the only kind that
    marshal accepts: a NamedTuple's `__new__` makes any tuple class it is given. Making the record first
    and a tuple from it would cost 0.5 us more per invocation."""
    constructor: Any = record.__new__
    return cast("Callable[_Fields, PlainTuple]", partial(constructor, tuple))


plain_exchange = _plain(Exchange)
"""What goes over the pipe; `Exchange._make` is the inverse."""


def encode(message: Any) -> bytes:
    """One frame. marshal is a third of JSON's cost and carries bytes; both ends are the same interpreter."""
    body = marshal.dumps(message)
    return _LENGTH.pack(len(body)) + body


def read_frame(descriptor: int) -> Any | None:
    """The next frame, waiting for it; None once the other end is closed."""
    header = _read_exactly(descriptor, _LENGTH.size)
    if header is None:
        return None
    body = _read_exactly(descriptor, _LENGTH.unpack(header)[0])
    return None if body is None else marshal.loads(body)  # noqa: S302 - written by our own other half


class FrameBuffer:
    """Frames out of bytes as they arrive."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Every frame that is complete now."""
        self._data += data
        while len(self._data) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._data)[0]
            if len(self._data) < end:
                return
            body = bytes(self._data[_LENGTH.size : end])
            del self._data[:end]
            yield marshal.loads(body)  # noqa: S302 - written by our own other half


def _read_exactly(descriptor: int, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
