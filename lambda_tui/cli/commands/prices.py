"""`lambda-tui prices`: show the prices in use, and fetch newer ones into the user's data folder."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from lambda_tui.billing.bill import money_text
from lambda_tui.billing.prices import PriceBook, load_prices, user_prices_path
from lambda_tui.cli.documents import json_option, wants_table, write_json


@click.group("prices", short_help="Show the prices in use, or update them from AWS.")
def command() -> None:
    """The prices every amount is computed with: dated, with their sources."""


@command.command("show")
@click.option("--region", help="One region in full, with the source of each price.")
@json_option
def show(region: str | None, json_target: str | None) -> None:
    """Show the prices in use."""
    book = load_prices()
    if region is not None:
        book.architectures(region)
    if not wants_table(json_target):
        write_json(_document(book, region), json_target)
    elif region is None:
        click.echo(_overview(book))
    else:
        click.echo(_region_in_full(book, region))


@command.command("update")
@click.option(
    "--source",
    type=click.Choice(["bulk", "api"]),
    default="bulk",
    show_default=True,
    help="bulk: the public price list file; api: the Pricing API, with your credentials.",
)
@click.option("--url", metavar="URL", help="Another address of the bulk file, for example China's.")
@click.option("--profile", metavar="NAME", help="AWS profile for --source api.")
def update(source: str, url: str | None, profile: str | None) -> None:
    """Read today's prices from AWS into your data folder; the shipped snapshot is never touched."""
    from lambda_tui.billing import price_update  # noqa: PLC0415
    from lambda_tui.cli import price_sources  # noqa: PLC0415

    book = load_prices()
    if source == "api":
        listed = price_sources.from_pricing_api(profile)
    else:
        listed = price_sources.from_bulk_file(url or price_sources.BULK_URL)
    price_update.check(book, listed)
    document = price_update.merge(book, listed, read_on=date.today().isoformat())
    differences = list(price_update.changes(book.document, document))
    price_update.save(document, user_prices_path())
    for change in differences:
        before = change.old or "not known"
        click.echo(f"{change.region} {change.architecture} {change.name}: {before} -> {change.new}")
    click.echo(
        f"{len(listed.regions)} regions read, {len(differences)} prices changed; "
        f"published {listed.published}, kept in {user_prices_path()}"
    )


def _document(book: PriceBook, region: str | None) -> dict[str, Any]:
    document = dict(book.document)
    if region is not None:
        document["regions"] = {region: document["regions"][region]}
    return document


def _overview(book: PriceBook) -> str:
    header = (
        f"{'region':<16} {'as of':<10}  {'x86_64 GB-s':>13} {'arm64 GB-s':>13} {'per million':>12} currency"
    )
    rows = [f"Prices of {book.compiled} from {book.origin}", header]
    for region in book.regions:
        x86 = book.rates(region, "x86_64")
        arm = "-"
        if "arm64" in book.architectures(region):
            arm = money_text(book.rates(region, "arm64").gb_second)
        stale = "  over a year old" if book.staleness(x86, date.today()) else ""
        million = f"{x86.request * 1_000_000:.2f}"
        rows.append(
            f"{region:<16} {x86.as_of:<10}  {money_text(x86.gb_second):>13} {arm:>13} {million:>12} "
            f"{x86.currency}{stale}"
        )
    return "\n".join(rows)


def _region_in_full(book: PriceBook, region: str) -> str:
    rows = []
    for architecture in book.architectures(region):
        rates = book.rates(region, architecture)
        rows.append(f"{region} {architecture}, {rates.currency}, prices of {rates.as_of}")
        prices = [("request", rates.request)]
        for number, tier in enumerate(rates.duration_tiers, 1):
            prices.append((f"duration_gb_s tier {number}", tier.usd_per_gb_s))
        prices += [("ephemeral_gb_s", rates.ephemeral_gb_s), *rates.others.items()]
        for name, value in prices:
            rows.append(f"  {name:<32} {money_text(value):>14}  {rates.source_of(name.partition(' ')[0])}")
        stale = book.staleness(rates, date.today())
        rows += [stale] if stale else []
    return "\n".join(rows)
