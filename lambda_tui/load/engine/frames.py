"""The pipes between a run and its engines: length-prefixed frames of plain values.

Run to engine: the plan; `go` after each `ready`; fresh `credentials` at any time; at most one `stop`.
Engine to run: `ready` when its connections are open and again when it is warm, a `part` for every 32
invocations that ended, a `batch` with the rest and the counts every 100 ms, one `end`. Closing the pipe
towards the engine ends it at once.
"""

from __future__ import annotations

import marshal
import os
import struct
from collections.abc import Iterator
from typing import Any

_LENGTH = struct.Struct("<I")

HostFigures = tuple[bytes, bytes, bytes, bytes]
"""What the embedded Lambda tells in headers: environment id, CPU ms, throttled periods, throttled ms."""

Outcome = tuple[int, str, str, bytes, bytes, str, str, HostFigures | None]
"""HTTP status (0: no answer), request id, function error, log tail (base64), body, error type and message."""

Exchange = tuple[int, bool, float, float, float, int, str, str, bytes, bytes, str, str, HostFigures | None]
"""index, warmup, scheduled_ms, started_ms, ended_ms, then an Outcome."""


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
