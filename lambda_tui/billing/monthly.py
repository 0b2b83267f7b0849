"""From a measured run to a month: its mean invocation at a chosen rate, volume tiers included."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from lambda_tui.billing.bill import Bill, BillLine
from lambda_tui.billing.prices import Rates
from lambda_tui.billing.tiers import tiered_lines
from lambda_tui.exact import EXACT, exact_product

MONTH_HOURS = 730
"""Hours in a month as AWS's own calculator counts them (365 x 24 / 12); 30 days would be 1.4 % less."""

MONTH_SECONDS = MONTH_HOURS * 3600


def parse_rate(text: str) -> Decimal | None:
    """Requests a second, or None if the text is not a usable number."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and 0 < rate <= 1_000_000 else None


def invocations_per_month(rate_per_s: Decimal | float) -> int:
    """Invocations in a month of 730 hours at `rate_per_s`, to the nearest whole one."""
    return round(Decimal(str(rate_per_s)) * MONTH_SECONDS)


def monthly_bill(bill: Bill, rates: Rates, *, invocations_per_month: int) -> Bill:
    """The bill of a month whose average invocation is that of `bill`.

    Quantities scale with the number of invocations; duration and init share the volume tiers, duration
    first. Free shares are not deducted: this is what the traffic costs at the margin.
    """
    if not bill.invocations:
        return Bill(bill.currency, bill.prices_as_of, 0, Decimal(0), Decimal(0), ())

    def scaled(quantity: Decimal) -> Decimal:
        return exact_product(quantity, invocations_per_month) / bill.invocations

    lines: list[BillLine] = []
    used = Decimal(0)
    for line in bill.lines:
        quantity = scaled(line.quantity)
        how = f"{invocations_per_month:,} invocations as the mean of {bill.invocations:,} measured ones"
        if line.item in ("duration", "init"):
            lines += tiered_lines(
                line.item, quantity, rates.duration_tiers, used,
                notes=[line.note], how=how, source=line.source,
            )  # fmt: skip
            used = EXACT.add(used, quantity)
        else:
            lines.append(
                BillLine.charge(
                    line.item, quantity, line.unit, line.rate_usd, note=line.note, how=how, source=line.source
                )
            )
    return Bill(
        currency=bill.currency,
        prices_as_of=bill.prices_as_of,
        invocations=invocations_per_month,
        billed_ms=bill.billed_ms,
        gb_seconds=scaled(bill.gb_seconds),
        lines=tuple(lines),
    )


def monthly_usd(bill: Bill, rates: Rates, *, invocations_per_month: int) -> Decimal:
    """The total of `monthly_bill`, in the bill's currency."""
    return monthly_bill(bill, rates, invocations_per_month=invocations_per_month).total_usd
