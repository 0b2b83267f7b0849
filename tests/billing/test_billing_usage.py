"""What a usage document may contain, and the sentences for what it may not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lambda_tui.billing import load_prices, parse_usage, price
from lambda_tui.billing.eras import ERAS, billed_ms
from lambda_tui.billing.explain import explain
from lambda_tui.errors import InvalidInput
from lambda_tui.exact import ceil_to_step

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"billed_ms": 1, "invocations": -1}, "invocations"),
    ({"billed_ms": 1, "invocations": 1.5}, "invocations"),
    ({"billed_ms": 1, "invocations": True}, "invocations"),
    ({"billed_ms": 1, "invocations": 10**30}, "invocations"),
    ({"billed_ms": "soon"}, "billed_ms"),
    ({"billed_ms": "NaN"}, "billed_ms"),
    ({"billed_ms": float("inf")}, "billed_ms"),
    ({"billed_ms": 10**9}, "billed_ms"),
    ({"billed_ms": [1]}, "billed_ms"),
    ({"billed_ms": 1, "duration_ms": 2}, "billed_ms"),
    ({"billed_ms": 1, "init_ms": 2}, "init_ms"),
    ({"billed_ms": 1, "billed_restore_ms": 2}, "billed_restore_ms"),
    ({"duration_ms": 1, "init_ms": 2, "billed_restore_ms": 2}, "billed_restore_ms"),
    ({}, "billed_ms"),
    ({"billed_ms": 1, "memory_mb": 64}, "memory_mb"),
    ({"billed_ms": 1, "memory_mb": 10241}, "memory_mb"),
    ({"billed_ms": 1, "ephemeral_mb": 100}, "ephemeral_mb"),
    ({"billed_ms": 1, "architecture": "mips"}, "architecture"),
    ({"billed_ms": 1, "region": 7}, "region"),
    ({"billed_ms": 1, "cold_start_ratio": 2}, "cold_start_ratio"),
    ({"billed_ms": 1, "rounding_ms": 10}, "rounding_ms"),
    ({"billed_ms": 1, "era": "yesterday"}, "era"),
    ({"duration_ms": 1, "era": "before-2020-12", "rounding_ms": 1}, "rounding_ms"),
    ({"duration_ms": 1, "era": "before-2025-08", "init_billed": True}, "init_billed"),
    ({"billed_ms": 1, "memory": 512}, "memory"),
    ({"billed_ms": 1, "free_tier": "yes"}, "free_tier"),
    ({"billed_ms": 1, "free_tier": {"requests_used": -1}}, "free_tier.requests_used"),
    ({"billed_ms": 1, "free_tier": {"request": True}}, "free_tier.request"),
    ({"billed_ms": 1, "provisioned": {"concurrency": 1}}, "provisioned.hours"),
    ({"billed_ms": 1, "provisioned": {"concurrency": 1, "hours": 1, "invocations": 2}},
     "provisioned.invocations"),
    ({"billed_ms": 1, "edge": True, "architecture": "arm64"}, "architecture"),
    ({"billed_ms": 1, "edge": True, "free_tier": True}, "free_tier"),
    ({"billed_ms": 1, "savings_plan": "some"}, "savings_plan"),
    ({"billed_ms": 1, "savings_plan": "no_upfront", "era": "before-2020-12"}, "savings_plan"),
    ({"managed_instances": {"instance_hours": 1}}, "managed_instances"),
    ({"managed_instances": {"instance_hours": 1, "usd_per_hour": 1}, "free_tier": True}, "free_tier"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "field"), REFUSED, ids=[field for _, field in REFUSED])
def test_an_unusable_value_is_named(document: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_usage(document)
    assert refusal.value.field == field
    assert field in refusal.value.message
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize("document", [None, [], 3, "usage"])
def test_a_usage_is_an_object(document: object) -> None:
    with pytest.raises(InvalidInput, match="usage must be a JSON object"):
        parse_usage(document)


def test_more_provisioned_invocations_than_fit_are_refused() -> None:
    usage = parse_usage(
        {"billed_ms": 1000, "invocations": 4000,
         "provisioned": {"concurrency": 1, "hours": 1, "invocations": 3601}}
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="do not fit: 1 environments run 3600 in 1 h"):
        price(usage)


def test_what_does_not_fit_on_provisioned_concurrency_spills_over() -> None:
    usage = parse_usage(
        {
            "billed_ms": 1000,
            "memory_mb": 1024,
            "invocations": 4000,
            "provisioned": {"concurrency": 1, "hours": 1},
        }
    )
    bill = price(usage)
    by_item = {line.item: line.quantity for line in bill.lines}
    assert by_item["provisioned_duration"] == 3600
    assert by_item["duration"] == 400
    assert by_item["requests"] == 4000


@pytest.mark.parametrize(("hours", "seconds"), [("0", 0), ("0.01", 300), ("1", 3600), ("1.0001", 3900)])
def test_provisioned_time_is_rounded_up_to_five_minutes(hours: str, seconds: int) -> None:
    usage = parse_usage(
        {"memory_mb": 1024, "invocations": 0, "provisioned": {"concurrency": 2, "hours": hours}}
    )
    lines = {line.item: line.quantity for line in price(usage).lines}
    assert lines["provisioned_concurrency"] == 2 * seconds


@pytest.mark.parametrize(
    ("kilobytes", "requests"), [(None, 1), (0, 1), (256, 1), ("256.1", 2), (320, 2), (321, 3), (1024, 13)]
)
def test_large_asynchronous_events_count_as_several_requests(kilobytes: object, requests: int) -> None:
    bill = price(parse_usage({"billed_ms": 1, "invocations": 10, "async_payload_kb": kilobytes}))
    assert bill.lines[0].quantity == 10 * requests


@pytest.mark.parametrize(
    ("value", "step", "expected"), [("0", 1, 0), ("0.77", 1, 1), ("27.40", 100, 100), ("100", 100, 100),
                                     ("100.0001", 100, 200), ("1689.36", 1, 1690)],
)  # fmt: skip
def test_rounding_up(value: str, step: int, expected: int) -> None:
    assert ceil_to_step(Decimal(value), step) == expected


def test_one_ceil_on_the_sum() -> None:
    assert billed_ms(Decimal("106333.39"), Decimal("657.32")) == 106991


def test_the_same_invocation_in_three_eras() -> None:
    # AWS's own before/after example of 2025-08 and the 100 ms rule before 2020-12.
    document = {"duration_ms": "250.06", "init_ms": "100.77", "cold_start_ratio": 1}
    bills = [price(parse_usage({**document, "era": name})) for name in ERAS]
    assert [bill.billed_ms for bill in bills] == [351, 251, 300]


def test_storage_is_charged_by_the_second_whatever_the_memory() -> None:
    def storage(memory_mb: int) -> Decimal:
        document = {"billed_ms": 2000, "invocations": 10, "memory_mb": memory_mb, "ephemeral_mb": 1536}
        return price(parse_usage(document)).usd_of("ephemeral_storage")

    assert storage(128) == storage(10240) == 20 * Decimal("0.0000000309")


def test_one_free_pool_serves_duration_then_init() -> None:
    document = {
        "memory_mb": 1024, "invocations": 1_000_000, "duration_ms": 300, "init_ms": 200,
        "cold_start_ratio": 1, "free_tier": {"gb_seconds_used": 50_000, "requests_used": 400_000},
    }  # fmt: skip
    quantities = {line.item: line.quantity for line in price(parse_usage(document)).lines}
    assert quantities == {"requests": 400_000, "duration": 0, "init": 150_000}


def test_china_is_in_yuan_without_tiers() -> None:
    document = {"region": "cn-north-1", "memory_mb": 1024, "billed_ms": 1000, "invocations": 10**11}
    bill = price(parse_usage(document))
    assert bill.currency == "CNY"
    assert bill.usd_of("duration") == 10**11 * Decimal("0.000113477")
    assert len([line for line in bill.lines if line.item == "duration"]) == 1
    with pytest.raises(InvalidInput, match="arm64"):
        price(parse_usage({**document, "architecture": "arm64"}))


def test_a_savings_plan_changes_duration_only() -> None:
    document = {"memory_mb": 1024, "billed_ms": 1000, "invocations": 1000}
    bill = price(parse_usage({**document, "savings_plan": "no_upfront"}))
    assert bill.usd_of("duration") == 1000 * Decimal("0.0000147")
    assert bill.usd_of("requests") == price(parse_usage(document)).usd_of("requests")


def test_restore_is_part_of_the_billed_duration_once() -> None:
    document = {"memory_mb": 3009, "duration_ms": "306.34", "billed_restore_ms": 303, "cold_start_ratio": 1}
    bill = price(parse_usage(document))
    assert bill.billed_ms == 610
    assert bill.gb_seconds == Decimal(3009) * 610 / 1024 / 1000


def test_a_charge_without_a_price_is_refused_by_name() -> None:
    document = {"region": "eu-west-1", "billed_ms": 1, "snapstart": {"versions": 1}}
    with pytest.raises(InvalidInput, match="snapstart cannot be priced in eu-west-1"):
        price(parse_usage(document))


@pytest.mark.parametrize("region", load_prices().regions)
def test_every_region_can_price_the_common_charges(region: str) -> None:
    for architecture in load_prices().architectures(region):
        rates = load_prices().rates(region, architecture)
        bill = price(
            parse_usage({"region": region, "architecture": architecture, "memory_mb": 1024, "billed_ms": 1000,
                         "invocations": 1_000_000, "ephemeral_mb": 1536})
        )  # fmt: skip
        assert bill.total_usd == 1_000_000 * (rates.request + rates.gb_second + rates.ephemeral_gb_s)
        assert bill.currency == ("CNY" if region.startswith("cn-") else "USD")


def test_an_explanation_holds_the_actual_values_the_rate_and_its_source() -> None:
    document = {"memory_mb": 512, "duration_ms": "229.3", "invocations": 1_000_000}
    text = explain(price(parse_usage(document)))
    for part in (
        "1,000,000 invocations x ceil(229.3 ms / 1 ms) x 1 ms x 512/1024 GB = 115000 GB-s",
        "115000 x 0.0000166667 = 1.9166705 USD",
        "us-east-1 x86_64, 2026-09-19",
        "AWS Price List",
        "0.2 + 1.9166705 = 2.1166705",
    ):
        assert part in text
