"""Properties of every bill, whatever the usage."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.billing import Bill, RunBill, load_prices, monthly_bill, parse_usage, price
from lambda_tui.billing.usage import FreeTierUse, Usage
from lambda_tui.exact import EXACT

MILLISECONDS = st.decimals(min_value=0, max_value=900_000, places=3)
COUNTS = st.integers(0, 20_000_000_000)


@st.composite
def usage_documents(draw: st.DrawFn) -> dict[str, Any]:
    """A valid usage document for us-east-1, where every charge has a price."""
    usage: dict[str, Any] = {
        "architecture": draw(st.sampled_from(["x86_64", "arm64"])),
        "memory_mb": draw(st.integers(128, 10240)),
        "ephemeral_mb": draw(st.integers(512, 10240)),
        "invocations": draw(COUNTS),
        "free_tier": draw(st.booleans()),
        "tier_gb_seconds_used": draw(st.integers(0, 20_000_000_000)),
    }
    if draw(st.booleans()):
        usage["billed_ms"] = draw(st.integers(0, 900_000))
    else:
        usage |= {
            "duration_ms": draw(MILLISECONDS),
            "init_ms": draw(st.decimals(min_value=0, max_value=20_000, places=3)),
            "cold_start_ratio": draw(st.decimals(min_value=0, max_value=1, places=4)),
        }
    extras: dict[str, Any] = {
        "async_payload_kb": draw(st.integers(0, 1024)),
        "provisioned": {"concurrency": draw(st.integers(0, 1000)), "hours": draw(st.integers(0, 744))},
        "snapstart": {"versions": draw(st.integers(0, 99)), "restores": draw(COUNTS)},
        "streaming": {"response_mb": draw(st.integers(0, 200)), "responses": draw(COUNTS)},
        "durable": {"operations": draw(COUNTS), "written_gb": draw(st.integers(0, 1000))},
        "tenant_environments": draw(st.integers(0, 1_000_000)),
        "event_pollers": {"kind": "sqs", "hours": draw(st.integers(0, 10_000))},
        "step_functions_transitions": draw(st.integers(0, 1_000_000)),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(extras)), max_size=3))
    return usage | {name: extras[name] for name in chosen}


def numbers(value: object) -> list[object]:
    """Every number inside a bill."""
    if isinstance(value, tuple):
        return [number for item in value for number in numbers(item)]
    slots = getattr(type(value), "__slots__", None)
    if slots and not isinstance(value, Decimal):
        return [number for name in slots for number in numbers(getattr(value, name))]
    return [value] if not isinstance(value, str) else []


@given(usage_documents())
def test_total_is_the_sum_of_exact_products(document: dict[str, Any]) -> None:
    bill = price(parse_usage(document))
    exact = sum((Fraction(line.quantity) * Fraction(line.rate_usd) for line in bill.lines), Fraction(0))
    assert Fraction(bill.total_usd) == exact
    assert all(Fraction(line.usd) == Fraction(line.quantity) * Fraction(line.rate_usd) for line in bill.lines)


@given(usage_documents())
def test_no_float_anywhere(document: dict[str, Any]) -> None:
    assert not any(isinstance(number, float) for number in numbers(price(parse_usage(document))))


@given(usage_documents())
def test_gb_seconds_are_memory_times_billed_time(document: dict[str, Any]) -> None:
    usage = parse_usage({key: value for key, value in document.items() if key != "provisioned"})
    bill = price(usage)
    expected = Fraction(usage.memory_mb, 1024) * Fraction(bill.billed_ms) / 1000 * usage.invocations
    assert Fraction(bill.gb_seconds) == expected


MONOTONE = (
    "memory_mb", "ephemeral_mb", "invocations", "billed_ms", "duration_ms", "init_ms", "async_payload_kb",
    "tenant_environments", "step_functions_transitions", "provisioned.concurrency", "snapstart.versions",
    "snapstart.restores", "streaming.response_mb", "streaming.responses", "durable.operations",
    "durable.written_gb", "event_pollers.hours",
)  # fmt: skip


@given(usage_documents(), st.data())
def test_more_of_anything_never_costs_less(document: dict[str, Any], data: st.DataObject) -> None:
    # Provisioned concurrency is left out if it takes over on-demand time: that may be cheaper.
    if "provisioned" in document:
        document["provisioned"] |= {"invocations": 0, "billed_ms": 1}
    inside = {f"{name}.{key}" for name, part in document.items() if isinstance(part, dict) for key in part}
    name = data.draw(st.sampled_from([name for name in MONOTONE if name in document or name in inside]))
    more: dict[str, Any] = {
        key: dict(part) if isinstance(part, dict) else part for key, part in document.items()
    }
    parent, _, child = name.rpartition(".")
    holder: dict[str, Any] = more[parent] if parent else more
    step = data.draw(st.integers(1, 1000))
    holder[child] = min(holder[child] + step, limit(name))
    assert price(parse_usage(more)).total_usd >= price(parse_usage(document)).total_usd


def limit(name: str) -> int:
    return {"memory_mb": 10240, "ephemeral_mb": 10240, "async_payload_kb": 1024}.get(name, 10**12)


@given(usage_documents(), st.integers(0, 10_000))
def test_more_cold_starts_never_cost_less(document: dict[str, Any], step: int) -> None:
    usage = parse_usage(document)
    more = replace(usage, cold_start_ratio=min(Decimal(1), usage.cold_start_ratio + Decimal(step) / 10_000))
    assert price(more).total_usd >= price(usage).total_usd


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("border", [0, 1])
def test_tiers_are_continuous_at_their_borders(architecture: str, border: int) -> None:
    rates = load_prices().rates("us-east-1", architecture)
    upto = rates.duration_tiers[border].upto_gb_s
    assert upto is not None

    def duration_usd(gb_seconds: int) -> Decimal:
        usage = parse_usage(
            {"architecture": architecture, "memory_mb": 1024, "billed_ms": 1000, "invocations": gb_seconds}
        )
        return price(usage).usd_of("duration")

    below, at, above = (duration_usd(int(upto) + step) for step in (-1, 0, 1))
    assert at - below == rates.duration_tiers[border].usd_per_gb_s
    assert above - at == rates.duration_tiers[border + 1].usd_per_gb_s


@given(
    first=st.integers(0, 10**10), second=st.integers(0, 10**10),
    memory_mb=st.integers(128, 10240), free=st.booleans(),
)  # fmt: skip
def test_a_month_in_two_parts_costs_the_same(first: int, second: int, memory_mb: int, free: bool) -> None:
    def part(invocations: int, before: Bill | None) -> Bill:
        usage = Usage(memory_mb=memory_mb, billed_ms=Decimal(2048), invocations=invocations)
        used = (
            sum((line.quantity for line in before.lines if line.item == "duration"), Decimal(0))
            if before
            else 0
        )
        consumed = before.gb_seconds if before else Decimal(0)
        requests = before.invocations if before else 0
        if free:
            share = FreeTierUse(gb_seconds_used=consumed, requests_used=Decimal(requests))
            usage = replace(usage, free_tier=share)
        return price(replace(usage, tier_gb_seconds_used=Decimal(used)))

    first_bill = part(first, None)
    whole_bill = part(first + second, None)
    assert first_bill.total_usd + part(second, first_bill).total_usd == whole_bill.total_usd


@given(st.lists(st.tuples(st.integers(128, 10240), st.integers(0, 900_000), st.booleans()), max_size=60))
def test_a_run_bill_is_the_sum_of_its_invocations(invocations: list[tuple[int, int, bool]]) -> None:
    run = RunBill(load_prices().rates("us-east-1", "x86_64"), ephemeral_mb=2048)
    each = Decimal(0)
    for memory_mb, duration_ms, cold in invocations:
        billed = duration_ms + 80 if cold else duration_ms
        init_ms = 80.1 if cold else None
        usd = run.add(memory_mb=memory_mb, billed_ms=billed, duration_ms=duration_ms - 0.25, init_ms=init_ms)
        each = EXACT.add(each, usd)
    bill = run.bill()
    assert bill.total_usd == each
    split = sum((line.quantity for line in bill.lines if line.item in ("duration", "init")), Decimal(0))
    assert split == bill.gb_seconds


@given(st.integers(1, 1000), st.integers(1, 10**10))
def test_a_month_of_a_run_is_the_price_of_that_usage(billed_ms: int, invocations: int) -> None:
    rates = load_prices().rates("us-east-1", "arm64")
    run = RunBill(rates)
    for _ in range(4):
        run.add(memory_mb=1769, billed_ms=billed_ms, duration_ms=float(billed_ms), init_ms=None)
    month = monthly_bill(run.bill(), rates, invocations_per_month=invocations)
    usage = Usage(architecture="arm64", memory_mb=1769, billed_ms=Decimal(billed_ms), invocations=invocations)
    assert month.total_usd == price(usage).total_usd
