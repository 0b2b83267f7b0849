"""`lambda-tui cost`: prices a usage without invoking anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from lambda_tui.aws_facts import DEFAULT_REGION, FREE_EPHEMERAL_MB, MAX_MEMORY_MB, MIN_MEMORY_MB
from lambda_tui.billing.bill import Bill, money_text
from lambda_tui.billing.eras import ERAS
from lambda_tui.billing.explain import ITEM_TITLES, explain
from lambda_tui.billing.prices import load_prices
from lambda_tui.billing.pricing import price
from lambda_tui.billing.usage import Usage, parse_usage
from lambda_tui.cli.documents import json_option, read_json, wants_table, write_json
from lambda_tui.errors import InvalidInput

if TYPE_CHECKING:
    from lambda_tui.billing.spill_over import ArrivalPattern
    from lambda_tui.billing.traffic import TrafficChart


@click.command("cost", short_help="Price a usage without invoking anything.")
@click.option("--from", "source", metavar="FILE|-", help="A usage document; it also takes the rarer charges.")
@click.option("--region", help=f"AWS region  [default: {DEFAULT_REGION}]")
@click.option("--architecture", help="x86_64 or arm64  [default: x86_64]")
@click.option(
    "--memory",
    "--memory-mb",
    "memory_mb",
    metavar="MB",
    help=f"Memory size, {MIN_MEMORY_MB}-{MAX_MEMORY_MB}  [default: {MIN_MEMORY_MB}]",
)
@click.option(
    "--ephemeral",
    "--ephemeral-mb",
    "ephemeral_mb",
    metavar="MB",
    help=f"Scratch space  [default: {FREE_EPHEMERAL_MB}]",
)
@click.option("--invocations", metavar="N", help="Invocations in the month  [default: 1]")
@click.option("--requests", metavar="N", help="The same, as a bill names them.")
@click.option("--total-billed-ms", metavar="MS", help="Billed duration of all invocations, from a metric.")
@click.option("--gb-seconds", metavar="N", help="GB-seconds of all invocations, from a bill.")
@click.option("--billed-ms", metavar="MS", help="Billed duration of one invocation, from a REPORT line.")
@click.option("--duration-ms", metavar="MS", help="Duration of one invocation; rounded up as Lambda does.")
@click.option("--init-ms", metavar="MS", help="Init duration of a cold start; goes with --duration-ms.")
@click.option("--cold-start-ratio", metavar="0..1", help="Share of invocations that are cold  [default: 0]")
@click.option("--era", help=f"Billing rules of an era: {', '.join(ERAS)}.")
@click.option("--rounding-ms", metavar="1|100", help="Rounding step  [default: 1]")
@click.option("--init-billed/--no-init-billed", default=None, help="Whether init is billed  [default: yes]")
@click.option("--free-tier", is_flag=True, default=None, help="Deduct the monthly free tier.")
@click.option("--savings-plan", metavar="PLAN", help="no_upfront or all_upfront (Compute Savings Plan).")
@click.option("--break-even", is_flag=True, help="Also: from which traffic on another way costs less.")
@click.option("--cpu-ms", metavar="MS", help="With --break-even: CPU time of one invocation  [default: all]")
@click.option(
    "--arrivals",
    type=click.Choice(["even", "poisson"]),
    default="even",
    show_default=True,
    help="With --break-even: how invocations are spread.",
)
@click.option("--explain", "explained", is_flag=True, help="Print how each amount is computed.")
@json_option
def command(
    *,
    source: str | None,
    explained: bool,
    break_even: bool,
    cpu_ms: str | None,
    arrivals: ArrivalPattern,
    json_target: str | None,
    **options: Any,
) -> None:
    """Price a usage: requests, duration with volume tiers, init, storage and every other Lambda charge.

    Example: lambda-tui cost --memory 512 --duration-ms 229.3 --invocations 1000000
    """
    if explained and json_target is not None:
        raise InvalidInput("explain", "--explain prints text and contradicts --json: leave one of them out.")
    given = {name: value for name, value in options.items() if value is not None}
    if source is not None and given:
        first = _flag(next(iter(given)))
        raise InvalidInput("from", f"--from and {first} contradict each other: put it into the document.")
    usage = parse_usage(read_json(source, field="--from")) if source is not None else _usage(given, options)
    book = load_prices()
    bill = price(usage, book)
    stale = book.staleness(book.rates(usage.region, usage.architecture), date.today())
    if stale:
        click.echo(stale, err=True)
    chart = _chart(usage, cpu_ms, arrivals) if break_even else None
    if explained:
        click.echo(explain(bill))
    elif wants_table(json_target):
        click.echo(_table(bill))
    else:
        write_json({**bill.to_document(), **({} if chart is None else chart.to_document())}, json_target)
        return
    if chart is not None:
        click.echo(_break_evens(chart))


def _chart(usage: Usage, cpu_ms: str | None, arrivals: ArrivalPattern) -> TrafficChart:
    """The same chart as the What-if screen draws."""
    from lambda_tui.billing.traffic import TrafficAssumptions, cost_by_traffic  # noqa: PLC0415
    from lambda_tui.billing.whatif import chart_steps  # noqa: PLC0415

    concurrency = None if usage.provisioned is None else usage.provisioned.concurrency
    try:
        cpu = None if cpu_ms is None else Decimal(cpu_ms)
    except InvalidOperation:
        raise InvalidInput("cpu_ms", f"--cpu-ms cannot be {cpu_ms!r}: it must be a number.") from None
    assumptions = TrafficAssumptions(cpu_ms=cpu, concurrency=concurrency, arrivals=arrivals)
    return cost_by_traffic(replace(usage, provisioned=None), chart_steps(usage.invocations), assumptions)


def _break_evens(chart: TrafficChart) -> str:
    if not chart.break_evens:
        return "No way of running it costs less than another from some traffic on."
    return "\n".join(
        f"From {each.invocations:,} invocations a month {each.cheaper} costs less than {each.dearer}."
        for each in sorted(chart.break_evens, key=lambda each: each.invocations)
    )


def _flag(name: str) -> str:
    return "--" + name.removesuffix("_mb").replace("_", "-")


def _usage(given: dict[str, Any], options: Iterable[str]) -> Usage:
    """The usage given by the options; errors name the options."""
    try:
        return parse_usage(given)
    except InvalidInput as error:
        # Names of one word are also ordinary words: only at the start do they mean an option.
        names = "|".join(name if "_" in name else rf"\A{name}" for name in options)
        message = re.sub(rf"(?:{names})\b", lambda match: _flag(match[0]), error.message)
        raise InvalidInput(error.field, message, hint=error.hint) from None


def _table(bill: Bill) -> str:
    rows = [
        (ITEM_TITLES[line.item], f"{line.quantity:,.12g} {line.unit}", money_text(line.usd), line.note)
        for line in bill.lines
    ]
    rows.append(("Total", "", money_text(bill.total_usd), bill.currency))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{title:<{widths[0]}}  {quantity:>{widths[1]}}  {usd:>{widths[2]}}  {note}".rstrip()
        for title, quantity, usd, note in rows
    ]
    mean = f"{bill.per_million_usd:.6f} {bill.currency} per million invocations"
    return "\n".join([*lines, f"{mean}; prices of {bill.prices_as_of}"])
