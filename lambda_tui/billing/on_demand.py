"""Charges of ordinary invocations: requests, duration with volume tiers, init, ephemeral storage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lambda_tui.aws_facts import FREE_EPHEMERAL_MB
from lambda_tui.billing.bill import BillItem, BillLine, money_text
from lambda_tui.billing.eras import ERAS, billed_ms
from lambda_tui.billing.prices import FreeTier, Rates, Tier, provenance
from lambda_tui.billing.tiers import tiered_lines
from lambda_tui.billing.usage import Usage
from lambda_tui.exact import EXACT, ceil_to_step, exact_product

_SYNC_ASYNC_KB = 256
_ASYNC_STEP_KB = 64


@dataclass(frozen=True, slots=True)
class BilledTime:
    """Billed milliseconds of one on-demand invocation: warm, and what init or restore adds when cold."""

    warm_ms: Decimal
    cold_extra_ms: Decimal
    cold_ratio: Decimal
    how: str
    total_ms: Decimal | None = None
    """Of all invocations together, where only that is known."""

    @property
    def mean_ms(self) -> Decimal:
        return EXACT.fma(self.cold_extra_ms, self.cold_ratio, self.warm_ms)


def billed_time(usage: Usage) -> BilledTime:
    """The billed time of one invocation; `billed_ms` is taken as given, `duration_ms` is rounded
    up, unless `warm_billed_ms` says what its warm invocations were billed on average."""
    if usage.total_billed_ms is not None or usage.gb_seconds is not None:
        total = usage.total_billed_ms or Decimal(0)
        mean = total / usage.invocations if usage.invocations else Decimal(0)
        return BilledTime(mean, Decimal(0), Decimal(0), f"{money_text(total)} ms in all", total)
    if usage.billed_ms is not None:
        return BilledTime(usage.billed_ms, Decimal(0), Decimal(0), f"{money_text(usage.billed_ms)} ms")
    duration = usage.duration_ms or Decimal(0)
    step = usage.rounding_ms
    warm = billed_ms(duration, rounding_ms=step)
    extra = usage.billed_restore_ms + (usage.init_ms if usage.init_billed else 0)
    cold = billed_ms(duration, extra, rounding_ms=step)
    measured = usage.warm_billed_ms
    return BilledTime(
        Decimal(warm) if measured is None else measured,
        Decimal(cold - warm),
        usage.cold_start_ratio,
        f"ceil({duration} ms / {step} ms) x {step} ms" if measured is None else f"{money_text(measured)} ms",
    )


def requests_line(usage: Usage, rates: Rates, free: FreeTier) -> BillLine:
    """One request per invocation; an asynchronous event above 256 KB counts one more per 64 KB."""
    per_event = requests_per_event(usage.async_payload_kb)
    total = Decimal(usage.invocations * per_event)
    share = usage.free_tier
    billable = total
    note = ""
    if share is not None and share.requests:
        billable = max(Decimal(0), total - max(Decimal(0), free.requests - share.requests_used))
        note = f"{total - billable:,} of {total:,} free" if total else ""
    rate, name = request_price(usage, rates)
    how = f"{usage.invocations:,} invocations" + (f" x {per_event} requests each" if per_event > 1 else "")
    return BillLine.charge(
        "requests",
        billable,
        "requests",
        rate,
        note=note,
        how=how + (f" - {total - billable:,} free" if billable != total else ""),
        source=provenance(rates, name),
    )


def request_price(usage: Usage, rates: Rates) -> tuple[Decimal, str]:
    """The price of a request and its name in the price file."""
    if usage.edge:
        return rates.require("edge_request", charge="edge"), "edge_request"
    if usage.managed_instances:
        name = "managed_instances_request"
        return rates.require(name, charge="managed_instances"), name
    return rates.request, "request"


def requests_per_event(payload_kb: Decimal | None) -> int:
    """The first 256 KB of an asynchronous event are one request, each 64 KB beyond another (pricing page)."""
    if payload_kb is None or payload_kb <= _SYNC_ASYNC_KB:
        return 1
    return 1 + ceil_to_step(payload_kb - _SYNC_ASYNC_KB, _ASYNC_STEP_KB) // _ASYNC_STEP_KB


def duration_lines(
    usage: Usage, invocations: int, time: BilledTime, rates: Rates, free: FreeTier
) -> list[BillLine]:
    """GB-seconds of duration, then of init, through the same free share and the same volume tiers."""
    warm = total_gb_seconds(usage, time, invocations)
    cold = exact_product(gb_seconds(usage.memory_mb, time.cold_extra_ms, invocations), time.cold_ratio)
    share = usage.free_tier
    free_left = Decimal(0)
    if share is not None and share.gb_seconds:
        free_left = max(free_left, free.gb_seconds - share.gb_seconds_used)
    used = usage.tier_gb_seconds_used
    parts: list[tuple[BillItem, Decimal, str]] = [("duration", warm, time.how)]
    if cold:
        kind = "restore" if usage.billed_restore_ms else "init"
        extra = f"{money_text(time.cold_ratio)} of them cold, {money_text(time.cold_extra_ms)} ms {kind} each"
        parts.append(("init", cold, extra))
    lines: list[BillLine] = []
    tiers, source, remark = duration_prices(usage, rates)
    for item, total, how in parts:
        freed = min(total, free_left)
        free_left = EXACT.subtract(free_left, freed)
        billable = EXACT.subtract(total, freed)
        text = _how(usage, invocations, how, total, is_total=time.total_ms is not None)
        if freed:
            text += f" - {money_text(freed)} free"
        restored = "billed restore" if item == "init" and usage.billed_restore_ms else ""
        notes = [remark, restored, f"{money_text(freed)} GB-s free" if freed else ""]
        lines += tiered_lines(item, billable, tiers, used, notes=notes, how=text, source=source)
        used = EXACT.add(used, billable)
    return lines


def _how(usage: Usage, invocations: int, how: str, total: Decimal, *, is_total: bool) -> str:
    if usage.gb_seconds is not None:
        return f"{money_text(total)} GB-s, as given"
    times = "" if is_total else f"{invocations:,} invocations x "
    return f"{times}{how} x {usage.memory_mb}/1024 GB = {money_text(total)} GB-s"


def total_gb_seconds(usage: Usage, time: BilledTime, invocations: int) -> Decimal:
    """The GB-seconds of all warm time: given, of a total time, or of the mean."""
    if usage.gb_seconds is not None:
        return usage.gb_seconds
    if time.total_ms is not None:
        return gb_seconds(usage.memory_mb, time.total_ms, 1)
    return gb_seconds(usage.memory_mb, time.warm_ms, invocations)


def storage_lines(usage: Usage, billed_total_ms: Decimal, rates: Rates) -> list[BillLine]:
    """Ephemeral storage above 512 MB: GB times billed seconds, whatever the memory size."""
    extra_mb = usage.ephemeral_mb - FREE_EPHEMERAL_MB
    if extra_mb <= 0:
        return []
    seconds = exact_product(billed_total_ms, Decimal("0.001"))
    return [
        BillLine.charge(
            "ephemeral_storage",
            EXACT.divide(exact_product(extra_mb, seconds), Decimal(1024)),
            "GB-s",
            rates.ephemeral_gb_s,
            note=f"{extra_mb} MB above the free {FREE_EPHEMERAL_MB} MB",
            how=f"{extra_mb}/1024 GB x {money_text(seconds)} s billed",
            source=provenance(rates, "ephemeral_gb_s"),
        )
    ]


def gb_seconds(memory_mb: int, milliseconds: Decimal, count: int | Decimal) -> Decimal:
    """memory/1024 x ms/1000 x count, exact: a GB is 1024 MB."""
    return EXACT.divide(exact_product(memory_mb, milliseconds, count), Decimal(1024 * 1000))


def duration_prices(usage: Usage, rates: Rates) -> tuple[tuple[Tier, ...], str, str]:
    """The volume tiers that apply to duration, their source, and a note for the bill."""
    if usage.edge:
        name, remark = "edge_gb_s", "Lambda@Edge"
    elif usage.savings_plan:
        name, remark = f"savings_plan_{usage.savings_plan}_gb_s", "Compute Savings Plan"
    elif not ERAS[usage.era].has_volume_tiers:
        name, remark = "duration_gb_s_before_2020_12", "price of 2019"
        if name not in rates.others:
            remark = "today's price: that of 2019 is not known here"
            return (Tier(None, rates.gb_second),), provenance(rates, "duration_gb_s"), remark
    else:
        remark = "1 ms rounding not verified in China" if rates.currency == "CNY" else ""
        return rates.duration_tiers, provenance(rates, "duration_gb_s"), remark
    rate = rates.require(name, charge=name.removesuffix("_gb_s"))
    return (Tier(None, rate),), provenance(rates, name), remark
