"""InvokeWithResponseStream's answer: a finished invocation as frames of AWS's event stream.

Lambda's managed Python runtimes return a response when it is complete, and so do the environments here:
all frames come together at the end.
"""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping

from lambda_tui.local_lambda.environment.environment import Outcome
from lambda_tui.local_lambda.environment.report import log_tail

CONTENT_TYPE = "application/vnd.amazon.eventstream"
CHUNK_BYTES = 64 * 1024
"""Chosen here: AWS states no size for the chunks of a response that was not streamed."""

_STRING_VALUE = 7
"""The type byte of a string header (smithy.io, Amazon Event Stream Specification)."""


def stream_body(outcome: Outcome, *, wants_log: bool) -> bytes:
    """The whole body: PayloadChunk events, then InvokeComplete.

    A function's error comes in InvokeComplete, its document as the details; that AWS sends it as a payload
    too is not documented, so no chunk carries it.
    """
    return b"".join(_frames(outcome, wants_log))


def _frames(outcome: Outcome, wants_log: bool) -> Iterator[bytes]:
    complete: dict[str, str] = {}
    if outcome.function_error is None:
        for start in range(0, len(outcome.payload), CHUNK_BYTES):
            chunk = outcome.payload[start : start + CHUNK_BYTES]
            yield _event("PayloadChunk", "application/octet-stream", chunk)
    else:
        complete = {
            "ErrorCode": outcome.function_error,
            "ErrorDetails": outcome.payload.decode("utf-8", "replace"),
        }
    if wants_log:
        complete["LogResult"] = b64encode(log_tail(outcome.log)).decode()
    yield _event("InvokeComplete", "application/json", json.dumps(complete).encode())


def _event(kind: str, content_type: str, payload: bytes) -> bytes:
    headers = _headers({":event-type": kind, ":content-type": content_type, ":message-type": "event"})
    prelude = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    checked = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return checked + struct.pack(">I", zlib.crc32(checked))


def _headers(values: Mapping[str, str]) -> bytes:
    return b"".join(
        struct.pack(">B", len(name))
        + name.encode()
        + struct.pack(">BH", _STRING_VALUE, len(value.encode()))
        + value.encode()
        for name, value in values.items()
    )
