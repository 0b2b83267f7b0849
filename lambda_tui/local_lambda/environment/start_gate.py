"""Lets only a few environments start at the same time.

On AWS each environment starts on a host of its own. Here 200 at once on two CPUs took 9 s each, and reached
the 10 s limit of INIT. One for each CPU, as many as can make progress, take 52 ms each; two for each CPU take
twice as long and serve the crowd no sooner. What an environment waits here is not part of its Init Duration.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LONGEST_HOLD_S = 0.25
"""An INIT that waits for something else needs no CPU: after this it makes way."""


class StartGate:
    """Slots for starting environments, given in the order they were asked for."""

    def __init__(self, cpus: int) -> None:
        self._slots = asyncio.Semaphore(cpus)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold a slot inside, but no longer than a quarter of a second."""
        await self._slots.acquire()
        held = True

        def release() -> None:
            nonlocal held
            if held:
                held = False
                self._slots.release()

        timer = asyncio.get_running_loop().call_later(LONGEST_HOLD_S, release)
        try:
            yield
        finally:
            timer.cancel()
            release()
