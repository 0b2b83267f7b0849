"""Amounts in the currency of their price list; never an exponent."""

from __future__ import annotations

from decimal import Decimal

from lambda_tui.wording.numbers import NOTHING, format_usd

SIGNS = {"USD": "$", "CNY": "¥", "EUR": "€"}


def format_money(value: Decimal | None, currency: str) -> str:
    """`$106.80`, `¥0.00012`; see `format_usd` for the digits."""
    return format_usd(value).replace("$", SIGNS.get(currency, f"{currency} "))


def big_money(value: Decimal, currency: str) -> str:
    """For big digits: no cents from a million up, where they cannot be read from a distance."""
    if value < 1_000_000:
        return format_money(value, currency)
    return f"{SIGNS.get(currency, f'{currency} ')}{value:,.0f}"


def legend_money(value: Decimal, currency: str) -> str:
    """With cents if that fits in ten characters."""
    return format_money(value, currency) if value < 100_000 else table_money(value, currency)


def table_money(value: Decimal, currency: str) -> str:
    """At most seven characters up to a billion: `$0.0496`, `$31.57`, `$332`, `$12,346`, `$332k`, `$1.24M`."""
    sign = SIGNS.get(currency, f"{currency} ")
    if value >= 1_000_000:
        return f"{sign}{value.scaleb(-6):,.2f}M"
    if value >= 100_000:
        return f"{sign}{value.scaleb(-3):,.0f}k"
    return f"{sign}{value:,.0f}" if value >= 100 else format_money(value, currency)


def axis_money(value: float, currency: str) -> str:
    """A tick: whole units without cents, thousands and millions with k and M."""
    return f"{SIGNS.get(currency, f'{currency} ')}{short(value, thousands_from=10_000)}"


def short(value: float, *, thousands_from: float = 1000) -> str:
    """A round number for an axis: `0.01`, `500`, `20k`, `5M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= max(size, thousands_from):
            return f"{value / size:,.10g}{letter}"
    return plain(value)


def plain(value: float) -> str:
    """A round number without an exponent: `2,500`, `0.5`, `0.0001`."""
    text = f"{Decimal(f'{value:.12g}'):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_difference(value: Decimal | None, currency: str) -> str:
    """A change in money with arrow and sign: `▲ +$1.20`, `▼ −$0.33`, `= $0.00`."""
    if value is None:
        return NOTHING
    text = format_money(abs(value), currency)
    if value == 0:
        return f"= {text}"
    return f"▼ −{text}" if value < 0 else f"▲ +{text}"


def format_percent(percent: Decimal | float | None) -> str:
    """A change in percent with one decimal below 100: `−66.1%`, `+0.4%`, `+250%`, `×40` beyond +1000 %."""
    if percent is None:
        return NOTHING
    percent = float(percent)
    if abs(percent) >= 1000:
        return f"×{1 + percent / 100:,.0f}"
    digits = 0 if abs(percent) >= 99.95 else 1
    text = f"{abs(percent):.{digits}f}%"
    if float(text[:-1]) == 0:
        return f"±{text}"
    return f"−{text}" if percent < 0 else f"+{text}"
