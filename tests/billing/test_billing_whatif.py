"""The data behind the What-if charts agrees with the bill."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.billing import load_prices, parse_usage, price
from lambda_tui.billing.month_curve import month_curve
from lambda_tui.billing.traffic import TrafficAssumptions, cost_by_traffic
from lambda_tui.billing.usage import FreeTierUse, Provisioned, Usage
from lambda_tui.billing.whatif import composition, difference, traffic_steps

BOOK = load_prices()
USAGE = parse_usage(
    {"memory_mb": 512, "duration_ms": 300, "init_ms": 200, "cold_start_ratio": "0.01",
     "invocations": 5_000_000, "ephemeral_mb": 1024}
)  # fmt: skip


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    return Usage(
        architecture=draw(st.sampled_from(["x86_64", "arm64"])),
        memory_mb=draw(st.integers(128, 10240)),
        ephemeral_mb=draw(st.integers(512, 10240)),
        duration_ms=draw(st.decimals(1, 60_000, places=2)),
        init_ms=draw(st.decimals(0, 5_000, places=2)),
        cold_start_ratio=draw(st.decimals(0, 1, places=3)),
        invocations=draw(st.integers(0, 10**10)),
        free_tier=draw(
            st.none() | st.builds(FreeTierUse, gb_seconds_used=st.integers(0, 500_000).map(Decimal))
        ),
        tier_gb_seconds_used=Decimal(draw(st.integers(0, 20 * 10**9))),
        async_payload_kb=draw(st.none() | st.integers(0, 1024).map(Decimal)),
        tenant_environments=draw(st.integers(0, 3)),
    )


@given(usages())
def test_the_curve_is_the_bill(usage: Usage) -> None:
    assert month_curve(usage, BOOK).on_demand_usd(usage.invocations) == price(usage, BOOK).total_usd


@given(usages(), st.integers(0, 2000))
def test_the_provisioned_curve_is_the_bill(usage: Usage, concurrency: int) -> None:
    usage = replace(usage, provisioned=Provisioned(concurrency, Decimal(730)))
    curve = month_curve(usage, BOOK).provisioned_usd(usage.invocations, concurrency)
    assert curve == price(usage, BOOK).total_usd


def test_composition_adds_up() -> None:
    bill = price(USAGE)
    parts = composition(bill)
    assert sum((part.usd for part in parts), Decimal(0)) == bill.total_usd
    assert sum((Fraction(part.share) for part in parts), Fraction(0)) == pytest.approx(1)
    assert [part.usd for part in parts] == sorted((part.usd for part in parts), reverse=True)
    assert composition(price(Usage(invocations=0))) == ()


def test_difference_against_a_baseline() -> None:
    before, after = price(USAGE), price(replace(USAGE, memory_mb=1024, ephemeral_mb=512))
    change = difference(after, before)
    assert change.change_usd == after.total_usd - before.total_usd
    assert change.percent == 100 * change.change_usd / before.total_usd
    by_item = {item.item: item for item in change.items}
    assert by_item["duration"].after_usd == 2 * by_item["duration"].before_usd
    assert by_item["ephemeral_storage"].after_usd == 0
    assert sum((item.change_usd for item in change.items), Decimal(0)) == change.change_usd
    assert difference(before, price(Usage(invocations=0))).percent is None


def test_break_even_of_provisioned_concurrency_is_at_three_fifths() -> None:
    # 0.0000041667 / (0.0000166667 - 0.0000097222) = 60.0 % utilisation.
    usage = Usage(memory_mb=1024, duration_ms=Decimal(1000))
    chart = cost_by_traffic(usage, traffic_steps(10**4, 10**9), TrafficAssumptions(concurrency=100))
    met = [
        even
        for even in chart.break_evens
        if {even.cheaper, even.dearer} == {"on demand", "provisioned concurrency"}
    ]
    assert met[0].cheaper == "provisioned concurrency"
    assert met[0].invocations / (100 * 730 * 3600) == pytest.approx(0.6, abs=0.001)


def test_a_break_even_is_exact_to_one_invocation() -> None:
    curve = month_curve(USAGE, BOOK)
    chart = cost_by_traffic(USAGE, traffic_steps(10**4, 10**9), TrafficAssumptions(concurrency=20))
    for even in chart.break_evens:
        if even.cheaper == "provisioned concurrency" and even.dearer == "on demand":
            before, after = even.invocations - 1, even.invocations
            assert (curve.provisioned_usd(before, 20) or 0) > curve.on_demand_usd(before)
            assert (curve.provisioned_usd(after, 20) or 0) <= curve.on_demand_usd(after)
            break
    else:
        pytest.fail("no break-even on the chart")


def test_alternatives_without_a_price_are_named() -> None:
    chart = cost_by_traffic(replace(USAGE, region="ap-south-2"), [1000])
    assert [line.name for line in chart.lines] == ["on demand"]
    assert len(chart.left_out) == 3
    full = cost_by_traffic(USAGE, [1000])
    assert len(full.lines) == 4
    assert not full.left_out


def test_every_line_is_monotone_in_traffic() -> None:
    chart = cost_by_traffic(USAGE, traffic_steps(1000, 10**10), TrafficAssumptions(cpu_ms=Decimal(40)))
    for line in chart.lines:
        assert list(line.usd) == sorted(line.usd), line.name


def test_seventy_percent_of_ten_million_takes_two_environments() -> None:
    # 10 M x 305 ms = 3.05 M s of work; one environment at 70 % gives 0.7 x 2.628 M s = 1.84 M s.
    curve = month_curve(Usage(memory_mb=512, duration_ms=Decimal(305)), BOOK)
    assert curve.concurrency_for(10_000_000, Decimal("0.7")) == 2
    assert curve.concurrency_for(0, Decimal("0.7")) == 0
    assert curve.concurrency_for(1, Decimal("0.7")) == 1


@given(st.decimals("0.01", 60_000, places=2), st.integers(1, 10**10), st.integers(1, 100))
def test_environments_hold_the_traffic_at_their_utilisation(
    duration_ms: Decimal, invocations: int, percent: int
) -> None:
    usage = Usage(memory_mb=512, duration_ms=duration_ms)
    curve = month_curve(usage, BOOK)
    kept = curve.concurrency_for(invocations, Decimal(percent) / 100)
    # Billed milliseconds are whole: the duration rounded up.
    busy = Fraction(invocations * ceil(duration_ms), 1000)
    room = Fraction(730 * 3600 * percent, 100)
    assert kept == max(1, ceil(busy / room))


@given(st.decimals("0.01", 5_000, places=2), st.integers(1, 10**10), st.integers(1, 100))
def test_fargate_tasks_hold_the_traffic_at_their_utilisation(
    cpu_ms: Decimal, invocations: int, percent: int
) -> None:
    usage = Usage(memory_mb=512, duration_ms=Decimal(5_000))
    assumptions = TrafficAssumptions(cpu_ms=cpu_ms, utilisation=Decimal(percent) / 100)
    chart = cost_by_traffic(usage, [invocations], assumptions, BOOK)
    line = next(line for line in chart.lines if line.name == "Fargate")
    price_of_one = BOOK.fargate("us-east-1", "x86_64")
    assert price_of_one is not None
    hourly = price_of_one.vcpu_hour + 2 * price_of_one.gb_hour
    capacity_ms = Fraction(730 * 3600 * 1000 * percent, 100)
    tasks = max(
        ceil(invocations * Fraction(cpu_ms) / capacity_ms), ceil(invocations * 5_000 / (16 * capacity_ms))
    )
    assert line.usd[0] == tasks * 730 * hourly
