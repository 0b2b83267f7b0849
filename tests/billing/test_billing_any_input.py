"""For any JSON, the answer is a bill or a sentence, never a crash."""

from __future__ import annotations

import copy
from contextlib import suppress
from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.billing import load_prices, parse_usage, price
from lambda_tui.billing.explain import explain
from lambda_tui.billing.price_list import read_price_list
from lambda_tui.billing.prices import PriceBook
from lambda_tui.billing.usage import Provisioned, SnapStart, Streaming, Usage
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast import forecast, parse_points

ODD = [
    0,
    1,
    -1,
    0.5,
    1e308,
    float("inf"),
    float("nan"),
    10**40,
    "1",
    "1e3",
    "-0",
    "1e999999",
    "",
    "us-east-1",
    True,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = [field.name for kind in (Usage, Provisioned, SnapStart, Streaming) for field in fields(kind)]
NESTED = st.dictionaries(st.sampled_from(NAMES), JSON | st.sampled_from(ODD), max_size=5)


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(ODD) | NESTED | JSON, max_size=6) | JSON)
def test_any_usage(document: Any) -> None:
    if isinstance(document, dict):
        document = {"billed_ms": 100, **document}
    with suppress(InvalidInput):
        explain(price(parse_usage(document)))


@given(
    st.lists(st.dictionaries(st.sampled_from(["memory_mb", "duration_ms", "cpu_ms", "workers"]), JSON)), JSON
)
def test_any_points(points: Any, threads: Any) -> None:
    with suppress(InvalidInput):
        measured, stated = parse_points({"points": points, "threads": threads})
        forecast(measured, [128, 10240], load_prices().rates("us-east-1", "x86_64"), threads=stated)


@given(JSON, JSON, JSON, st.sampled_from(["Request", "Lambda-GB-Second", "Lambda-Storage-GB-Second-ARM"]))
def test_any_price_list(attributes: Any, terms: Any, dimensions: Any, usage_type: str) -> None:
    attributes = {
        **(attributes if isinstance(attributes, dict) else {}),
        "usagetype": usage_type,
        "regionCode": "x",
    }
    document = {
        "offerCode": "AWSLambda", "publicationDate": "2026-11-02", "version": "1",
        "products": {"a": {"attributes": attributes}, "b": terms},
        "terms": {"OnDemand": {"a": {"t": {"priceDimensions": dimensions}}, "b": terms}},
    }  # fmt: skip
    with suppress(InvalidInput):
        read_price_list(document)


@given(st.data())
def test_any_damage_to_the_price_file(data: st.DataObject) -> None:
    document = copy.deepcopy(dict(load_prices().document))
    region = document["regions"]["us-east-1"]
    parent = data.draw(st.sampled_from([document, document["regions"], region, region["x86_64"]]))
    name = data.draw(st.sampled_from(sorted(parent.keys() - {"schema"})))
    parent[name] = data.draw(JSON)
    book = PriceBook(document, origin="prices.json")
    with suppress(InvalidInput):
        book.verify()
        explain(price(parse_usage({"billed_ms": 1, "free_tier": True}), book))
