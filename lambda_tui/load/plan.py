"""What the engine process needs to know: plain values only, so that it starts without pydantic or boto3."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

READ_TIMEOUT_MARGIN_S = 10.0
"""An invocation that has not answered this long after the function's own timeout never will."""

MAX_OWN_RESULT_BYTES = 16 * 1024
"""Results of a user's own function beyond this are counted, not kept."""


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """One run as the engine executes it. Money is decimal text; `repr` shows no credentials."""

    endpoint: str
    region: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    function_name: str
    qualifier: str | None
    event: bytes
    invocations: int
    callers: int
    warmup: int
    rate: float | None
    seconds: float | None
    cold_token: str | None
    """Set to force a new environment for each invocation; makes the changed variable unique to this run."""
    read_timeout_s: float
    request_usd: str
    """Price of one request."""
    billed_ms_usd: str
    """Price of one billed millisecond at the function's memory size."""
    worst_case_usd: str
    """Price of an invocation that runs into its timeout."""
    max_usd: str | None
    max_invocations: int | None
    max_seconds: float | None
    max_result_bytes: int | None

    def to_wire(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_wire(cls, values: dict[str, Any]) -> Self:
        return cls(**values)
