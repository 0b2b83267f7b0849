"""Which environment runs an invocation: a provisioned one, the last used warm one, a new one, or none."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

from lambda_tui.errors import LambdaTuiError
from lambda_tui.local_lambda.environment.environment import (
    ON_DEMAND,
    PROVISIONED,
    Done,
    Environment,
    Failed,
    Invocation,
    Outcome,
)
from lambda_tui.local_lambda.environment.start_gate import StartGate
from lambda_tui.local_lambda.functions.function import FunctionConfiguration
from lambda_tui.local_lambda.sandbox.groups.control_group import BYTES_PER_MB
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox
from lambda_tui.local_lambda.scheduling.concurrency import DEFAULT_ACCOUNT_CONCURRENCY, Concurrency
from lambda_tui.local_lambda.scheduling.lifetimes import MAX_AGE_S, Lifetimes

ENVIRONMENT_MB, ENVIRONMENT_DESCRIPTORS = 12, 12
"""What an environment needs from the host: 7 MB of memory and ten descriptors of the server (measured with
1,000 of them), plus a margin."""
MOST_WATCHED = 256
"""Without control groups each environment is checked up to 250 times a second, even if it only waits."""


def host_environments(*, watched: bool = False) -> int:
    """How many idle environments fit in half of this host's memory: 64 to 1,000, the default limit on AWS.

    At most 256 where they are `watched`: no control group holds them to their CPU share and memory.
    """
    most = MOST_WATCHED if watched else DEFAULT_ACCOUNT_CONCURRENCY
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = memory_mb / 2 / ENVIRONMENT_MB
    if descriptors != resource.RLIM_INFINITY:
        room = min(room, descriptors / ENVIRONMENT_DESCRIPTORS)
    return max(64, min(most, int(room)))


@dataclass(frozen=True, slots=True)
class SchedulerLimits:
    """How many environments can run, and how long they live.

    `max_environments` counts idle ones too, None means what this host holds; `account_concurrency`
    the simulated quota. `idle_s` keeps unused environments for exactly that long instead of AWS's measured
    times; `time_scale` divides those, the maximum age and the waits between retries of events.
    `package_mb_per_s` is how fast a new environment gets its code before INIT begins; None takes no time.
    """

    max_environments: int | None = None
    idle_s: float | None = None
    account_concurrency: int = DEFAULT_ACCOUNT_CONCURRENCY
    scaling_per_10_s: int = 1000
    time_scale: float = 1.0
    max_age_s: float = MAX_AGE_S
    package_mb_per_s: float | None = None

    def fetch_s(self, function: FunctionConfiguration) -> float:
        """Return how long fetching the uploaded package of `function` takes."""
        if self.package_mb_per_s is None:
            return 0.0
        return function.code_size / BYTES_PER_MB / self.package_mb_per_s


class Scheduler:
    """All environments of all functions. Idle ones are kept per function revision, the last used on top."""

    def __init__(self, sandbox: Sandbox, region: str, limits: SchedulerLimits) -> None:
        self.limits = limits
        self._most = limits.max_environments or host_environments(watched=sandbox.watches_processes)
        self.concurrency = Concurrency(self._most, limits.account_concurrency, limits.scaling_per_10_s)
        self.on_gone: Callable[[Environment], None] | None = None
        self._lifetimes = Lifetimes(limits.idle_s, limits.max_age_s, limits.time_scale)
        self._sandbox = sandbox
        self._start_gate = StartGate(sandbox.host_cpus)
        self._region = region
        self._environments: set[Environment] = set()
        self._idle: defaultdict[str, list[Environment]] = defaultdict(list)
        self._provisioned_idle: defaultdict[str, list[Environment]] = defaultdict(list)
        self._reclaim_timer: asyncio.TimerHandle | None = None
        self._reclaim_at = 0.0
        self._work: set[asyncio.Task[None]] = set()

    @property
    def environment_count(self) -> int:
        """Environments that exist now: starting, busy and idle."""
        return len(self._environments)

    def uses_code(self, folder: Path) -> bool:
        """Whether an environment runs code from that folder."""
        return any(environment.function.task_root == folder for environment in self._environments)

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run an invocation in an environment of exactly its function revision.

        Raises:
            LambdaApiError: 429, the invocation is beyond a limit.
            LambdaTuiError, OSError: a new environment could not be started.
        """
        finished: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.start(invocation, finished.set_result, finished.set_exception)
        return await asyncio.shield(finished)

    def start(self, invocation: Invocation, done: Done, failed: Failed) -> None:
        """As `invoke`, but call `done` or `failed`: one of them, whatever happens. A warm invocation takes no
        iteration of the event loop.

        Raises:
            LambdaApiError: 429, the invocation is beyond a limit.
        """
        function = invocation.function
        self.concurrency.admit(function.name)
        ready = self._provisioned_idle.get(function.revision_id)
        if ready:
            self._run(ready.pop(), invocation, done, failed)
            return
        self.concurrency.enter(function.name)
        try:
            idle = self._idle.get(function.revision_id)
            environment = idle.pop() if idle else self._create(function)
        except BaseException:
            self.concurrency.leave(function.name)
            raise
        self._run(environment, invocation, done, failed)

    def _run(self, environment: Environment, invocation: Invocation, done: Done, failed: Failed) -> None:
        if environment.is_ready:

            def finished(outcome: Outcome) -> None:
                # The caller first: nobody else is served before both are done.
                try:
                    done(outcome)
                finally:
                    self._release(environment)

            def broke(fault: BaseException) -> None:
                self._release(environment)
                failed(fault)

            environment.begin(invocation, finished, broke)
        else:
            self._in_background(self._run_cold(environment, invocation, done, failed))

    async def _run_cold(
        self, environment: Environment, invocation: Invocation, done: Done, failed: Failed
    ) -> None:
        try:
            outcome = await environment.run(invocation)
        except BaseException as error:
            environment.gone = True
            self._release(environment)
            failed(error)
            if not isinstance(error, LambdaTuiError | OSError):
                raise
        else:
            self._release(environment)
            done(outcome)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    # Provisioned environments.

    async def provision(self, function: FunctionConfiguration) -> Environment | None:
        """Make an environment for `function` and run its INIT ahead of any invocation; None if it fails.

        Raises:
            LambdaTuiError, OSError: it could not be started.
        """
        environment = self._create(function, PROVISIONED)
        try:
            is_ready = await environment.initialise()
        except BaseException:
            self._discard(environment)
            raise
        if not is_ready or environment.retired:
            self._discard(environment)
            return None
        self._provisioned_idle[function.revision_id].append(environment)
        return environment

    def unprovision(self, environment: Environment) -> None:
        """End a provisioned environment, after the invocation it may be running."""
        environment.retired = True
        idle = self._provisioned_idle[environment.function.revision_id]
        if environment in idle:
            idle.remove(environment)
            self._discard(environment)

    # The ends of environments.

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
        self._provisioned_idle.clear()
        for environment in list(self._environments):
            self._discard(environment)
        while self._work:
            await asyncio.wait(self._work)

    def _create(self, function: FunctionConfiguration, kind: str = ON_DEMAND) -> Environment:
        if kind == ON_DEMAND:
            self.concurrency.scale_out(function.name)
        if len(self._environments) >= self._most:
            self._evict_one()
        environment = Environment(
            function,
            self._sandbox,
            self._region,
            self._exited,
            start_gate=self._start_gate,
            fetch_s=self.limits.fetch_s(function),
            initialization_type=kind,
        )
        self._environments.add(environment)
        return environment

    def _evict_one(self) -> None:
        """Make room if anything is idle: retired environments that still run may be one too many."""
        idle = [environment for pool in self._idle.values() for environment in pool[:1]]
        if idle:
            self._remove_idle(min(idle, key=lambda environment: environment.idle_since))

    def _release(self, environment: Environment) -> None:
        is_on_demand = environment.initialization_type == ON_DEMAND
        if is_on_demand:
            self.concurrency.leave(environment.function.name)
        now = time.monotonic()
        if environment.gone or environment.retired:
            self._discard(environment)
        elif not is_on_demand:
            self._provisioned_idle[environment.function.revision_id].append(environment)
        elif now - environment.created_at > self._lifetimes.age:
            self._discard(environment)
        else:
            environment.idle_since = now
            environment.reclaim_at = min(
                now + self._lifetimes.idle(), environment.created_at + self._lifetimes.age
            )
            pool = self._idle[environment.function.revision_id]
            # One whose runtime has crashed is slower to use: it comes last.
            pool.insert(len(pool) if environment.is_ready else 0, environment)
            self._reclaim_by(environment.reclaim_at)

    def _exited(self, environment: Environment) -> None:
        """An environment's process ended while it was idle."""
        for pools in (self._idle, self._provisioned_idle):
            pool = pools.get(environment.function.revision_id, [])
            if environment in pool:
                pool.remove(environment)
        self._discard(environment)

    def _remove_idle(self, environment: Environment) -> None:
        self._idle[environment.function.revision_id].remove(environment)
        self._discard(environment)

    def _discard(self, environment: Environment) -> None:
        if environment in self._environments:
            self._environments.remove(environment)
            self._in_background(self._destroy(environment))

    async def _destroy(self, environment: Environment) -> None:
        await environment.destroy()
        if self.on_gone is not None:
            self.on_gone(environment)

    def _reclaim_by(self, at: float) -> None:
        """Check the idle environments no later than `at`."""
        if self._reclaim_timer is None or at < self._reclaim_at:
            if self._reclaim_timer is not None:
                self._reclaim_timer.cancel()
            self._reclaim_at = at
            delay_s = max(0.0, at - time.monotonic())
            self._reclaim_timer = asyncio.get_running_loop().call_later(delay_s, self._reclaim)

    def _reclaim(self) -> None:
        self._reclaim_timer = None
        now = time.monotonic()
        for revision_id, pool in list(self._idle.items()):
            for environment in [environment for environment in pool if environment.reclaim_at <= now]:
                self._remove_idle(environment)
            if not pool:
                del self._idle[revision_id]
        left = [environment.reclaim_at for pool in self._idle.values() for environment in pool]
        if left:
            self._reclaim_by(min(left))
