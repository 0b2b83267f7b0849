"""Writes newer prices into the user's snapshot: checked against known prices, merged, compared."""

from __future__ import annotations

import copy
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from lambda_tui.billing.price_list import PriceList
from lambda_tui.billing.prices import PriceBook, read_prices
from lambda_tui.errors import InvalidInput, StorageError

LARGEST_CHANGE = 3
"""A known price that changed by more than this factor is assumed to be a mistake, ours or the list's."""

NEW_REGION_RANGE = 5
"""A new price may differ from us-east-1's by this factor."""


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One price that differs; `old` is None for a new price."""

    region: str
    architecture: str
    name: str
    old: str | None
    new: str


def merge(book: PriceBook, prices: PriceList, *, read_on: str) -> dict[str, Any]:
    """The snapshot updated with the list's prices; prices not in the list stay, with their source."""
    document: dict[str, Any] = copy.deepcopy(dict(book.document))
    document["compiled"] = read_on
    source = f"price-list-{prices.published}-read-{read_on}"
    document["sources"][source] = (
        f"AWS Price List (AWSLambda) published {prices.published}, version {prices.version}, read {read_on}"
    )
    for region, listed in prices.regions.items():
        old = document["regions"].get(region, {})
        sources = _kept_sources(old, listed)
        entry = {"currency": listed["currency"], "as_of": prices.published, "source": source}
        for architecture in ("x86_64", "arm64"):
            if architecture in listed or architecture in old:
                entry[architecture] = {**old.get(architecture, {}), **listed.get(architecture, {})}
        document["regions"][region] = entry | ({"sources": sources} if sources else {})
    document["regions"] = dict(sorted(document["regions"].items()))
    return document


def check(book: PriceBook, prices: PriceList) -> None:
    """Compare a list with known prices.

    Raises:
        InvalidInput: a price is outside the sanity bounds, or tiers do not fall.
    """
    for change in changes(book.document, {"regions": prices.regions}):
        old = change.old or _reference(book, change)
        if old is None:
            continue
        factor = LARGEST_CHANGE if change.old else NEW_REGION_RANGE
        for before, after in zip(old.split(), change.new.split(), strict=False):
            if not Decimal(before) / factor <= Decimal(after) <= Decimal(before) * factor:
                raise _implausible(change, f"{after} is far from {before}")
        tiers = [Decimal(price) for price in change.new.split()]
        if change.name == "duration_gb_s" and tiers != sorted(tiers, reverse=True):
            raise _implausible(change, f"its tiers {change.new} do not fall")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[PriceChange]:
    """Every price of `new` that differs from `old`, region by region."""
    for region, entry in new["regions"].items():
        for architecture in ("x86_64", "arm64"):
            before = old["regions"].get(region, {}).get(architecture, {})
            for name, value in entry.get(architecture, {}).items():
                known = before.get(name)
                if name != "tier_bounds_gb_s" and _text(value) != (known and _text(known)):
                    yield PriceChange(region, architecture, name, known and _text(known), _text(value))


def save(document: Mapping[str, Any], path: Path) -> None:
    """Write the snapshot to the user's data folder atomically; files are private to the user.

    Raises:
        StorageError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix="prices-", suffix=".json")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=1)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from None
    read_prices.cache_clear()


def _kept_sources(old: Mapping[str, Any], listed: Mapping[str, Any]) -> dict[str, str]:
    """Sources of the prices that the list does not have, by name."""
    own = old.get("sources", {})
    kept = {}
    for architecture in ("x86_64", "arm64"):
        for name in old.get(architecture, {}):
            if name not in listed.get(architecture, {}):
                kept[name] = own.get(name, old["source"])
    return kept


def _reference(book: PriceBook, change: PriceChange) -> str | None:
    """What a new price is compared with: us-east-1's, or nothing for yuan and other currencies."""
    if change.region.startswith("cn-"):
        return None
    value = book.document["regions"]["us-east-1"].get(change.architecture, {}).get(change.name)
    return value and _text(value)


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def _implausible(change: PriceChange, reason: str) -> InvalidInput:
    return InvalidInput(
        "prices",
        f"The price list is implausible: {change.region} {change.architecture} {change.name}: {reason}.",
        hint="Your prices stay as they are.",
    )
