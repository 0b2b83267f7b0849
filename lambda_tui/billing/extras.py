"""Every charge beyond ordinary invocations, one pure function each (AWS Lambda pricing page, 2026)."""

from __future__ import annotations

from decimal import Decimal

from lambda_tui.billing.bill import BillItem, BillLine, money_text
from lambda_tui.billing.on_demand import gb_seconds
from lambda_tui.billing.prices import PriceBook, Rates, provenance
from lambda_tui.billing.usage import (
    Durable,
    EventPollers,
    ManagedInstances,
    Provisioned,
    SnapStart,
    Streaming,
    Usage,
)
from lambda_tui.errors import InvalidInput
from lambda_tui.exact import EXACT, ceil_to_step, exact_product

PROVISIONED_STEP_S = 5 * 60
SNAPSTART_MINIMUM_S = 3 * 3600
STREAMING_FREE_MB = 6
STREAMING_FREE_GB = 100
LOGS_FIRST_TIER_GB = 10 * 1024


def provisioned_seconds(provisioned: Provisioned) -> int:
    """The seconds for which a configuration is billed: enabled time rounded up to five minutes."""
    return ceil_to_step(exact_product(provisioned.hours, 3600), PROVISIONED_STEP_S)


def provisioned_capacity(provisioned: Provisioned, billed_ms: Decimal) -> int:
    """How many invocations of `billed_ms` the configured concurrency can run in its time."""
    if not billed_ms:
        return 10**15
    seconds = exact_product(provisioned.concurrency, provisioned.hours, 3600)
    return int(EXACT.divide_int(exact_product(seconds, 1000), billed_ms))


def provisioned_invocations(usage: Usage, provisioned: Provisioned, billed_ms: Decimal) -> int:
    """Invocations that run on provisioned concurrency: as stated, or as many as fit.

    Raises:
        InvalidInput: more are stated than the configured concurrency can run.
    """
    capacity = provisioned_capacity(provisioned, billed_ms)
    if provisioned.invocations is None:
        return min(usage.invocations, capacity)
    if provisioned.invocations > capacity:
        raise InvalidInput(
            "provisioned.invocations",
            f"provisioned.invocations {provisioned.invocations} of {money_text(billed_ms)} ms do not fit: "
            f"{provisioned.concurrency} environments run {capacity} in {money_text(provisioned.hours)} h.",
            hint="Leave provisioned.invocations out and the rest spills over to on-demand prices.",
        )
    return provisioned.invocations


def provisioned_lines(
    usage: Usage, provisioned: Provisioned, count: int, billed_ms: Decimal, rates: Rates
) -> list[BillLine]:
    """Capacity for the whole enabled time, and its own price for duration; no free tier, no volume tiers."""
    seconds = provisioned_seconds(provisioned)
    capacity = gb_seconds(usage.memory_mb, Decimal(seconds * 1000), provisioned.concurrency)
    run = gb_seconds(usage.memory_mb, billed_ms, count)
    return [
        BillLine.charge(
            "provisioned_concurrency",
            capacity,
            "GB-s",
            rates.require("provisioned_gb_s", charge="provisioned"),
            note=f"{provisioned.concurrency} x {money_text(Decimal(seconds) / 3600)} h, in steps of 5 min",
            how=f"{provisioned.concurrency} environments x {seconds:,} s x {usage.memory_mb}/1024 GB",
            source=provenance(rates, "provisioned_gb_s"),
        ),
        BillLine.charge(
            "provisioned_duration",
            run,
            "GB-s",
            rates.require("provisioned_duration_gb_s", charge="provisioned"),
            how=f"{count:,} invocations x {money_text(billed_ms)} ms x {usage.memory_mb}/1024 GB",
            source=provenance(rates, "provisioned_duration_gb_s"),
        ),
    ]


def snapstart_lines(usage: Usage, snapstart: SnapStart, rates: Rates) -> list[BillLine]:
    """Cache per published version and second (3 hours at least), restore per GB of memory."""
    seconds = max(snapstart.seconds, Decimal(SNAPSTART_MINIMUM_S))
    cached = gb_seconds(usage.memory_mb, exact_product(seconds, 1000), snapstart.versions)
    restored = EXACT.divide(exact_product(usage.memory_mb, snapstart.restores), Decimal(1024))
    return [
        BillLine.charge(
            "snapstart_cache",
            cached,
            "GB-s",
            rates.require("snapstart_cache_gb_s", charge="snapstart"),
            note="at least 3 h per version",
            how=f"{snapstart.versions:,} versions x {money_text(seconds)} s x {usage.memory_mb}/1024 GB",
            source=provenance(rates, "snapstart_cache_gb_s"),
        ),
        BillLine.charge(
            "snapstart_restore",
            restored,
            "GB",
            rates.require("snapstart_restore_gb", charge="snapstart"),
            how=f"{snapstart.restores:,} restores x {usage.memory_mb}/1024 GB",
            source=provenance(rates, "snapstart_restore_gb"),
        ),
    ]


def streaming_line(usage: Usage, streaming: Streaming, rates: Rates) -> BillLine:
    """Response bytes above 6 MB a request; the page's example counts 1024 MB to the GB."""
    over_mb = max(Decimal(0), streaming.response_mb - STREAMING_FREE_MB)
    total = EXACT.divide(exact_product(over_mb, streaming.responses), Decimal(1024))
    share = usage.free_tier
    free = Decimal(0)
    if share is not None and share.streaming:
        free = max(free, STREAMING_FREE_GB - share.streaming_gb_used)
    billable = max(Decimal(0), EXACT.subtract(total, free))
    return BillLine.charge(
        "streaming",
        billable,
        "GB",
        rates.require("streaming_gb", charge="streaming"),
        note=f"above {STREAMING_FREE_MB} MB a response"
        + (f", {money_text(min(total, free))} GB free" if free else ""),
        how=f"{streaming.responses:,} responses x {money_text(over_mb)}/1024 GB",
        source=provenance(rates, "streaming_gb"),
    )


def durable_lines(durable: Durable, rates: Rates) -> list[BillLine]:
    """Operations, data written and data retained of durable functions; their duration is ordinary."""
    parts: tuple[tuple[BillItem, Decimal, str, str], ...] = (
        ("durable_operations", Decimal(durable.operations), "operations", "durable_operation"),
        ("durable_data_written", durable.written_gb, "GB", "durable_written_gb"),
        ("durable_data_retained", durable.retained_gb_months, "GB-months", "durable_retained_gb_month"),
    )
    return [
        BillLine.charge(
            item,
            quantity,
            unit,
            rates.require(name, charge="durable"),
            how=f"{money_text(quantity)} {unit} as given",
            source=provenance(rates, name),
        )
        for item, quantity, unit, name in parts
        if quantity
    ]


def tenant_line(usage: Usage, rates: Rates) -> BillLine:
    """Tenant isolation: each new tenant environment, per GB of memory."""
    return BillLine.charge(
        "tenant_environments",
        EXACT.divide(exact_product(usage.memory_mb, usage.tenant_environments), Decimal(1024)),
        "GB",
        rates.require("tenant_environment_gb", charge="tenant_environments"),
        how=f"{usage.tenant_environments:,} environments x {usage.memory_mb}/1024 GB",
        source=provenance(rates, "tenant_environment_gb"),
    )


def managed_instances_lines(instances: ManagedInstances, rates: Rates, book: PriceBook) -> list[BillLine]:
    """EC2 at its (discounted) price plus a fee on the undiscounted on-demand price; no duration charge."""
    fee = rates.require("managed_instances_fee", charge="managed_instances")
    if instances.usd_per_hour is not None:
        hourly, source = instances.usd_per_hour, "as given"
    else:
        price = book.ec2_hour(str(instances.instance_type), rates.region)
        hourly, source = price.usd, price.source
    paid = exact_product(hourly, 100 - instances.ec2_discount_percent, Decimal("0.01"))
    hours = f"{money_text(instances.instance_hours)} instance hours"
    discount = (
        f"{money_text(instances.ec2_discount_percent)} % discount" if instances.ec2_discount_percent else ""
    )
    return [
        BillLine.charge(
            "managed_instances", instances.instance_hours, "h", paid, note=discount, how=hours, source=source
        ),
        BillLine.charge(
            "managed_instances_fee",
            instances.instance_hours,
            "h",
            exact_product(hourly, fee),
            note=f"{money_text(fee * 100)} % of the on-demand price",
            how=hours,
            source=provenance(rates, "managed_instances_fee"),
        ),
    ]


def event_poller_line(pollers: EventPollers, rates: Rates) -> BillLine:
    """Provisioned mode of an event source mapping, per event poller unit and hour."""
    name = f"event_poller_{pollers.kind}_hour"
    return BillLine.charge(
        "event_pollers",
        pollers.hours,
        "h",
        rates.require(name, charge="event_pollers"),
        how=f"{money_text(pollers.hours)} event poller unit hours ({pollers.kind})",
        source=provenance(rates, name),
    )


def logs_line(usage: Usage, rates: Rates) -> BillLine:
    """CloudWatch Logs ingestion at the first tier of vended Lambda logs (up to 10 TB a month).

    Raises:
        InvalidInput: beyond the first tier, whose successors are not in the price file.
    """
    gigabytes = EXACT.divide(
        exact_product(usage.logs_kb_per_invocation, usage.invocations), Decimal(1024 * 1024)
    )
    if gigabytes > LOGS_FIRST_TIER_GB:
        raise InvalidInput(
            "logs_kb_per_invocation",
            f"logs_kb_per_invocation makes {gigabytes:.0f} GB: only the first 10 TB a month are priced.",
        )
    return BillLine.charge(
        "logs_ingestion",
        gigabytes,
        "GB",
        rates.require("logs_ingested_gb", charge="logs_kb_per_invocation"),
        how=f"{usage.invocations:,} invocations x {money_text(usage.logs_kb_per_invocation)} KB",
        source=provenance(rates, "logs_ingested_gb"),
    )


def step_functions_line(usage: Usage, rates: Rates) -> BillLine:
    """State transitions of a standard workflow (4,000 a month are free; not deducted)."""
    return BillLine.charge(
        "step_functions",
        Decimal(usage.step_functions_transitions),
        "transitions",
        rates.require("step_functions_transition", charge="step_functions_transitions"),
        how=f"{usage.step_functions_transitions:,} transitions",
        source=provenance(rates, "step_functions_transition"),
    )
