"""The functions that exist: frozen configuration records and the registry that holds them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from lambda_tui.local_lambda.api_errors import LambdaApiError, function_not_found

ACCOUNT_ID = "000000000000"
LATEST = "$LATEST"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IDENTIFIER = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):(?:function:)?|function:)?"
    r"(?P<name>[A-Za-z0-9_-]{1,64})(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


@dataclass(frozen=True, slots=True)
class FunctionConfiguration:
    """One revision of a function. Any change makes a new revision, and with it new environments."""

    name: str
    arn: str
    runtime: str
    handler: str
    task_root: Path
    role: str
    description: str = ""
    memory_mb: int = 128
    timeout_s: int = 3
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    architecture: str = "x86_64"
    ephemeral_mb: int = 512
    code_sha256: str = ""
    code_size: int = 0
    version: str = LATEST
    last_modified: str = field(default_factory=_now)
    revision_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def with_changes(self, **changes: object) -> FunctionConfiguration:
        """The next revision."""
        fresh = {"last_modified": _now(), "revision_id": str(uuid.uuid4())}
        return replace(self, **{**changes, **fresh})  # type: ignore[arg-type]


class FunctionRegistry:
    """All functions by name. `on_superseded` hears of every revision that is no longer current."""

    def __init__(self, region: str, on_superseded: Callable[[FunctionConfiguration], None]) -> None:
        self.region = region
        self._functions: dict[str, FunctionConfiguration] = {}
        self._on_superseded = on_superseded

    def arn(self, name: str, qualifier: str | None = None) -> str:
        arn = f"arn:aws:lambda:{self.region}:{ACCOUNT_ID}:function:{name}"
        return arn if qualifier is None else f"{arn}:{qualifier}"

    def all(self) -> list[FunctionConfiguration]:
        """Every function, by name."""
        return [self._functions[name] for name in sorted(self._functions)]

    def resolve(self, identifier: str, qualifier: str | None = None) -> FunctionConfiguration:
        """The function of a name, name:qualifier, partial ARN or ARN.

        Raises:
            LambdaApiError: 400 for what is none of these, 404 for what does not exist.
        """
        match = _IDENTIFIER.fullmatch(identifier)
        if match is None:
            raise LambdaApiError(
                400,
                "ValidationException",
                f"1 validation error detected: Value '{identifier}' at 'functionName' failed to satisfy "
                f"constraint: Member must satisfy regular expression pattern: {_IDENTIFIER.pattern}",
            )
        in_name = match["qualifier"]
        if in_name and qualifier and in_name != qualifier:
            raise LambdaApiError(
                400,
                "InvalidParameterValueException",
                "The derived qualifier from the function name does not match.",
            )
        wanted = in_name or qualifier
        function = self._functions.get(match["name"])
        foreign = match["region"] not in (None, self.region) or match["account"] not in (None, ACCOUNT_ID)
        if function is None or foreign or wanted not in (None, LATEST):
            raise function_not_found(self.arn(match["name"], wanted))
        return function

    def check_new(self, name: str) -> None:
        """Return if a function of this name can be created.

        Raises:
            LambdaApiError: 400 for an unusable name, 409 if it exists.
        """
        if not _NAME.fullmatch(name):
            raise LambdaApiError(
                400,
                "ValidationException",
                f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy "
                f"constraint: Member must satisfy regular expression pattern: {_NAME.pattern}",
            )
        if name in self._functions:
            raise LambdaApiError(409, "ResourceConflictException", f"Function already exist: {name}")

    def add(self, function: FunctionConfiguration) -> None:
        """Register a new function whose name passed `check_new`."""
        self._functions[function.name] = function

    def replace(self, function: FunctionConfiguration) -> None:
        """Make this the current revision of an existing function."""
        superseded = self._functions[function.name]
        self._functions[function.name] = function
        self._on_superseded(superseded)

    def remove(self, function: FunctionConfiguration) -> None:
        self._on_superseded(self._functions.pop(function.name))
