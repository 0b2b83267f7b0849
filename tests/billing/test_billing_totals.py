"""Totals as bills and metrics give them: requests, GB-seconds, billed milliseconds of a month."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.billing import parse_usage, price
from lambda_tui.errors import InvalidInput


@given(
    st.integers(1, 10**9),
    st.integers(1, 900_000),
    st.sampled_from([128, 512, 1769, 10_240]),
    st.booleans(),
)
def test_a_total_costs_what_its_invocations_cost(
    count: int, billed_ms: int, memory_mb: int, free_tier: bool
) -> None:
    common = {"memory_mb": memory_mb, "free_tier": free_tier, "ephemeral_mb": 1024}
    each = price(parse_usage({**common, "invocations": count, "billed_ms": billed_ms}))
    total = price(parse_usage({**common, "requests": count, "total_billed_ms": count * billed_ms}))
    assert total.total_usd == each.total_usd
    assert total.gb_seconds == each.gb_seconds
    assert total.invocations == count


@given(st.decimals(0, 10**9, places=3), st.integers(0, 10**9))
def test_gb_seconds_of_a_bill_are_taken_as_they_are(gb_seconds: Decimal, requests: int) -> None:
    bill = price(parse_usage({"gb_seconds": gb_seconds, "requests": requests}))
    assert bill.gb_seconds == gb_seconds
    assert bill.usd_of("requests") == requests * Decimal("0.0000002")
    assert sum(line.quantity for line in bill.lines if line.item == "duration") == gb_seconds


@pytest.mark.parametrize(
    "document",
    [
        {"requests": 1, "invocations": 1, "billed_ms": 1},
        {"gb_seconds": 1, "total_billed_ms": 1},
        {"gb_seconds": 1, "billed_ms": 1},
        {"total_billed_ms": 1, "duration_ms": 1},
        {"total_billed_ms": 1, "init_ms": 1},
        {"gb_seconds": 1, "ephemeral_mb": 1024},
        {"gb_seconds": 1, "provisioned": {"concurrency": 1, "hours": 1}},
    ],
)
def test_contradictions_are_refused(document: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match=r"give|goes with|contain"):
        parse_usage(document)
