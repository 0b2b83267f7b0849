"""Limits how many environments start at the same time.

On AWS each environment has its own resources. Here 200 at once on two CPUs took 9 s each, and reached the
10 s limit of INIT. One per CPU, as many as can make progress, take 52 ms each; two per CPU take twice as long
and serve nobody sooner. The time an environment waits here is not part of its Init Duration.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LONGEST_HOLD_S = 0.25
"""An INIT that waits for something else needs no CPU: after this time it releases its slot."""


class StartGate:
    """Slots for starting environments, granted in the order of the requests."""

    def __init__(self, cpus: int) -> None:
        self._slots = asyncio.Semaphore(cpus)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold a slot, but no longer than a quarter of a second."""
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
