"""The http workload's upstream for coroutines; importing httpx costs about 110 ms of CPU."""

from __future__ import annotations

import httpx
from event import Workload
from upstream import checked_body, latency_url, timeout_s, upstream_failure

_CLIENTS: dict[bool, httpx.AsyncClient] = {}
"""One client with, one without TLS for the life of the environment, like the loop they are bound to."""


async def fetch(workload: Workload, index: int) -> bytes:
    """GET one task's answer; raises TaskFailed."""
    url = latency_url(workload, index)
    try:
        response = await _client(secure=url.startswith("https:")).get(url, timeout=timeout_s(workload))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise upstream_failure(error) from error
    return checked_body(response.status_code, response.content)


def prepare() -> None:
    """Create the client without TLS, and load what it would load for its first request."""
    import anyio._backends._asyncio  # noqa: PLC0415, F401  (chosen by name when it first opens a socket)

    _client(secure=False)


def _client(*, secure: bool) -> httpx.AsyncClient:
    if secure not in _CLIENTS:
        _CLIENTS[secure] = httpx.AsyncClient(
            # Loading the certificates costs 20 ms of CPU, a quarter of a second at 128 MB: only for https.
            verify=secure,
            trust_env=False,
            limits=httpx.Limits(max_connections=None),
        )
    return _CLIENTS[secure]
