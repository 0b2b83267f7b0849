"""The functions that exist, with their versions and aliases."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lambda_tui.local_lambda.functions.function import (
    LATEST,
    Alias,
    FunctionConfiguration,
    FunctionIdentifier,
    alias_not_found,
    function_arn,
    parse_identifier,
)
from lambda_tui.local_lambda.http.errors import (
    conflict,
    function_not_found,
    invalid_parameter,
    violated,
)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True)
class Function:
    """One function: `serving` runs, `latest` is what was configured last; they differ during an update."""

    latest: FunctionConfiguration
    serving: FunctionConfiguration
    versions: dict[str, FunctionConfiguration] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    published: FunctionConfiguration | None = None
    """$LATEST as it was when the newest version was published from it."""

    @property
    def name(self) -> str:
        return self.latest.name

    def version(self, number: str) -> FunctionConfiguration | None:
        return self.latest if number == LATEST else self.versions.get(number)

    def configurations(self) -> list[FunctionConfiguration]:
        """Everything that may still run: $LATEST first, then the versions, oldest first."""
        current = [self.latest] if self.latest is self.serving else [self.latest, self.serving]
        return [*current, *self.versions.values()]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name and qualifier refer to; `arn` has the qualifier that was used."""

    function: Function
    configuration: FunctionConfiguration
    arn: str
    alias: Alias | None = None


class FunctionRegistry:
    """All functions by name. `on_superseded` is called with every configuration that no longer runs.

    With `state_change_s` above 0, a new function is Pending, and an update InProgress, for that long.
    """

    def __init__(
        self,
        region: str,
        on_superseded: Callable[[FunctionConfiguration], None],
        *,
        state_change_s: float = 0.0,
    ) -> None:
        self.region = region
        self._functions: dict[str, Function] = {}
        self._on_superseded = on_superseded
        self._state_change_s = state_change_s
        # Lambda never reuses a number, not even for a new function of the same name.
        self._last_version: dict[str, int] = {}
        self._random = random.Random()  # noqa: S311 - the split of an alias's traffic

    def arn(self, name: str, qualifier: str | None = None) -> str:
        return function_arn(self.region, name, qualifier)

    def all(self) -> list[Function]:
        """Every function, by name."""
        return [self._functions[name] for name in sorted(self._functions)]

    def uses_code(self, folder: Path) -> bool:
        """Whether any version of any function has its code in that folder."""
        return any(
            configuration.task_root == folder
            for function in self._functions.values()
            for configuration in function.configurations()
        )

    def identify(self, identifier: str, qualifier: str | None = None) -> FunctionIdentifier:
        """Parse a FunctionName parameter; raises LambdaApiError (400)."""
        return parse_identifier(identifier, qualifier, self.region)

    def function(self, identifier: str) -> Function:
        """The function of a name or ARN that has no qualifier.

        Raises:
            LambdaApiError: 400 for a malformed or qualified name, 404 for what does not exist.
        """
        parsed = self.identify(identifier)
        if parsed.qualifier not in (None, LATEST):
            raise invalid_parameter("The function name or ARN cannot have a qualifier here.")
        return self._find(parsed)

    def resolve(self, identifier: str, qualifier: str | None = None) -> Resolved:
        """What a name, name:qualifier, partial ARN or ARN refers to; an alias refers to its version.

        Raises:
            LambdaApiError: 400 for a malformed name, 404 for what does not exist.
        """
        parsed = self.identify(identifier, qualifier)
        function = self._find(parsed)
        arn = self.arn(function.name, parsed.qualifier)
        if parsed.qualifier is None:
            return Resolved(function, function.latest, arn)
        alias = function.aliases.get(parsed.qualifier)
        configuration = function.version(alias.version if alias else parsed.qualifier)
        if configuration is None:
            raise function_not_found(arn)
        return Resolved(function, configuration, arn, alias)

    def resolve_for_invoke(self, identifier: str, qualifier: str | None) -> Resolved:
        """As `resolve`, but the configuration in force now; an alias picks one of its versions by weight."""
        resolved = self.resolve(identifier, qualifier)
        configuration = resolved.configuration
        if resolved.alias is not None and resolved.alias.additional is not None:
            version, weight = resolved.alias.additional
            if self._random.random() < weight:
                configuration = resolved.function.versions[version]
        if configuration is not resolved.function.latest:
            return replace(resolved, configuration=configuration)
        serving = resolved.function.serving
        if serving.state == "Pending":
            raise conflict(
                "The operation cannot be performed at this time. "
                "The function is currently in the following state: Pending"
            )
        return resolved if serving is configuration else replace(resolved, configuration=serving)

    def _find(self, identifier: FunctionIdentifier) -> Function:
        function = self._functions.get(identifier.name)
        if function is None or identifier.is_foreign:
            raise function_not_found(self.arn(identifier.name, identifier.qualifier))
        return function

    # Functions.

    def check_new(self, name: str) -> None:
        """Return if a function of this name can be created.

        Raises:
            LambdaApiError: 400 for an unusable name, 409 if it exists.
        """
        if not _NAME.fullmatch(name):
            raise violated(
                name, "functionName", f"Member must satisfy regular expression pattern: {_NAME.pattern}"
            )
        if name in self._functions:
            raise conflict(f"Function already exist: {name}")

    def add(self, configuration: FunctionConfiguration, tags: dict[str, str] | None = None) -> Function:
        """Register a new function; raises LambdaApiError like `check_new`."""
        self.check_new(configuration.name)
        if self._state_change_s:
            configuration = replace(configuration, state="Pending")
        function = Function(configuration, configuration, tags=tags or {})
        self._functions[function.name] = function
        if self._state_change_s:
            self._later(self._activate, function, configuration)
        return function

    def _activate(self, function: Function, pending: FunctionConfiguration) -> None:
        if function.latest is pending:
            function.latest = function.serving = replace(pending, state="Active")

    def check_settled(self, function: Function) -> None:
        """Return if the function may be changed; raises LambdaApiError (409) while another change lasts."""
        if function.latest.state == "Pending":
            raise conflict(
                "The operation cannot be performed at this time. "
                "The function is currently in the following state: Pending"
            )
        if function.latest.update_status == "InProgress":
            raise conflict(
                "The operation cannot be performed at this time. "
                f"An update is in progress for resource: {function.latest.arn}"
            )

    def update(self, function: Function, changed: FunctionConfiguration) -> FunctionConfiguration:
        """Make this the function's configuration, at once or after an update; return its current state."""
        self.check_settled(function)
        if not self._state_change_s:
            return self._put_in_force(function, changed)
        function.latest = replace(changed, update_status="InProgress")
        self._later(self._finish_update, function, function.latest)
        return function.latest

    def _finish_update(self, function: Function, updating: FunctionConfiguration) -> None:
        if self._functions.get(function.name) is function:
            self._put_in_force(function, replace(updating, update_status="Successful"))

    def _put_in_force(self, function: Function, changed: FunctionConfiguration) -> FunctionConfiguration:
        superseded = function.serving
        function.latest = function.serving = changed
        self._on_superseded(superseded)
        return changed

    def _later(
        self,
        change: Callable[[Function, FunctionConfiguration], None],
        function: Function,
        configuration: FunctionConfiguration,
    ) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self._state_change_s, change, function, configuration)

    def remove(self, function: Function) -> None:
        """Delete a function with all its versions and aliases."""
        del self._functions[function.name]
        for configuration in function.configurations():
            self._on_superseded(configuration)

    # Versions.

    def publish(self, function: Function, description: str | None) -> FunctionConfiguration:
        """Publish $LATEST as a version; returns the last one if nothing has changed since."""
        newest = next(reversed(function.versions.values()), None)
        published = function.published
        if newest is not None and published is not None and _is_same(published, function.latest):
            return newest
        number = self._last_version.get(function.name, 0) + 1
        self._last_version[function.name] = number
        version = function.latest.as_version(str(number), description)
        function.versions[version.version] = version
        function.published = function.latest
        return version

    def remove_version(self, function: Function, number: str) -> None:
        """Delete a version that no alias names; raises LambdaApiError (400, 404, 409)."""
        if number == LATEST:
            raise invalid_parameter("$LATEST version cannot be deleted without deleting the function.")
        if number not in function.versions:
            raise function_not_found(self.arn(function.name, number))
        aliases = sorted(alias.name for alias in function.aliases.values() if number in alias.versions)
        if aliases:
            raise conflict(f"Version {number} is referenced by aliases: {', '.join(aliases)}")
        self._on_superseded(function.versions.pop(number))

    # Aliases.

    def alias(self, identifier: str, name: str) -> tuple[Function, Alias]:
        """An alias and its function; raises LambdaApiError (404) if either is missing."""
        function = self.function(identifier)
        if name not in function.aliases:
            raise alias_not_found(self.arn(function.name, name))
        return function, function.aliases[name]

    def set_alias(self, function: Function, alias: Alias) -> None:
        """Add or replace an alias; raises LambdaApiError (404, 400) if its versions do not allow it."""
        for number in alias.versions:
            if function.version(number) is None:
                raise function_not_found(self.arn(function.name, number))
        if alias.additional is not None and (LATEST in alias.versions or len(set(alias.versions)) == 1):
            raise invalid_parameter("The routing of an alias needs two different published versions.")
        function.aliases[alias.name] = alias


def _is_same(published: FunctionConfiguration, latest: FunctionConfiguration) -> bool:
    passing = ("last_modified", "revision_id", "state", "update_status")
    return replace(latest, **{name: getattr(published, name) for name in passing}) == published
