"""How an amount was computed, in words with the actual values: for `x` on a screen and `cost --explain`."""

from __future__ import annotations

from lambda_tui.billing.bill import Bill, BillLine, money_text

ITEM_TITLES: dict[str, str] = {
    "requests": "Requests",
    "duration": "Duration",
    "init": "Init (cold starts)",
    "ephemeral_storage": "Ephemeral storage",
    "provisioned_concurrency": "Provisioned concurrency",
    "provisioned_duration": "Duration on provisioned concurrency",
    "snapstart_cache": "SnapStart cache",
    "snapstart_restore": "SnapStart restore",
    "streaming": "Response streaming",
    "managed_instances": "EC2 of Managed Instances",
    "managed_instances_fee": "Managed Instances fee",
    "durable_operations": "Durable operations",
    "durable_data_written": "Durable data written",
    "durable_data_retained": "Durable data retained",
    "tenant_environments": "Tenant environments",
    "event_pollers": "Event pollers",
    "logs_ingestion": "CloudWatch Logs ingestion",
    "step_functions": "Step Functions transitions",
}


def explain(what: Bill | BillLine, *, currency: str = "USD") -> str:
    """The derivation of a line, or of every line and the total of a bill; several lines of plain text."""
    if isinstance(what, BillLine):
        return _explain_line(what, currency)
    parts = [_explain_line(line, what.currency) for line in what.lines]
    parts.append(_explain_total(what))
    return "\n\n".join(parts)


def _explain_line(line: BillLine, currency: str) -> str:
    quantity, rate, usd = money_text(line.quantity), money_text(line.rate_usd), money_text(line.usd)
    rows = [f"{ITEM_TITLES[line.item]}: {usd} {currency}"]
    if line.how:
        rows.append(f"  from      {line.how}")
    rows.append(f"  quantity  {quantity} {line.unit}")
    rows.append(f"  rate      {rate} {currency} per {singular(line.unit)}")
    rows.append(f"  amount    {quantity} x {rate} = {usd} {currency}")
    if line.note:
        rows.append(f"  note      {line.note}")
    if line.source:
        rows.append(f"  price     {line.source}")
    return "\n".join(rows)


def _explain_total(bill: Bill) -> str:
    total = money_text(bill.total_usd)
    rows = [f"Total: {total} {bill.currency}"]
    if len(bill.lines) > 1:
        rows.append(f"  sum       {' + '.join(money_text(line.usd) for line in bill.lines)} = {total}")
    if bill.invocations:
        mean = money_text(bill.per_invocation_usd)
        rows.append(f"  each      {total} / {bill.invocations:,} invocations = {mean} {bill.currency}")
    return "\n".join(rows)


def singular(unit: str) -> str:
    """`requests` is priced per request, `GB-s` per GB-s."""
    return (
        unit.removesuffix("s") if unit.islower() and len(unit) > 1 else unit.replace("GB-months", "GB-month")
    )
