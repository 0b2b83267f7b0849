"""Frozen records of a function's configuration, versions and aliases, and its names."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from lambda_tui.aws_facts import FREE_EPHEMERAL_MB, MIN_MEMORY_MB
from lambda_tui.local_lambda.http.errors import LambdaApiError, invalid_parameter, violated

ACCOUNT_ID = "000000000000"
LATEST = "$LATEST"

_IDENTIFIER = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):(?:function:)?|function:)?"
    r"(?P<name>[A-Za-z0-9_-]{1,64})(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)

State = Literal["Active", "Pending"]
UpdateStatus = Literal["Successful", "InProgress"]


def now_text() -> str:
    """The time as Lambda writes LastModified."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def new_revision_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class FunctionConfiguration:
    """One revision of a function, or a version of it. Any change makes a new one, with new environments."""

    name: str
    arn: str
    runtime: str
    handler: str
    task_root: Path
    role: str
    description: str = ""
    memory_mb: int = MIN_MEMORY_MB
    timeout_s: int = 3
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    architecture: str = "x86_64"
    ephemeral_mb: int = FREE_EPHEMERAL_MB
    code_sha256: str = ""
    code_size: int = 0
    version: str = LATEST
    last_modified: str = field(default_factory=now_text)
    revision_id: str = field(default_factory=new_revision_id)
    state: State = "Active"
    update_status: UpdateStatus = "Successful"

    def with_changes(self, **changes: object) -> FunctionConfiguration:
        """The next revision."""
        fresh = {"last_modified": now_text(), "revision_id": new_revision_id()}
        return replace(self, **{**changes, **fresh})  # type: ignore[arg-type]

    def as_version(self, version: str, description: str | None) -> FunctionConfiguration:
        """The snapshot that publishing makes of this revision."""
        settled = {"state": "Active", "update_status": "Successful"}
        changes = settled if description is None else {**settled, "description": description}
        return self.with_changes(version=version, arn=f"{self.arn}:{version}", **changes)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a version. `additional` is a second version and its share of the invocations."""

    name: str
    arn: str
    version: str
    description: str = ""
    additional: tuple[str, float] | None = None
    revision_id: str = field(default_factory=new_revision_id)

    @property
    def versions(self) -> tuple[str, ...]:
        return (self.version,) if self.additional is None else (self.version, self.additional[0])


@dataclass(frozen=True, slots=True)
class FunctionIdentifier:
    """A parsed FunctionName parameter; `is_foreign` ones are of another account or region."""

    name: str
    qualifier: str | None
    is_foreign: bool


@lru_cache(maxsize=1024)
def parse_identifier(identifier: str, qualifier: str | None, region: str) -> FunctionIdentifier:
    """Parse a name, name:qualifier, partial ARN or ARN, together with the Qualifier parameter.

    Raises:
        LambdaApiError: 400, it is none of these, or the two qualifiers differ.
    """
    match = _IDENTIFIER.fullmatch(identifier)
    if match is None:
        raise violated(
            identifier,
            "functionName",
            f"Member must satisfy regular expression pattern: {_IDENTIFIER.pattern}",
        )
    in_name = match["qualifier"]
    if in_name and qualifier and in_name != qualifier:
        raise invalid_parameter("The derived qualifier from the function name does not match.")
    return FunctionIdentifier(
        match["name"],
        in_name or qualifier or None,
        match["region"] not in (None, region) or match["account"] not in (None, ACCOUNT_ID),
    )


def function_arn(region: str, name: str, qualifier: str | None = None) -> str:
    arn = f"arn:aws:lambda:{region}:{ACCOUNT_ID}:function:{name}"
    return arn if qualifier is None else f"{arn}:{qualifier}"


def alias_not_found(arn: str) -> LambdaApiError:
    return LambdaApiError(404, "ResourceNotFoundException", f"Cannot find alias arn: {arn}")
