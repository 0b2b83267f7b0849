"""The one seam to a Lambda: what a target promises, and what the engine needs to call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from lambda_tui.scenario import Architecture, Scenario

TargetKind = Literal["local", "aws", "endpoint"]
CpuEnforcement = Literal["cgroup-v2", "cgroup-v1", "duty-cycle", "none", "aws"]
MemoryEnforcement = Literal["cgroup", "rss", "none", "aws"]

Progress = Callable[[str], None]
"""Receives one short line each time something visible happens while a target starts."""


@dataclass(frozen=True, slots=True)
class TargetDescription:
    """The `target` part of the run document: what ran the code and what was enforced.

    `vcpus` is the effective CPU share (memory_mb / 1769, AWS documentation); `host_limited` is true when
    this host has fewer cores than that share and therefore cannot show it.
    """

    kind: TargetKind
    region: str
    endpoint: str
    cpu_enforcement: CpuEnforcement
    memory_enforcement: MemoryEnforcement
    host_cpus: int
    vcpus: float
    host_limited: bool

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


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
    """The keys valid now, for runs longer than a login lasts; may block for seconds. None: they never expire.
    Raises TargetError when there are none any more."""


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
        """Start or reach the target. Idempotent; after a loss it starts the target anew.

        Raises:
            TargetUnreachable: nothing answers.
            TargetRefused: it answers and refuses (credentials, permissions).
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
