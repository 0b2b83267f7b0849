"""Provisioned concurrency: environments of a version, initialised ahead of invocations."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from lambda_tui.errors import LambdaTuiError
from lambda_tui.local_lambda.complaints import complain
from lambda_tui.local_lambda.environment.environment import PROVISIONED, Environment
from lambda_tui.local_lambda.functions.function import LATEST, FunctionConfiguration, now_text
from lambda_tui.local_lambda.functions.registry import Function, FunctionRegistry
from lambda_tui.local_lambda.http.errors import LambdaApiError, conflict, invalid_parameter
from lambda_tui.local_lambda.scheduling.scheduler import Scheduler

STARTS_AT_ONCE = 4
"""INITs that run in parallel; more would only take longer on a small host."""

Status = Literal["IN_PROGRESS", "READY", "FAILED"]


@dataclass(slots=True, eq=False)
class ProvisionedConfig:
    """What was requested for an alias or a version, and its environments."""

    function_name: str
    qualifier: str
    arn: str
    configuration: FunctionConfiguration
    requested: int
    last_modified: str = field(default_factory=now_text)
    status_reason: str = ""
    environments: set[Environment] = field(default_factory=set)
    filling: asyncio.Task[None] | None = None

    @property
    def status(self) -> Status:
        if self.status_reason:
            return "FAILED"
        return "READY" if len(self.environments) >= self.requested else "IN_PROGRESS"


class ProvisionedConcurrency:
    """All provisioned concurrency; keeps each configuration at the requested number of environments."""

    def __init__(self, registry: FunctionRegistry, scheduler: Scheduler) -> None:
        self._registry = registry
        self._scheduler = scheduler
        self._configs: dict[tuple[str, str], ProvisionedConfig] = {}

    def put(self, identifier: str, qualifier: str, count: int) -> ProvisionedConfig:
        """Request `count` environments for an alias or a version.

        Raises:
            LambdaApiError: 400 for $LATEST or too many, 404, 409 for a version that has another.
        """
        resolved = self._registry.resolve(identifier, qualifier)
        if resolved.configuration.version == LATEST:
            raise invalid_parameter(
                "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            )
        name = resolved.function.name
        qualifier = resolved.alias.name if resolved.alias else resolved.configuration.version
        config = self._configs.get((name, qualifier))
        self._refuse_second(name, qualifier, resolved.configuration)
        before = 0 if config is None else config.requested
        self._scheduler.concurrency.provision(name, count - before)
        if config is None:
            config = ProvisionedConfig(name, qualifier, resolved.arn, resolved.configuration, count)
            self._configs[name, qualifier] = config
        config.requested, config.last_modified = count, now_text()
        self._refill(config)
        return config

    def _refuse_second(self, name: str, qualifier: str, configuration: FunctionConfiguration) -> None:
        for config in self.of_function(name):
            if config.qualifier != qualifier and config.configuration is configuration:
                raise conflict(
                    f"Version {configuration.version} already has provisioned concurrency, "
                    f"configured on {config.qualifier}."
                )

    def get(self, identifier: str, qualifier: str) -> ProvisionedConfig:
        """One configuration; raises LambdaApiError (404)."""
        resolved = self._registry.resolve(identifier, qualifier)
        config = self._configs.get((resolved.function.name, qualifier))
        if config is None:
            raise LambdaApiError(
                404,
                "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
            )
        return config

    def of_function(self, name: str) -> list[ProvisionedConfig]:
        return [config for (owner, _), config in sorted(self._configs.items()) if owner == name]

    def available(self, config: ProvisionedConfig) -> int:
        """Environments that are ready and not running an invocation."""
        return sum(environment.is_idle for environment in config.environments)

    def remove(self, name: str, qualifier: str) -> bool:
        """Release the environments; return whether there were any."""
        config = self._configs.pop((name, qualifier), None)
        if config is None:
            return False
        self._scheduler.concurrency.provision(name, -config.requested)
        config.requested = 0
        self._refill(config)
        return True

    def remove_function(self, name: str) -> None:
        for config in self.of_function(name):
            self.remove(name, config.qualifier)

    def retarget(self, function: Function, alias_name: str) -> None:
        """An alias may refer to another version now: its environments are replaced."""
        config = self._configs.get((function.name, alias_name))
        wanted = function.version(function.aliases[alias_name].version)
        if config is None or wanted is None or wanted is config.configuration:
            return
        for environment in list(config.environments):
            self._drop(config, environment)
        config.configuration = wanted
        self._refill(config)

    def gone(self, environment: Environment) -> None:
        """An environment has ended: another takes its place."""
        if environment.initialization_type != PROVISIONED:
            return
        for config in self._configs.values():
            if environment in config.environments:
                config.environments.remove(environment)
                self._refill(config)

    def _drop(self, config: ProvisionedConfig, environment: Environment) -> None:
        config.environments.discard(environment)
        self._scheduler.unprovision(environment)

    def _refill(self, config: ProvisionedConfig) -> None:
        for environment in list(config.environments)[config.requested :]:
            self._drop(config, environment)
        config.status_reason = ""
        if config.status == "IN_PROGRESS" and (config.filling is None or config.filling.done()):
            config.filling = asyncio.get_running_loop().create_task(self._fill(config))

    async def _fill(self, config: ProvisionedConfig) -> None:
        while config.status == "IN_PROGRESS":
            missing = config.requested - len(config.environments)
            await asyncio.gather(*(self._add(config) for _ in range(min(missing, STARTS_AT_ONCE))))

    async def _add(self, config: ProvisionedConfig) -> None:
        configuration = config.configuration
        try:
            environment = await self._scheduler.provision(configuration)
        except (LambdaTuiError, OSError) as error:
            complain(f"a provisioned environment could not be started: {error}")
            config.status_reason = "INTERNAL_ERROR"
            return
        if environment is None:
            config.status_reason = "FUNCTION_ERROR_INIT_FAILURE"
        elif config.configuration is not configuration or len(config.environments) >= config.requested:
            self._scheduler.unprovision(environment)
        else:
            config.environments.add(environment)

    async def close(self) -> None:
        """Stop filling up."""
        tasks = [config.filling for config in self._configs.values() if config.filling is not None]
        self._configs.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
