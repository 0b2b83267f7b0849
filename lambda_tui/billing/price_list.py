"""The AWS Price List of Lambda, translated into our own form.

The format is that of the Price List Bulk API ("Reading the service price list file", AWS Billing user
guide). Usage types are matched whole: `Lambda-Edge-Request` costs three times a `Request`, and matching
part of the name is how other tools got wrong prices.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from lambda_tui.billing.bill import money_text
from lambda_tui.errors import InvalidInput

_PER_ARCHITECTURE = {
    "Request": "request",
    "Lambda-GB-Second": "duration_gb_s",
    "Lambda-Storage-GB-Second": "ephemeral_gb_s",
    "Lambda-Provisioned-Concurrency": "provisioned_gb_s",
    "Lambda-Provisioned-GB-Second": "provisioned_duration_gb_s",
    "Lambda-Streaming-Response-Processed-Bytes": "streaming_gb",
}
_BOTH_ARCHITECTURES = {
    "Lambda-SnapStart-Cached-GB-S": "snapstart_cache_gb_s",
    "Lambda-SnapStart-Restored-GB": "snapstart_restore_gb",
}
_USAGE_TYPE = re.compile(
    rf"(?:[A-Z0-9]+-)?({'|'.join(_PER_ARCHITECTURE)}|{'|'.join(_BOTH_ARCHITECTURES)})(-ARM)?"
)
_NEEDED = ("request", "duration_gb_s", "ephemeral_gb_s")


@dataclass(frozen=True, slots=True)
class PriceList:
    """The contents of a price list: `regions` has the form of prices.json, without sources."""

    published: str
    version: str
    regions: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Step:
    begin: Decimal
    price: Decimal
    currency: str


def read_price_list(document: object) -> PriceList:
    """Translate an AWSLambda offer file.

    Raises:
        InvalidInput: it is not one, or holds no region with the prices every bill needs.
    """
    if not isinstance(document, Mapping) or document.get("offerCode") != "AWSLambda":
        raise _unusable("it is not an AWSLambda offer file")
    products, terms = document.get("products"), document.get("terms")
    on_demand = terms.get("OnDemand") if isinstance(terms, Mapping) else None
    if not isinstance(products, Mapping) or not isinstance(on_demand, Mapping):
        raise _unusable("it has no products or no on-demand terms")
    published = str(document.get("publicationDate", ""))[:10]
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", published):
        raise _unusable("it has no publication date")
    regions = _regions(products, on_demand)
    if not regions:
        raise _unusable("it prices no region completely")
    return PriceList(published=published, version=str(document.get("version", "")), regions=regions)


def price_list_from_products(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The offer file made of the Pricing API's GetProducts items (each a product with its terms)."""
    products: dict[str, Any] = {}
    on_demand: dict[str, Any] = {}
    published, version = "", ""
    for item in items:
        product = item.get("product", {})
        sku = product.get("sku")
        if sku:
            products[sku] = product
            on_demand[sku] = item.get("terms", {}).get("OnDemand", {})
        published = max(published, str(item.get("publicationDate", "")))
        version = max(version, str(item.get("version", "")))
    return {
        "offerCode": "AWSLambda",
        "publicationDate": published,
        "version": version,
        "products": products,
        "terms": {"OnDemand": on_demand},
    }


def _regions(products: Mapping[str, Any], on_demand: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    regions: dict[str, dict[str, Any]] = defaultdict(lambda: {"x86_64": {}, "arm64": {}})
    for sku, product in products.items():
        attributes = product.get("attributes", {}) if isinstance(product, Mapping) else {}
        match = _USAGE_TYPE.fullmatch(str(attributes.get("usagetype", "")))
        region = attributes.get("regionCode")
        if match is None or not region or attributes.get("locationType", "AWS Region") != "AWS Region":
            continue
        steps = sorted(_steps(on_demand.get(sku)), key=lambda step: step.begin)
        if steps:
            _note(regions[region], match[1], arm=match[2] is not None, steps=steps)
    return {region: entry for region, entry in regions.items() if _complete(entry)}


def _note(entry: dict[str, Any], usage_type: str, *, arm: bool, steps: list[_Step]) -> None:
    entry["currency"] = steps[0].currency
    if usage_type in _BOTH_ARCHITECTURES:
        for architecture in ("x86_64", "arm64"):
            entry[architecture][_BOTH_ARCHITECTURES[usage_type]] = money_text(steps[-1].price)
        return
    prices = entry["arm64" if arm else "x86_64"]
    name = _PER_ARCHITECTURE[usage_type]
    if name == "duration_gb_s":
        prices[name] = [money_text(step.price) for step in steps]
        prices["tier_bounds_gb_s"] = [money_text(step.begin) for step in steps[1:]]
    else:
        prices[name] = money_text(steps[-1].price)


def _complete(entry: dict[str, Any]) -> bool:
    """Drop an architecture without the prices every bill needs; a region needs x86_64."""
    for architecture in ("x86_64", "arm64"):
        if not all(name in entry[architecture] for name in _NEEDED):
            del entry[architecture]
    return "x86_64" in entry


def _steps(terms: object) -> Iterator[_Step]:
    """The priced ranges of a product; free ranges do not count."""
    for term in terms.values() if isinstance(terms, Mapping) else ():
        dimensions = term.get("priceDimensions") if isinstance(term, Mapping) else None
        for dimension in dimensions.values() if isinstance(dimensions, Mapping) else ():
            try:
                ((currency, price),) = dimension["pricePerUnit"].items()
                step = _Step(Decimal(dimension.get("beginRange", "0")), Decimal(price), str(currency))
            except (KeyError, AttributeError, TypeError, ValueError, InvalidOperation):
                raise _unusable("a price dimension has another form than documented") from None
            if not step.price.is_finite() or step.price < 0:
                raise _unusable(f"{price} is not a price")
            if step.price:
                yield step


def _unusable(reason: str) -> InvalidInput:
    return InvalidInput(
        "prices", f"The price list cannot be used: {reason}.", hint="Your prices stay as they are."
    )
