"""What given usage costs: prices as dated data, every charge, the month, and what-if questions."""

from lambda_tui.billing.bill import Bill, BillItem, BillLine, money_text
from lambda_tui.billing.monthly import (
    MONTH_HOURS,
    invocations_per_month,
    monthly_bill,
    monthly_usd,
    parse_rate,
)
from lambda_tui.billing.prices import PriceBook, Rates, load_prices
from lambda_tui.billing.pricing import price
from lambda_tui.billing.run_bill import RunBill, invocation_usd
from lambda_tui.billing.usage import Usage, parse_usage

__all__ = [
    "MONTH_HOURS",
    "Bill",
    "BillItem",
    "BillLine",
    "PriceBook",
    "Rates",
    "RunBill",
    "Usage",
    "invocation_usd",
    "invocations_per_month",
    "load_prices",
    "money_text",
    "monthly_bill",
    "monthly_usd",
    "parse_rate",
    "parse_usage",
    "price",
]
