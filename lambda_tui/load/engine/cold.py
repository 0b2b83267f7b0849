"""A new execution environment for each invocation, by changing the function's configuration first."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from lambda_tui.load.engine.http1 import Connection, ConnectionPool
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine.requests import RequestFactory, SignedRequest

COLD_VARIABLE = "LAMBDA_TUI_COLD_START"
UPDATE_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.05


class ConfigurationRefused(Exception):
    """The function's configuration could not be read or changed."""


class ColdStarter:
    """Changes one environment variable at a time; the function's other variables stay."""

    def __init__(self, pool: ConnectionPool, requests: RequestFactory, plan: EnginePlan) -> None:
        self._pool = pool
        self._requests = requests
        self._token = plan.cold_token
        self._count = 0
        self._variables: dict[str, Any] | None = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def fresh_environment(self) -> AsyncIterator[None]:
        """The next invocation sent in this block, and only that one, meets the changed configuration.

        Raises:
            ConfigurationRefused: the target does not let us change the function.
            ConnectFailed: the target cannot be reached.
        """
        async with self._lock:
            await self._change()
            yield

    async def _change(self) -> None:
        if self._variables is None:
            configuration = await self._call(self._requests.configuration())
            self._variables = dict((configuration.get("Environment") or {}).get("Variables") or {})
        self._count += 1
        self._variables[COLD_VARIABLE] = f"{self._token}-{self._count}"
        answer = await self._call(self._requests.change_environment(self._variables))
        deadline = time.monotonic() + UPDATE_TIMEOUT_S
        while answer.get("LastUpdateStatus") == "InProgress":
            if time.monotonic() > deadline:
                raise ConfigurationRefused(
                    "The function's changed configuration did not become active in 60 s."
                )
            await asyncio.sleep(POLL_INTERVAL_S)
            answer = await self._call(self._requests.configuration())

    async def _call(self, request: SignedRequest) -> dict[str, Any]:
        connection = self._pool.take() or await self._pool.connect()
        answered: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        connection.request(request.data(), answered.set_result)
        await answered
        if connection.status != 200:
            reason = (
                connection.failure[1] if connection.status == 0 else connection.body.decode(errors="replace")
            )
            raise ConfigurationRefused(f"The function's configuration cannot be changed: {reason}")
        self._pool.give_back(connection)
        document: dict[str, Any] = json.loads(connection.body)
        return document
