"""The stand-ins of S3, DynamoDB and SQS, served from a thread of the tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lambda_tui.local_lambda.services import ServiceBehaviour, ServicesServer, start_services

KEYS = {
    "AWS_ACCESS_KEY_ID": "ASIATEST",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class RunningServices:
    """A server in its own event loop; `behave` changes how it answers from now on."""

    def __init__(self, server: ServicesServer, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self._loop = loop

    @property
    def variables(self) -> Mapping[str, str]:
        """What a payload's environment needs."""
        return {**KEYS, **self.server.environment}

    def behave(self, **fields: float | str) -> None:
        async def change() -> None:
            self.server.behave(ServiceBehaviour(**{"latency_ms": 0, **fields}))  # type: ignore[arg-type]

        asyncio.run_coroutine_threadsafe(change(), self._loop).result(5)


@contextmanager
def running_services() -> Iterator[RunningServices]:
    """Services that answer at once."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait_for(coroutine: object) -> object:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(40)  # type: ignore[arg-type]

    server = wait_for(start_services("us-east-1", ServiceBehaviour(latency_ms=0)))
    assert isinstance(server, ServicesServer)
    try:
        yield RunningServices(server, loop)
    finally:
        wait_for(server.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
