"""How numbers look on screen: enough digits, a unit, never an exponent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

NOTHING = "–"
"""Shown if there is no value; never 0, which would be a claim."""


def format_ms(value: float | None) -> str:
    """Milliseconds with their unit: `0.21 ms`, `4.2 ms`, `302 ms`, `12,345 ms`."""
    return NOTHING if value is None else f"{ms_number(value)} ms"


def ms_number(value: float | None) -> str:
    """Milliseconds without the unit, for columns that name it in their header."""
    if value is None:
        return NOTHING
    size = abs(value)
    if 0 < size < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if size < 10 and value != int(value) else f"{value:,.0f}"


def format_usd(value: Decimal | None) -> str:
    """Dollars: cents from one dollar up, otherwise three significant digits.

    Trailing zeros are kept after rounding, and dropped if the value is exact.
    """
    if value is None:
        return NOTHING
    sign = "−" if value < 0 else ""
    size = abs(value)
    if size >= 1 or size == 0:
        return f"{sign}${size.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
    places = max(2, 2 - size.adjusted())
    text = f"{size.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    if Decimal(text) == size:
        text = text[:4] + text[4:].rstrip("0")
    return f"{sign}${text}"


def format_quantity(value: Decimal) -> str:
    """A quantity on a bill: whole numbers plain, others with four significant digits, no exponent."""
    if value == value.to_integral_value():
        return f"{value.quantize(Decimal(1)):,}"
    places = max(0, 3 - value.adjusted())
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"


def format_change(fraction: float | None) -> str:
    """A relative change with arrow and sign, readable without colour: `▼ −66%`."""
    if fraction is None:
        return NOTHING
    percent = round(fraction * 100)
    if percent == 0:
        return "= ±0%"
    return f"▼ −{-percent}%" if percent < 0 else f"▲ +{percent}%"


def format_cheaper(best: float, worst: float) -> str:
    """Changes of cost before the word `than`: `64% cheaper`, `59-64% cheaper`, `12% dearer`, `no dearer`.

    Where only some are cheaper, or all nearly as much, the worst stands for all.
    """
    most, least = -round(best * 100), -round(worst * 100)
    if least > 0:
        return f"{least}-{most}% cheaper" if most - least > 2 else f"{least}% cheaper"
    return f"{-least}% dearer" if least else "no dearer"


def format_factor(factor: float | None) -> str:
    """How many times faster: `3.0×`, `0.98×` (two digits where one would say 1.0 of something slower)."""
    if factor is None:
        return NOTHING
    return f"{factor:.2f}×" if factor < 0.995 else f"{factor:.1f}×"


def format_vcpus(vcpus: float) -> str:
    """`0.29 vCPU`, `5.79 vCPUs`."""
    return f"{vcpus:.2f} vCPU" + ("" if vcpus <= 1 else "s")


def plural(count: int, noun: str) -> str:
    """`1 invocation`, `20 invocations`, `1,000 invocations`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
