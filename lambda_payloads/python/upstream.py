"""The http workload's upstream: its requests, and the blocking client."""

from __future__ import annotations

from collections import deque
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from event import Workload
from outcome import TaskFailed

GRACE_S = 10.0
"""How much longer than the requested latency an upstream may take."""


def latency_url(workload: Workload, index: int) -> str:
    """The address to GET for one task: `{url}/latency?ms=300&task=0`."""
    task_ms = f"{workload.task_ms:f}".rstrip("0").rstrip(".")
    return f"{(workload.url or '').rstrip('/')}/latency?ms={task_ms}&task={index}"


def timeout_s(workload: Workload) -> float:
    """Longest wait for the upstream, in seconds."""
    return workload.task_ms / 1000 + GRACE_S


def checked_body(status: int, body: bytes) -> bytes:
    """The body of a 200 answer; raises TaskFailed for any other status."""
    if status != 200:
        raise TaskFailed(f"the upstream answered with status {status}")
    return body


def upstream_failure(error: Exception) -> TaskFailed:
    """The failed task that a transport error means."""
    return TaskFailed(f"the upstream did not answer: {type(error).__name__}: {error}")


class BlockingUpstream:
    """Kept-alive connections for one invocation: as many as there are threads fetching at once."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._idle: deque[HTTPConnection] = deque()

    def fetch(self, index: int) -> bytes:
        """GET one task's answer; raises TaskFailed."""
        url = urlsplit(latency_url(self._workload, index))
        connection = self._connection(url.scheme, url.netloc)
        try:
            connection.request("GET", f"{url.path}?{url.query}")
            response = connection.getresponse()
            body = response.read()
        except (OSError, HTTPException, UnicodeError) as error:
            connection.close()
            raise upstream_failure(error) from error
        self._idle.append(connection)
        return checked_body(response.status, body)

    def _connection(self, scheme: str, netloc: str) -> HTTPConnection:
        try:
            return self._idle.pop()
        except IndexError:
            connection_type = HTTPSConnection if scheme == "https" else HTTPConnection
            return connection_type(netloc, timeout=timeout_s(self._workload))

    def close(self) -> None:
        """Close every connection; nothing may be fetching."""
        for connection in self._idle:
            connection.close()
