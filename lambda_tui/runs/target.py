"""What a run was measured on: the `target` part of the run document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

TargetKind = Literal["local", "aws", "endpoint"]
CpuEnforcement = Literal["cgroup-v2", "cgroup-v1", "duty-cycle", "none", "aws"]
MemoryEnforcement = Literal["cgroup", "rss", "none", "aws"]


@dataclass(frozen=True, slots=True)
class TargetDescription:
    """What ran the code and what was enforced.

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
        """JSON-ready (contract: `run` document)."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `to_document`; fields that only a newer lambda-tui writes are dropped."""
        return cls(**{entry.name: document[entry.name] for entry in fields(cls)})
