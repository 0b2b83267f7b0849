"""The whole bill of a usage: every charge that applies, in the order of an AWS bill."""

from __future__ import annotations

from decimal import Decimal

from lambda_tui.billing import extras, on_demand
from lambda_tui.billing.bill import Bill, BillLine
from lambda_tui.billing.prices import PriceBook, Rates, load_prices
from lambda_tui.billing.usage import Usage
from lambda_tui.exact import EXACT, exact_product


def price(usage: Usage, prices: PriceBook | None = None) -> Bill:
    """The bill of a usage, exact to the last digit.

    Raises:
        InvalidInput: unknown region, or a charge without a price in this region or architecture.
    """
    book = prices or load_prices()
    rates = book.rates(usage.region, usage.architecture)
    time = on_demand.billed_time(usage)
    lines = [on_demand.requests_line(usage, rates, book.free_tier)]
    billed_total = Decimal(0)
    gb_seconds = Decimal(0)
    if usage.managed_instances is not None:
        lines += extras.managed_instances_lines(usage.managed_instances, rates, book)
    else:
        provisioned_count, provisioned_ms = _provisioned_share(usage, time)
        ordinary = usage.invocations - provisioned_count
        if ordinary or usage.provisioned is None:
            lines += on_demand.duration_lines(usage, ordinary, time, rates, book.free_tier)
        if usage.provisioned is not None:
            lines += extras.provisioned_lines(
                usage, usage.provisioned, provisioned_count, provisioned_ms, rates
            )
        billed_total = time.total_ms or EXACT.add(
            exact_product(time.mean_ms, ordinary), exact_product(provisioned_ms, provisioned_count)
        )
        gb_seconds = usage.gb_seconds or on_demand.gb_seconds(usage.memory_mb, billed_total, 1)
        lines += on_demand.storage_lines(usage, billed_total, rates)
    lines += lines_besides_invoking(usage, rates)
    return Bill(
        currency=rates.currency,
        prices_as_of=rates.as_of,
        invocations=usage.invocations,
        billed_ms=_mean(billed_total, usage.invocations) if usage.provisioned else time.mean_ms,
        gb_seconds=gb_seconds,
        lines=tuple(lines),
    )


def _provisioned_share(usage: Usage, time: on_demand.BilledTime) -> tuple[int, Decimal]:
    """How many invocations run on provisioned concurrency, and their billed milliseconds."""
    provisioned = usage.provisioned
    if provisioned is None:
        return 0, Decimal(0)
    milliseconds = time.warm_ms if provisioned.billed_ms is None else provisioned.billed_ms
    return extras.provisioned_invocations(usage, provisioned, milliseconds), milliseconds


def lines_besides_invoking(usage: Usage, rates: Rates) -> list[BillLine]:
    """All charges except requests, duration and /tmp."""
    lines: list[BillLine] = []
    if usage.snapstart is not None:
        lines += extras.snapstart_lines(usage, usage.snapstart, rates)
    if usage.streaming is not None:
        lines.append(extras.streaming_line(usage, usage.streaming, rates))
    if usage.durable is not None:
        lines += extras.durable_lines(usage.durable, rates)
    if usage.tenant_environments:
        lines.append(extras.tenant_line(usage, rates))
    if usage.event_pollers is not None:
        lines.append(extras.event_poller_line(usage.event_pollers, rates))
    if usage.logs_kb_per_invocation:
        lines.append(extras.logs_line(usage, rates))
    if usage.step_functions_transitions:
        lines.append(extras.step_functions_line(usage, rates))
    return lines


def _mean(total: Decimal, count: int) -> Decimal:
    return total / count if count else Decimal(0)
