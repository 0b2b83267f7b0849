"""`lambda-tui forecast`: duration and cost at sizes not measured."""

from __future__ import annotations

import click

from lambda_tui.aws_facts import DEFAULT_REGION
from lambda_tui.billing import load_prices, money_text
from lambda_tui.cli.documents import json_option, read_json, wants_table, write_json
from lambda_tui.forecast import USUAL_SIZES_MB, Forecast, forecast, parse_points, parse_sizes


@click.command("forecast", short_help="Predict duration and cost at sizes not measured.")
@click.option("--from", "source", metavar="FILE|-", required=True, help="A points document.")
@click.option("--at", "sizes", metavar="MB,MB,...", help="Memory sizes; the usual ones unless given.")
@click.option("--region", default=DEFAULT_REGION, show_default=True, help="AWS region of the price.")
@click.option("--architecture", default="x86_64", show_default=True, help="x86_64 or arm64.")
@json_option
def command(source: str, sizes: str | None, region: str, architecture: str, json_target: str | None) -> None:
    """Predict duration and cost at memory sizes not measured, each with an interval.

    The points document: {"points": [{"memory_mb": 512, "duration_ms": 810, "cpu_ms": 230}], "threads": null}
    One point is enough when it has cpu_ms (the payload functions report it); otherwise give two sizes.
    """
    points, threads = parse_points(read_json(source, field="--from"))
    rates = load_prices().rates(region, architecture)
    at = (
        parse_sizes(sizes) if sizes is not None else sorted({*USUAL_SIZES_MB, *(p.memory_mb for p in points)})
    )
    result = forecast(points, at, rates, threads=threads)
    if wants_table(json_target):
        click.echo(_table(result, rates.currency))
    else:
        write_json(result.to_document(), json_target)


def _table(result: Forecast, currency: str) -> str:
    model = result.model
    rows = [
        f"wait {model.wait_ms:.1f} ms + CPU {model.cpu_ms:.1f} ms on {model.threads} thread(s), "
        f"fit error {model.fit_error_percent:.1f} %",
        f"{'MB':>6} {'ms':>10} {'low':>10} {'high':>10}  {currency} per million",
    ]
    for item in result.predictions:
        mark = "measured" if item.measured else "forecast"
        times = f"{item.duration_ms:>10.1f} {item.low_ms:>10.1f} {item.high_ms:>10.1f}"
        rows.append(f"{item.memory_mb:>6} {times}  {money_text(item.usd * 1_000_000):>14}  {mark}")
    return "\n".join(rows)
