"""Arithmetic that never rounds, against fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil

from hypothesis import example, given
from hypothesis import strategies as st

from lambda_tui.exact import ceil_div, ceil_to_step

amounts = st.decimals(0, 10**15, places=6)
parts = st.decimals("0.001", 10**9, places=3)


@given(amounts, parts)
@example(Decimal(7), Decimal(2))
@example(Decimal(6), Decimal(2))
@example(Decimal(0), Decimal(3))
@example(Decimal("1e-30"), Decimal(10**12))
def test_a_quotient_is_rounded_up(dividend: Decimal, divisor: Decimal) -> None:
    assert ceil_div(dividend, divisor) == ceil(Fraction(dividend) / Fraction(divisor))


@given(amounts, st.integers(1, 10_000))
def test_a_value_is_rounded_up_to_a_step(value: Decimal, step: int) -> None:
    assert ceil_to_step(value, step) == ceil(Fraction(value) / step) * step
