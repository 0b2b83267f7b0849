"""`python -m tests.bench._stamping_server DELAY_MS [polling]`: answers invocations after a delay, with its
own timestamps.

Prints its port. The body of an answer says when, on CLOCK_MONOTONIC, the request came and the answer left. A
`polling` server never sleeps.
"""

from __future__ import annotations

import asyncio
import sys
import time
from base64 import b64encode
from typing import cast

REPORT = (
    "REPORT RequestId: 6f747d7e-7d7e-4d7e-8d7e-6f747d7e7d7e\tDuration: 2.50 ms\tBilled Duration: 3 ms\t"
    "Memory Size: 512 MB\tMax Memory Used: 40 MB\t\n"
)
LOG_TAIL = b64encode(b"an ordinary line that the function logged\n" * 16 + REPORT.encode())
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"x-amzn-RequestId: 6f747d7e-7d7e-4d7e-8d7e-6f747d7e7d7e\r\n"
    b"X-Amz-Log-Result: " + LOG_TAIL + b"\r\nContent-Length: 47\r\n\r\n"
)
ANSWER_AT_ONCE = HEAD + b'{"t": [%18d, %18d]}' % (0, 0)


class Invocations(asyncio.Protocol):
    """One connection with one request at a time, whose body is a JSON object: enough for benchmarks."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        arrived_ns = time.monotonic_ns()
        if not data.endswith(b"}"):
            return
        if self._delay_s:
            self._loop.call_later(self._delay_s, self._answer, arrived_ns)
        else:
            # As fast as possible: only a server that is faster can show how fast a client is.
            self._transport.write(ANSWER_AT_ONCE)

    def _answer(self, arrived_ns: int) -> None:
        body = b'{"t": [%18d, %18d]}' % (arrived_ns, time.monotonic_ns())
        self._transport.write(HEAD + body)


async def serve(delay_s: float, *, polling: bool) -> None:
    loop = asyncio.get_running_loop()

    def poll() -> None:
        loop.call_soon(poll)

    if polling:
        poll()
    server = await loop.create_server(lambda: Invocations(delay_s), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    serving = serve(float(sys.argv[1]) / 1000, polling="polling" in sys.argv)
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        asyncio.run(serving)
    else:
        uvloop.run(serving)


if __name__ == "__main__":
    main()
