"""Prices as dated, sourced data: the shipped snapshot, or a newer one in the user's data folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from lambda_tui.errors import InvalidInput
from lambda_tui.folders import data_path

PRICES_SCHEMA = "lambda-tui/prices@1"
SHIPPED_PRICES = Path(__file__).with_name("data") / "prices.json"
STALE_AFTER_DAYS = 365
"""AWS changed Lambda duration prices about once a year at most; older figures get a note on screen."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A volume tier: `usd_per_gb_s` holds up to `upto_gb_s` of the month, None for the last tier."""

    upto_gb_s: Decimal | None
    usd_per_gb_s: Decimal


@dataclass(frozen=True, slots=True)
class Rates:
    """The unit prices of one region and architecture, in `currency`.

    `others` holds the prices that are not known everywhere, by the names used in prices.json; `require`
    reads them. Volume tiers apply per month, region, architecture and payer (AWS pricing page).
    """

    region: str
    architecture: str
    currency: str
    as_of: str
    request: Decimal
    duration_tiers: tuple[Tier, ...]
    ephemeral_gb_s: Decimal
    others: Mapping[str, Decimal] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def gb_second(self) -> Decimal:
        """The first tier's price of a GB-second."""
        return self.duration_tiers[0].usd_per_gb_s

    def require(self, name: str, *, charge: str) -> Decimal:
        """A price that some regions lack.

        Raises:
            InvalidInput: this region and architecture have none; `charge` names what needs it.
        """
        if name in self.others:
            return self.others[name]
        raise InvalidInput(
            charge,
            f"{charge} cannot be priced in {self.region} on {self.architecture}: "
            f"the prices of {self.as_of} do not have it.",
            hint="Try us-east-1, or run `lambda-tui prices update`.",
        )

    def source_of(self, name: str) -> str:
        """Where the price called `name` was read, in words."""
        return self.sources.get(name) or self.sources.get("*", "")


def provenance(rates: Rates, name: str) -> str:
    """Where and when the price called `name` was read, in one phrase."""
    when = "" if name in rates.sources else f", {rates.as_of}"
    return f"{rates.region} {rates.architecture}{when}; {rates.source_of(name)}"


@dataclass(frozen=True, slots=True)
class FreeTier:
    """The monthly free share: one pool over all regions and both architectures."""

    requests: Decimal
    gb_seconds: Decimal


@dataclass(frozen=True, slots=True)
class InstancePrice:
    """The on-demand price of an EC2 instance type per hour (Linux)."""

    instance_type: str
    vcpus: int
    memory_gb: int
    usd: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class FargatePrice:
    """Fargate's price per vCPU-hour and GB-hour (Linux)."""

    vcpu_hour: Decimal
    gb_hour: Decimal
    source: str


class PriceBook:
    """All prices of one snapshot. Parsed lazily: a command needs one region of 38."""

    def __init__(self, document: Mapping[str, Any], *, origin: str) -> None:
        if not isinstance(document, Mapping) or document.get("schema") != PRICES_SCHEMA:
            raise _damaged(origin, f"it is not a {PRICES_SCHEMA} document")
        self._document = document
        self._rates: dict[tuple[str, str], Rates] = {}
        self.origin = origin

    @property
    def compiled(self) -> str:
        """The day this snapshot was put together (ISO date)."""
        return str(self._document["compiled"])

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(self._document["regions"])

    @property
    def free_tier(self) -> FreeTier:
        free = self._document["free_tier"]
        return FreeTier(Decimal(free["requests"]), Decimal(free["gb_seconds"]))

    def ec2_hour(self, instance_type: str, region: str) -> InstancePrice:
        """An EC2 type from the small dated table; raises InvalidInput if the table lacks it."""
        table = self._document["ec2_hour"]
        entry = table["types"].get(instance_type)
        if entry is None or table["region"] != region:
            raise InvalidInput(
                "managed_instances.instance_type",
                f"managed_instances.instance_type {instance_type!r} has no price in {region} here.",
                hint=f"Known in {table['region']}: {', '.join(table['types'])}; or give usd_per_hour.",
            )
        return InstancePrice(
            instance_type=instance_type,
            vcpus=entry["vcpus"],
            memory_gb=entry["memory_gb"],
            usd=Decimal(entry["usd"]),
            source=f"{region}, {table['as_of']}; {self._document['sources'][table['source']]}",
        )

    def instance_types(self, region: str) -> tuple[str, ...]:
        """The EC2 types `ec2_hour` knows in a region."""
        table = self._document["ec2_hour"]
        return tuple(table["types"]) if table["region"] == region else ()

    def fargate(self, region: str, architecture: str) -> FargatePrice | None:
        """Fargate's price; None if it is not in the small dated table."""
        table = self._document["fargate_hour"]
        entry = table[architecture] if table["region"] == region else None
        if entry is None:
            return None
        source = f"{region} {architecture}, {table['as_of']}; {self._document['sources'][table['source']]}"
        return FargatePrice(Decimal(entry["vcpu"]), Decimal(entry["gb"]), source)

    @property
    def document(self) -> Mapping[str, Any]:
        """The snapshot as stored."""
        return self._document

    def architectures(self, region: str) -> tuple[str, ...]:
        """The architectures with a price in `region`; raises InvalidInput for an unknown region."""
        entry = self._region(region)
        return tuple(name for name in ("x86_64", "arm64") if name in entry)

    def rates(self, region: str, architecture: str) -> Rates:
        """The unit prices of one region and architecture.

        Raises:
            InvalidInput: `region` is unknown (near matches are named) or has no price for `architecture`.
        """
        key = (region, architecture)
        if key not in self._rates:
            self._rates[key] = self._parse(region, architecture)
        return self._rates[key]

    def verify(self) -> None:
        """Read everything once; for files that were not shipped with the program.

        Raises:
            InvalidInput: something is missing or is not a price.
        """
        try:
            date.fromisoformat(self.compiled)
            shares = self.free_tier
            prices = [shares.requests, shares.gb_seconds]
            for region in self.regions:
                for architecture in self.architectures(region):
                    rates = self.rates(region, architecture)
                    self.age_days(rates, date.today())
                    prices += [rates.request, rates.ephemeral_gb_s, *rates.others.values()]
                    prices += [tier.usd_per_gb_s for tier in rates.duration_tiers]
                    if not isinstance(rates.currency, str):
                        raise TypeError(f"{region} has no currency")
            for instance_type in self.instance_types("us-east-1"):
                prices.append(self.ec2_hour(instance_type, "us-east-1").usd)
            self.fargate("us-east-1", "x86_64")
            if not all(price.is_finite() and price >= 0 for price in prices):
                raise ValueError("a price is below zero or not a number")
        except (KeyError, IndexError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise _damaged(self.origin, f"{type(error).__name__} {error}") from None

    def age_days(self, rates: Rates, today: date) -> int:
        """Days since these rates were read from AWS's list; a month counts from its first day."""
        as_of = rates.as_of if len(rates.as_of) > len("2026-08") else f"{rates.as_of}-01"
        return (today - date.fromisoformat(as_of)).days

    def staleness(self, rates: Rates, today: date) -> str | None:
        """A sentence for prices older than a year, None for fresher ones."""
        days = self.age_days(rates, today)
        if days <= STALE_AFTER_DAYS:
            return None
        return (
            f"The prices of {rates.region} are of {rates.as_of}, {days} days old: "
            "`lambda-tui prices update` reads today's."
        )

    def _region(self, region: str) -> Mapping[str, Any]:
        regions: Mapping[str, Mapping[str, Any]] = self._document["regions"]
        if region in regions:
            return regions[region]
        near = get_close_matches(region, regions, n=3, cutoff=0.6)
        hint = (
            f"Did you mean {' or '.join(near)}?"
            if near
            else "`lambda-tui prices show` lists the known regions."
        )
        raise InvalidInput("region", f"region {region!r} has no prices.", hint=hint)

    def _parse(self, region: str, architecture: str) -> Rates:
        entry = self._region(region)
        if architecture not in entry:
            raise InvalidInput(
                "architecture",
                f"architecture {architecture!r} has no price in {region}.",
                hint=f"Known there: {', '.join(self.architectures(region))}.",
            )
        prices = entry[architecture]
        known = {name: Decimal(text) for name, text in prices.items() if isinstance(text, str)}
        bounds: list[str] = prices.get("tier_bounds_gb_s", self._document["tier_bounds_gb_s"][architecture])
        rates = prices["duration_gb_s"]
        upper = [Decimal(bound) for bound in bounds[: len(rates) - 1]]
        titles = self._document["sources"]
        sources = {"*": titles[entry["source"]]}
        sources |= {name: titles[key] for name, key in entry.get("sources", {}).items()}
        return Rates(
            region=region,
            architecture=architecture,
            currency=entry["currency"],
            as_of=entry["as_of"],
            request=known.pop("request"),
            duration_tiers=tuple(
                Tier(upto, Decimal(rate)) for upto, rate in zip([*upper, None], rates, strict=True)
            ),
            ephemeral_gb_s=known.pop("ephemeral_gb_s"),
            others=known,
            sources=sources,
        )


def user_prices_path() -> Path:
    """Where `lambda-tui prices update` keeps newer prices than the shipped ones."""
    return data_path() / "prices.json"


@lru_cache(maxsize=4)
def read_prices(path: Path) -> PriceBook:
    """One price file.

    Raises:
        InvalidInput: it is not valid JSON of our schema.
        OSError: it cannot be read.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(str(path), str(error)) from None
    book = PriceBook(document, origin=str(path))
    if path != SHIPPED_PRICES:
        book.verify()
    return book


def _damaged(origin: str, reason: str) -> InvalidInput:
    return InvalidInput(
        "prices",
        f"The prices in {origin} cannot be used: {reason}.",
        hint="Delete that file to use the shipped prices, or run `lambda-tui prices update`.",
    )


def load_prices() -> PriceBook:
    """The user's updated prices, or the shipped snapshot where there are none or it is newer; read once.

    Raises:
        InvalidInput: the user's price file is damaged.
    """
    shipped = read_prices(SHIPPED_PRICES)
    own = user_prices_path()
    if not own.is_file():
        return shipped
    updated = read_prices(own)
    return updated if updated.compiled >= shipped.compiled else shipped
