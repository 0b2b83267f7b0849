"""What the engine process needs to know: plain values only, so that it starts without pydantic or boto3."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any, Self

READ_TIMEOUT_MARGIN_S = 10.0
"""An invocation that has not answered this long after the function's own timeout never will."""

START_MARGIN_S = 0.1
"""On this machine new environments start one after the other per CPU, so callers of many cold starts wait
this much longer for each (30 to 60 ms on two CPUs)."""

MAX_OWN_RESULT_BYTES = 16 * 1024
"""Results of a user's own function beyond this are counted, not kept."""

MAX_IN_FLIGHT = 1_000
"""Of an open loop; starts beyond it are dropped and counted (1,000 is Lambda's default concurrency)."""

MIN_INVOCATIONS_PER_SHARE = 10
"""An engine's share of a spend limit covers the worst cases of at least this many invocations."""


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """One run, or one engine's part of it, as the engine executes it. Money is decimal text; `repr` shows no
    credentials."""

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
    """Price of an invocation that runs into its timeout after the longest billed INIT."""
    max_usd: str | None
    max_invocations: int | None
    max_seconds: float | None
    max_result_bytes: int | None
    arrivals: str = "constant"
    seed: int = 0
    connections: int = 1
    """Connections opened before the run."""
    max_in_flight: int = MAX_IN_FLIGHT
    engine: int = 0
    engines: int = 1
    """This engine is number `engine` of `engines`: it makes invocations with `engine` = index % `engines`."""
    use_uvloop: bool = True
    other_events: tuple[bytes, ...] = ()
    """Events beside `event`, for runs that compare: `order` says which invocation carries which."""
    order: bytes = b""
    """Of the invocation with number n, warm-up included, the event is number `order[n]`: 0 is `event`, 1 the
    first of `other_events`. Empty where all carry `event`."""

    def to_wire(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_wire(cls, values: dict[str, Any]) -> Self:
        return cls(**values)

    @property
    def own_warmup(self) -> int:
        """Warm-up invocations of this engine."""
        return _share(self.warmup, self.engine, self.engines)

    @property
    def own_invocations(self) -> int:
        """Measured invocations of this engine, in a closed loop."""
        return _share(self.warmup + self.invocations, self.engine, self.engines) - self.own_warmup

    @property
    def max_engines(self) -> int:
        """How many engines can share this plan: each needs a caller and part of the spend limit."""
        callers = self.callers if self.rate is None else self.max_in_flight
        if self.cold_token is not None or self.other_events:
            return 1
        if self.max_usd is None:
            return callers
        affordable = Decimal(self.max_usd) / (Decimal(self.worst_case_usd) * MIN_INVOCATIONS_PER_SHARE)
        return max(1, min(callers, int(affordable)))

    def share(self, engine: int, engines: int) -> EnginePlan:
        """The part of engine number `engine`; limits are divided."""

        def part(count: int) -> int:
            return _share(count, engine, engines)

        return replace(
            self,
            # An open loop warms up with its callers, however few there are.
            callers=max(1, part(self.callers)),
            connections=part(self.connections),
            max_in_flight=part(self.max_in_flight),
            max_usd=None if self.max_usd is None else _share_of_money(self.max_usd, engines),
            max_invocations=None if self.max_invocations is None else part(self.max_invocations),
            engine=engine,
            engines=engines,
        )


def _share_of_money(usd: str, engines: int) -> str:
    return str((Decimal(usd) / engines).quantize(Decimal("1e-15"), rounding=ROUND_DOWN))


def _share(count: int, engine: int, engines: int) -> int:
    """How many of the numbers 0 .. count - 1 leave the remainder `engine` when divided by `engines`."""
    return (count - engine + engines - 1) // engines
