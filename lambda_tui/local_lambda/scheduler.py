"""Which environment runs an invocation: the warm one used last, a new one, or none (a throttle)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from lambda_tui.local_lambda.api_errors import throttled
from lambda_tui.local_lambda.environment import Environment, Invocation, Outcome
from lambda_tui.local_lambda.functions import FunctionConfiguration
from lambda_tui.local_lambda.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class SchedulerLimits:
    """`max_environments` is also the account's concurrency: an environment runs one invocation at a time.

    `idle_s` is how long an unused environment lives; AWS keeps them for five to six minutes (measured in
    "Demystifying Serverless Costs on Public Platforms", arXiv 2506.01283).
    """

    max_environments: int = 64
    idle_s: float = 320.0


class Scheduler:
    """All environments of all functions. Idle ones are kept by function revision, last used on top."""

    def __init__(self, sandbox: Sandbox, region: str, limits: SchedulerLimits) -> None:
        self.limits = limits
        self._sandbox = sandbox
        self._region = region
        self._environments: set[Environment] = set()
        self._idle: dict[str, list[Environment]] = {}
        self._reclaim_timer: asyncio.TimerHandle | None = None
        self._destructions: set[asyncio.Task[None]] = set()

    @property
    def environment_count(self) -> int:
        """Environments that exist now: starting, busy and idle."""
        return len(self._environments)

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run an invocation in an environment of exactly its function revision.

        Raises:
            LambdaApiError: 429, every environment there may be is busy.
            LambdaTuiError, OSError: a new environment could not be started.
        """
        environment = self._take_idle(invocation.function) or self._create(invocation.function)
        try:
            return await environment.run(invocation)
        except BaseException:
            environment.gone = True
            raise
        finally:
            self._release(environment)

    def retire(self, function: FunctionConfiguration) -> None:
        """End the environments of a revision: idle ones now, busy ones after their invocation."""
        for environment in self._idle.pop(function.revision_id, []):
            self._discard(environment)
        for environment in self._environments:
            if environment.function.revision_id == function.revision_id:
                environment.retired = True

    async def close(self) -> None:
        """Kill every environment and wait until all are gone."""
        if self._reclaim_timer is not None:
            self._reclaim_timer.cancel()
        self._idle.clear()
        for environment in list(self._environments):
            self._discard(environment)
        while self._destructions:
            await asyncio.wait(self._destructions)

    def _take_idle(self, function: FunctionConfiguration) -> Environment | None:
        idle = self._idle.get(function.revision_id)
        return idle.pop() if idle else None

    def _create(self, function: FunctionConfiguration) -> Environment:
        if len(self._environments) >= self.limits.max_environments:
            self._evict_or_throttle()
        environment = Environment(function, self._sandbox, self._region, self._exited)
        self._environments.add(environment)
        return environment

    def _evict_or_throttle(self) -> None:
        idle = [pool[0] for pool in self._idle.values() if pool]
        if not idle:
            raise throttled("ConcurrentInvocationLimitExceeded")
        self._remove_idle(min(idle, key=lambda environment: environment.idle_since))

    def _release(self, environment: Environment) -> None:
        if environment.gone or environment.retired:
            self._discard(environment)
            return
        environment.idle_since = time.monotonic()
        self._idle.setdefault(environment.function.revision_id, []).append(environment)
        if self._reclaim_timer is None:
            self._schedule_reclaim(self.limits.idle_s)

    def _exited(self, environment: Environment) -> None:
        """An environment's process ended; if it was busy, its invocation releases it."""
        if environment in self._idle.get(environment.function.revision_id, ()):
            self._remove_idle(environment)

    def _remove_idle(self, environment: Environment) -> None:
        self._idle[environment.function.revision_id].remove(environment)
        self._discard(environment)

    def _discard(self, environment: Environment) -> None:
        if environment in self._environments:
            self._environments.remove(environment)
            task = asyncio.create_task(environment.destroy())
            self._destructions.add(task)
            task.add_done_callback(self._destructions.discard)

    def _schedule_reclaim(self, delay_s: float) -> None:
        self._reclaim_timer = asyncio.get_running_loop().call_later(delay_s, self._reclaim)

    def _reclaim(self) -> None:
        """End what has been idle for too long; in each pool the longest unused comes first."""
        self._reclaim_timer = None
        now = time.monotonic()
        for pool in self._idle.values():
            while pool and now - pool[0].idle_since >= self.limits.idle_s:
                self._remove_idle(pool[0])
        oldest = min((pool[0].idle_since for pool in self._idle.values() if pool), default=None)
        if oldest is not None:
            self._schedule_reclaim(max(0.0, oldest + self.limits.idle_s - now))
