"""The program that stands in for S3, DynamoDB and SQS: moto's request handling, fed with frames on stdin.

It has no HTTP server: nothing listens that others could reach, and a request costs 0.5 ms instead of the
1 to 2 ms of moto's server, which also closes every connection after one answer.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from lambda_tui.local_lambda.sandbox.parent_death import die_with_parent
from lambda_tui.local_lambda.services.frames import FrameReader, encode_frame

ACCOUNT_ID = "000000000000"
BUCKET = TABLE = QUEUE = "lambda-tui"
OBJECTS = ITEMS = 1000
OBJECT_BYTES = 1024
MAX_QUEUED = 100
"""Older messages are dropped: moto scans all of them for each new one, 17 us each."""

READY = "ready"


def object_key(number: int) -> str:
    return f"object-{number:04}"


def object_body(number: int) -> bytes:
    """1 KiB: the key and a line feed, repeated (lambda_payloads/contract/README.md)."""
    line = f"{object_key(number)}\n".encode()
    return (line * (OBJECT_BYTES // len(line) + 1))[:OBJECT_BYTES]


def seed_services(region: str) -> None:
    """Create the bucket with its objects, the table with its items, and the queue."""
    from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415
    from moto.s3.models import s3_backends  # noqa: PLC0415
    from moto.utilities.utils import get_partition  # noqa: PLC0415

    s3 = s3_backends[ACCOUNT_ID][get_partition(region)]
    s3.create_bucket(BUCKET, region)
    for number in range(OBJECTS):
        s3.put_object(BUCKET, object_key(number), object_body(number))
    dynamodb = dynamodb_backends[ACCOUNT_ID][region]
    dynamodb.create_table(
        TABLE,
        schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        throughput=None,
        attr=[{"AttributeName": "id", "AttributeType": "S"}],
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    for number in range(ITEMS):
        item = {"id": {"S": f"item-{number:04}"}, "value": {"S": f"value-{number:04}"}}
        dynamodb.put_item(TABLE, item)
    _queues(region).create_queue(QUEUE)


def _queues(region: str) -> Any:
    from moto.sqs.models import sqs_backends  # noqa: PLC0415

    return sqs_backends[ACCOUNT_ID][region]


class StandIns:
    """The three services as WSGI applications."""

    def __init__(self, region: str) -> None:
        from moto.moto_server.werkzeug_app import create_backend_app  # noqa: PLC0415

        self._region = region
        self._applications: dict[str, Callable[..., Any]] = {
            "s3": create_backend_app("s3"),
            "dynamodb": create_backend_app("dynamodb"),
            "sqs": create_backend_app("sqs"),
        }

    def answer(self, head: list[Any], body: bytes) -> bytes:
        """The frame that answers a request frame."""
        from werkzeug.test import run_wsgi_app  # noqa: PLC0415

        service, method, path, query, headers = head
        try:
            if service == "sqs" and b"WaitTimeSeconds" in body:
                body = _without_long_poll(body)
            environ = _wsgi_environ(method, path, query, headers, body)
            parts, status, answered = run_wsgi_app(self._applications[service], environ, buffered=True)
        except Exception as error:  # noqa: BLE001 - what moto cannot do must not end the other two services
            print(f"lambda-tui: {service} {method} {path}: {error!r}", file=sys.stderr)
            return encode_frame([500, []])
        if service == "sqs":
            self._bound_queues()
        return encode_frame([int(status.split()[0]), list(answered)], b"".join(parts))

    def _bound_queues(self) -> None:
        for queue in _queues(self._region).queues.values():
            del queue._messages[:-MAX_QUEUED]


def _without_long_poll(body: bytes) -> bytes:
    """Turn a long poll into a short one: requests are answered one at a time, and others would wait."""
    request = json.loads(body)
    request.pop("WaitTimeSeconds", None)
    return json.dumps(request).encode()


def _wsgi_environ(
    method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes
) -> dict[str, Any]:
    """A request as PEP 3333 describes it."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": f"{path}?{query}" if query else path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING", "EXPECT"):
            environ[f"HTTP_{key}"] = value
    return environ


def main(region: str, parent_pid: str) -> None:
    """Answer request frames until standard input ends, which is when the server does."""
    die_with_parent(int(parent_pid))
    frames_fd = os.dup(1)
    os.dup2(2, 1)  # printed text must not get between the frames
    stand_ins = StandIns(region)
    seed_services(region)
    _write(frames_fd, encode_frame(READY))
    reader = FrameReader()
    while data := os.read(0, 1 << 20):
        for head, body in reader.feed(data):
            _write(frames_fd, stand_ins.answer(head, body))
    # Thousands of small objects need no orderly teardown.
    os._exit(0)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


if __name__ == "__main__":
    main(*sys.argv[1:])
