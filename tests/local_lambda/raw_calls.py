"""Invocations over a bare socket, signed once, to keep the caller's work minimal."""

from __future__ import annotations

import socket
import time
from hashlib import sha256

from lambda_tui.sigv4 import Signer
from tests.local_lambda.local_server import LocalServer


def signed_invoke(server: LocalServer, function: str = "noop") -> bytes:
    """One signed Invoke with log tail; its signature may be sent again within 15 minutes."""
    ready = server.ready
    signer = Signer(ready["access_key_id"], ready["secret_access_key"], None, ready["region"])
    return invoke_request(server.port, function, signer)


def invoke_request(port: int, function: str, signer: Signer) -> bytes:
    """The bytes of an Invoke with log tail, to a server on this port."""
    path, body = f"/2015-03-31/functions/{function}/invocations", b"{}"
    headers = [("Host", f"127.0.0.1:{port}"), ("X-Amz-Log-Type", "Tail")]
    headers += signer.sign("POST", path, "", headers, sha256(body).hexdigest(), time.time())
    headers.append(("Content-Length", str(len(body))))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def connect(port: int) -> socket.socket:
    """A connection to a server without Nagle's delay."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def exchange(connection: socket.socket, request: bytes) -> None:
    """Send one request and wait for its response; raises RuntimeError unless the function succeeded."""
    connection.sendall(request)
    receive(connection)


def receive(connection: socket.socket) -> None:
    """Read one response of about 900 bytes: on loopback it arrives in one piece."""
    response = connection.recv(65536)
    if not response.startswith(b"HTTP/1.1 200") or b"x-amz-function-error" in response.lower():
        raise RuntimeError(response.decode())
