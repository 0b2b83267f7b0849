"""Frames on the pipes to and from the stand-ins: a JSON head and a body, each preceded by its length."""

from __future__ import annotations

import json
import struct
from typing import Any

LENGTHS = struct.Struct(">II")


def encode_frame(head: object, body: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


class FrameReader:
    """Assembles frames from the pieces that arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[Any, bytes]]:
        """Take in some bytes and return the frames that are now complete, as head and body."""
        self._buffer += data
        complete = []
        while len(self._buffer) >= LENGTHS.size:
            head_bytes, body_bytes = LENGTHS.unpack_from(self._buffer)
            body_at = LENGTHS.size + head_bytes
            end = body_at + body_bytes
            if len(self._buffer) < end:
                break
            head = json.loads(self._buffer[LENGTHS.size : body_at])
            complete.append((head, bytes(self._buffer[body_at:end])))
            del self._buffer[:end]
        return complete
