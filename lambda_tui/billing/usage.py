"""The usage to bill, validated once; every field is documented in docs/cost.md."""

# The field functions return dataclasses.field(...), which RUF009 cannot see.
# ruff: noqa: RUF009
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from lambda_tui.aws_facts import (
    DEFAULT_REGION,
    FREE_EPHEMERAL_MB,
    MAX_EPHEMERAL_MB,
    MAX_MEMORY_MB,
    MIN_MEMORY_MB,
)
from lambda_tui.billing.eras import ERAS, Era, EraName
from lambda_tui.billing.fields import amount, choice, count, custom, flag, part, read_fields, text
from lambda_tui.errors import InvalidInput

LONGEST_MS = 5_400_000
"""90 minutes, the longest timeout (Managed Instances); classic functions end at 15."""

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class FreeTierUse:
    """Which parts of the free tier to deduct, and how much of each is already used elsewhere."""

    requests: bool = flag(default=True)
    gb_seconds: bool = flag(default=True)
    requests_used: Decimal = amount(default=ZERO)
    gb_seconds_used: Decimal = amount(default=ZERO)
    streaming: bool = flag(default=False)
    streaming_gb_used: Decimal = amount(default=ZERO)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Provisioned concurrency. `invocations` of the usage run on it, the rest spills over to on demand.

    Without `invocations`, as many as fit run on it; without `billed_ms`, they take as long as the others.
    """

    concurrency: int = count(most=1_000_000)
    hours: Decimal = amount(most=8784)
    invocations: int | None = count(default=None)
    billed_ms: Decimal | None = amount(default=None, most=LONGEST_MS)


@dataclass(frozen=True, slots=True)
class SnapStart:
    """Cached snapshot versions (`seconds` each exists, at least 3 hours) and restores; free for Java."""

    versions: int = count(default=0, most=1_000_000)
    seconds: Decimal = amount(default=ZERO)
    restores: int = count(default=0)


@dataclass(frozen=True, slots=True)
class Streaming:
    """Streamed responses of `response_mb` each."""

    response_mb: Decimal = amount(most=200_000)
    responses: int = count()


@dataclass(frozen=True, slots=True)
class Durable:
    """Durable functions: operations, GB written, GB-months retained (decimal GB)."""

    operations: int = count(default=0)
    written_gb: Decimal = amount(default=ZERO)
    retained_gb_months: Decimal = amount(default=ZERO)


@dataclass(frozen=True, slots=True)
class ManagedInstances:
    """EC2 instances that run the function. Give a type from the price file, or an hourly price."""

    instance_hours: Decimal = amount()
    instance_type: str | None = text(default=None)
    usd_per_hour: Decimal | None = amount(default=None, most=1000)
    ec2_discount_percent: Decimal = amount(default=ZERO, most=100)


@dataclass(frozen=True, slots=True)
class EventPollers:
    """Provisioned mode of an event source mapping: event poller units times hours."""

    kind: Literal["sqs", "kafka"] = choice("sqs", "kafka")
    hours: Decimal = amount()


def _read_free_tier(name: str, value: object) -> FreeTierUse | None:
    if isinstance(value, bool):
        return FreeTierUse() if value else None
    return read_fields(FreeTierUse, value, prefix=f"{name}.")


@dataclass(frozen=True, slots=True)
class Usage:
    """A month's (or an experiment's) use of one function in one region and architecture."""

    region: str = text(default=DEFAULT_REGION)
    architecture: Literal["x86_64", "arm64"] = choice("x86_64", "arm64", default="x86_64")
    memory_mb: int = count(default=MIN_MEMORY_MB, least=MIN_MEMORY_MB, most=MAX_MEMORY_MB)
    ephemeral_mb: int = count(default=FREE_EPHEMERAL_MB, least=FREE_EPHEMERAL_MB, most=MAX_EPHEMERAL_MB)
    invocations: int = count(default=1)
    billed_ms: Decimal | None = amount(default=None, most=LONGEST_MS)
    duration_ms: Decimal | None = amount(default=None, most=LONGEST_MS)
    total_billed_ms: Decimal | None = amount(default=None)
    gb_seconds: Decimal | None = amount(default=None)
    warm_billed_ms: Decimal | None = amount(default=None, most=LONGEST_MS)
    init_ms: Decimal = amount(default=ZERO, most=900_000)
    billed_restore_ms: Decimal = amount(default=ZERO, most=900_000)
    cold_start_ratio: Decimal = amount(default=ZERO, most=1)
    era: EraName = choice(*ERAS, default="today")
    rounding_ms: int = choice(1, 100, default=1)
    init_billed: bool = flag(default=True)
    async_payload_kb: Decimal | None = amount(default=None, most=1024)
    free_tier: FreeTierUse | None = custom(_read_free_tier, default=None)
    tier_gb_seconds_used: Decimal = amount(default=ZERO)
    savings_plan: Literal["no_upfront", "all_upfront"] | None = choice(
        "no_upfront", "all_upfront", default=None
    )
    edge: bool = flag(default=False)
    provisioned: Provisioned | None = part(Provisioned)
    snapstart: SnapStart | None = part(SnapStart)
    streaming: Streaming | None = part(Streaming)
    durable: Durable | None = part(Durable)
    tenant_environments: int = count(default=0)
    managed_instances: ManagedInstances | None = part(ManagedInstances)
    event_pollers: EventPollers | None = part(EventPollers)
    logs_kb_per_invocation: Decimal = amount(default=ZERO, most=1_000_000)
    step_functions_transitions: int = count(default=0)

    def in_era(self, era: Era) -> Usage:
        """The same usage under another era's rounding and init rule."""
        return replace(self, era=era.name, rounding_ms=era.rounding_ms, init_billed=era.init_billed)


def parse_usage(values: object) -> Usage:
    """Validate a usage document or command line options.

    Raises:
        InvalidInput: for the first field that is invalid or contradicts another.
    """
    usage = read_fields(Usage, _with_invocations(values))
    if usage.era != "today" and isinstance(values, Mapping):
        usage = _in_stated_era(usage, values)
    for contradiction, sentence in _contradictions(usage):
        if contradiction:
            raise InvalidInput(sentence.split()[0], sentence)
    return usage


def _with_invocations(values: object) -> object:
    """`requests`, as a bill names them, are the invocations."""
    if not isinstance(values, Mapping) or "requests" not in values:
        return values
    if "invocations" in values:
        raise InvalidInput("requests", "requests and invocations contradict each other: give one of them.")
    return {("invocations" if name == "requests" else name): value for name, value in values.items()}


def _in_stated_era(usage: Usage, values: Mapping[str, Any]) -> Usage:
    """An era implies its rounding and its init rule; stating them differently is refused."""
    era = ERAS[usage.era]
    for name, wanted in (("rounding_ms", era.rounding_ms), ("init_billed", era.init_billed)):
        given = values.get(name)
        if given is not None and given != wanted:
            raise InvalidInput(name, f"{name} {given} contradicts era {era.name}: leave one of them out.")
    return usage.in_era(era)


def _totals(usage: Usage) -> list[str]:
    return [name for name in ("total_billed_ms", "gb_seconds") if getattr(usage, name) is not None]


def _contradictions_of_totals(usage: Usage, totals: list[str]) -> list[tuple[object, str]]:
    pairs = [(total, other) for total in totals for other in ("billed_ms", "duration_ms")]
    if len(totals) > 1:
        pairs.append((totals[0], totals[1]))
    return [
        *((getattr(usage, other) is not None, f"{total} and {other} contradict each other: give one of them.")
          for total, other in pairs),
        (totals and usage.init_ms, "init_ms goes with duration_ms: a total already contains it."),
        (totals and usage.provisioned, "provisioned goes with billed_ms or duration_ms, not with a total."),
        (usage.gb_seconds is not None and usage.ephemeral_mb > FREE_EPHEMERAL_MB,
         "ephemeral_mb above 512 is billed by time: give total_billed_ms instead of gb_seconds."),
    ]  # fmt: skip


def _contradictions(usage: Usage) -> list[tuple[object, str]]:
    """Pairs of (true when contradictory, sentence that starts with the field)."""
    billed = usage.billed_ms is not None
    instances, provisioned = usage.managed_instances, usage.provisioned
    totals = _totals(usage)
    needs_time = usage.invocations and instances is None and not totals
    own_invocations = provisioned.invocations if provisioned and provisioned.invocations is not None else 0
    return [
        *_contradictions_of_totals(usage, totals),
        (billed and usage.duration_ms is not None,
         "billed_ms and duration_ms contradict each other: give one of them."),
        (billed and usage.warm_billed_ms is not None,
         "billed_ms and warm_billed_ms contradict each other: give one of them."),
        (usage.warm_billed_ms is not None and usage.duration_ms is None,
         "warm_billed_ms goes with duration_ms: it replaces its rounding."),
        (billed and usage.init_ms, "init_ms goes with duration_ms: billed_ms already contains it."),
        (billed and usage.billed_restore_ms,
         "billed_restore_ms goes with duration_ms: billed_ms already contains it."),
        (usage.init_ms and usage.billed_restore_ms,
         "billed_restore_ms contradicts init_ms: a SnapStart function restores instead of initialising."),
        (needs_time and not billed and usage.duration_ms is None,
         "billed_ms or duration_ms is needed to price invocations."),
        (usage.edge and usage.architecture != "x86_64",
         "architecture arm64 contradicts edge: Lambda@Edge runs on x86_64."),
        (usage.edge and usage.free_tier, "free_tier contradicts edge: it does not cover Lambda@Edge."),
        (usage.edge and provisioned, "provisioned contradicts edge: Lambda@Edge does not have it."),
        (usage.edge and usage.savings_plan, "savings_plan contradicts edge: it does not cover Lambda@Edge."),
        (usage.savings_plan and usage.era == "before-2020-12",
         "savings_plan contradicts era before-2020-12: its prices are today's."),
        (instances and (provisioned or usage.snapstart or usage.edge or usage.savings_plan),
         "managed_instances excludes provisioned, snapstart, edge and savings_plan."),
        (instances and usage.free_tier,
         "free_tier contradicts managed_instances: it is not known to cover them."),
        (instances and (instances.instance_type is None) == (instances.usd_per_hour is None),
         "managed_instances needs either instance_type or usd_per_hour."),
        (own_invocations > usage.invocations,
         f"provisioned.invocations {own_invocations} are part of invocations and cannot be more than "
         f"{usage.invocations}."),
    ]  # fmt: skip
