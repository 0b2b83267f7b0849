"""From a measured run to a month: the same mean invocation at a chosen rate, volume tiers included."""

from __future__ import annotations

from decimal import Decimal, localcontext

from lambda_tui.billing.bill import Bill, BillItem, BillLine
from lambda_tui.billing.exact import EXACT, exact_product
from lambda_tui.billing.prices import Rates
from lambda_tui.billing.tiers import split_by_tier

MONTH_HOURS = 730
"""Hours in a month as AWS's own calculator counts them (365 x 24 / 12); 30 days would be 1.4 % less."""

MONTH_SECONDS = MONTH_HOURS * 3600


def invocations_per_month(rate_per_s: Decimal | float) -> int:
    """Invocations in a month of 730 hours at `rate_per_s`, to the nearest whole one."""
    return round(Decimal(str(rate_per_s)) * MONTH_SECONDS)


def monthly_bill(bill: Bill, rates: Rates, *, invocations_per_month: int) -> Bill:
    """The bill of a month of invocations that are on average those of `bill`.

    Quantities scale with the number of invocations; duration and init share the volume tiers, duration
    first. Free shares are not deducted: this is what the traffic costs at the margin.
    """
    if not bill.invocations:
        return Bill(bill.currency, bill.prices_as_of, 0, Decimal(0), Decimal(0), ())
    lines: list[BillLine] = []
    used = Decimal(0)
    with localcontext(EXACT):
        scale = Decimal(invocations_per_month) / bill.invocations
        for line in bill.lines:
            quantity = line.quantity * scale
            if line.item in ("duration", "init"):
                lines += tiered_lines(line.item, quantity, rates, already_used=used, note=line.note)
                used += quantity
            else:
                usd = exact_product(quantity, line.rate_usd)
                lines.append(BillLine(line.item, quantity, line.unit, line.rate_usd, usd, line.note))
        gb_seconds = bill.gb_seconds * scale
    return Bill(
        currency=bill.currency,
        prices_as_of=bill.prices_as_of,
        invocations=invocations_per_month,
        billed_ms=bill.billed_ms,
        gb_seconds=gb_seconds,
        lines=tuple(lines),
    )


def monthly_usd(bill: Bill, rates: Rates, *, invocations_per_month: int) -> Decimal:
    """The total of `monthly_bill`, in the bill's currency."""
    return monthly_bill(bill, rates, invocations_per_month=invocations_per_month).total_usd


def tiered_lines(
    item: BillItem, quantity: Decimal, rates: Rates, *, already_used: Decimal, note: str = ""
) -> list[BillLine]:
    """One line per volume tier touched; a line of zero when nothing is used."""
    if not quantity:
        return [BillLine(item, Decimal(0), "GB-s", rates.gb_second, Decimal(0), note)]
    lines = []
    for number, part, rate in split_by_tier(quantity, rates.duration_tiers, already_used=already_used):
        tier = f"tier {number}" if number > 1 or part != quantity else ""
        text = ", ".join(word for word in (tier, note) if word)
        lines.append(BillLine(item, part, "GB-s", rate, exact_product(part, rate), text))
    return lines
