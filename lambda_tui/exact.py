"""Arithmetic that never rounds: sums and products of money carry every digit."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, localcontext

EXACT = Context(prec=100)
"""Wide enough that no sum or product of quantities and published rates is ever rounded."""


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """The sum with every digit kept."""
    with localcontext(EXACT):
        return sum(values, Decimal(0))


def exact_product(*factors: Decimal | int) -> Decimal:
    """The product with every digit kept."""
    with localcontext(EXACT):
        result = Decimal(1)
        for factor in factors:
            result *= factor
        return result


def ceil_to_step(value: Decimal, step: int) -> int:
    """The smallest whole multiple of `step` that is not below `value`."""
    whole = int(value)
    if value > whole:
        whole += 1
    return -(-whole // step) * step


def ceil_div(dividend: Decimal, divisor: Decimal | int) -> int:
    """The quotient rounded up. `-(-a // b)` would not: Decimal's `//` truncates towards zero.

    The remainder decides, so that no rounded quotient can hide it.
    """
    with localcontext(EXACT):
        whole, rest = divmod(dividend, divisor)
        return int(whole) + (rest > 0)
