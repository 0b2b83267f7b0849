"""Asynchronous invocations: their queue and retries.

AWS documentation, "How Lambda handles errors and retries with asynchronous invocation": after a function
error two more attempts, 1 and 2 minutes later; throttles and service errors are tried again for up to 6
hours, at first after 1 second, later after at most 5 minutes. There are no destinations: outcomes are lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus

from lambda_tui.errors import LambdaTuiError
from lambda_tui.local_lambda.complaints import complain
from lambda_tui.local_lambda.environment.environment import Invocation
from lambda_tui.local_lambda.http.errors import LambdaApiError
from lambda_tui.local_lambda.scheduling.scheduler import Scheduler

RETRY_DELAYS_S = (60.0, 120.0)
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 300.0
MAX_EVENT_AGE_S = 6 * 3600.0
MAX_QUEUED = 10_000
"""Our own limit: AWS documents none for its queue."""


class EventQueue:
    """Runs asynchronous invocations, each in a task that waits its turn.

    `prepare` builds the invocation again for each attempt: the function may have changed meanwhile.
    """

    def __init__(self, scheduler: Scheduler, time_scale: float = 1.0) -> None:
        self._scheduler = scheduler
        self._time_scale = time_scale
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, prepare: Callable[[], Invocation]) -> None:
        """Accept an event; raises LambdaApiError (429) if far too many are waiting."""
        if len(self._tasks) >= MAX_QUEUED:
            raise LambdaApiError(
                429,
                "TooManyRequestsException",
                f"{MAX_QUEUED} events are already waiting.",
                reason="CallerRateLimitExceeded",
                retry_after_s=1.0,
            )
        task = asyncio.get_running_loop().create_task(self._run(prepare))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Cancel what has not ended."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, prepare: Callable[[], Invocation]) -> None:
        for delay_s in (*RETRY_DELAYS_S, None):
            if not await self._attempt(prepare) or delay_s is None:
                return
            await asyncio.sleep(delay_s / self._time_scale)

    async def _attempt(self, prepare: Callable[[], Invocation]) -> bool:
        """Run the event once, as soon as there is room; return whether it failed."""
        given_up_at = time.monotonic() + MAX_EVENT_AGE_S / self._time_scale
        backoff_s = FIRST_BACKOFF_S
        while time.monotonic() < given_up_at:
            try:
                return (await self._scheduler.invoke(prepare())).function_error is not None
            except LambdaApiError as error:
                if error.status != HTTPStatus.TOO_MANY_REQUESTS:
                    return False
            except (LambdaTuiError, OSError) as error:
                complain(f"an event waits: {error}")
            await asyncio.sleep(backoff_s / self._time_scale)
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)
        return False
