"""The one interface to a Lambda: what a target promises, and what the engine needs to call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lambda_tui.runs.target import TargetDescription, TargetKind
from lambda_tui.scenario import Architecture, Scenario

Progress = Callable[[str], None]
"""Receives one short line each time something visible happens while a target starts."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Signing keys. Never logged, shown, stored or put on a command line; repr hides them."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A function that is configured as the scenario asks and ready to be invoked."""

    endpoint: str
    region: str
    credentials: Credentials
    function_name: str
    qualifier: str | None
    memory_mb: int
    architecture: Architecture
    timeout_s: int
    description: TargetDescription
    fresh_credentials: Callable[[], Credentials] | None = field(default=None, repr=False, compare=False)
    """The keys valid now, for runs that outlast a login; may block for seconds. None: they never expire.
    Raises TargetError if there are none any more."""


class Target(Protocol):
    """A Lambda. `open` and `prepare` may block for seconds: call them off the user interface's thread."""

    @property
    def kind(self) -> TargetKind: ...

    @property
    def label(self) -> str:
        """For the title bar: `local · cgroup-v1 · us-east-1`."""
        ...

    @property
    def costs_money(self) -> bool:
        """Whether invocations are charged for: not on this machine."""
        ...

    def open(self, progress: Progress) -> None:
        """Start or reach the target. Idempotent; restarts a target that was lost.

        Raises:
            TargetUnreachable: nothing answers.
            TargetRefused: it refuses (credentials, permissions).
        """
        ...

    def prepare(self, scenario: Scenario) -> Deployment:
        """Configure the scenario's function and wait until it can be invoked.

        Raises:
            TargetRefused: unknown function, or a configuration this target must not change.
            TargetLost: the target went away.
        """
        ...

    def is_alive(self) -> bool:
        """False once a target that was open has gone away."""
        ...

    def close(self) -> None:
        """Stop what was started. Idempotent, never raises for a target that is already gone."""
        ...
