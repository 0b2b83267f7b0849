"""`lambda-tui prices` against a price list server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lambda_tui.billing import load_prices
from lambda_tui.billing.prices import SHIPPED_PRICES
from lambda_tui.cli.commands.prices import command
from lambda_tui.errors import InvalidInput, TargetRefused, TargetUnreachable

Offer = dict[str, Any]


def offer_file(regions: dict[str, dict[str, list[str]]], *, published: str = "2026-11-02T17:00:00Z") -> Offer:
    """An AWSLambda offer file as the bulk API documents it; each usage type with its prices by range."""
    offer: Offer = {
        "formatVersion": "v1.0", "offerCode": "AWSLambda", "version": "20261102170000",
        "publicationDate": published, "products": {}, "terms": {"OnDemand": {}},
    }  # fmt: skip
    for region, usages in regions.items():
        for usage_type, prices in usages.items():
            sku = f"SKU{len(offer['products']):04}"
            offer["products"][sku] = {
                "sku": sku, "productFamily": "Serverless",
                "attributes": {"servicecode": "AWSLambda", "locationType": "AWS Region",
                               "regionCode": region, "usagetype": usage_type},
            }  # fmt: skip
            begins = [
                "0",
                *("6000000000 15000000000" if "ARM" not in usage_type else "7500000000 18750000000").split(),
            ]
            offer["terms"]["OnDemand"][sku] = {
                f"{sku}.JRTCKXETXF": {"sku": sku, "priceDimensions": {
                    f"{sku}.JRTCKXETXF.{number}": {
                        "beginRange": begin, "endRange": "Inf", "unit": "Lambda-GB-Second",
                        "pricePerUnit": {"USD": price},
                    } for number, (begin, price) in enumerate(zip(begins, prices, strict=False))
                }}
            }  # fmt: skip
    return offer


US_EAST_1 = {
    "Request": ["0.0000002000"],
    "Request-ARM": ["0.0000002000"],
    "Lambda-Edge-Request": ["0.0000006000"],
    "Global-Request": ["0.0000000000"],
    "Lambda-GB-Second": ["0.0000166667", "0.0000150000", "0.0000133334"],
    "Lambda-GB-Second-ARM": ["0.0000133334", "0.0000120001", "0.0000106667"],
    "Lambda-Storage-GB-Second": ["0.0000000309"],
    "Lambda-Storage-GB-Second-ARM": ["0.0000000309"],
}
EU_WEST_2 = {f"EUW2-{name}": prices for name, prices in US_EAST_1.items() if not name.startswith("Global")}
EU_WEST_2 |= {f"EUW2-Lambda-Storage-GB-Second{suffix}": ["0.0000000358"] for suffix in ("", "-ARM")}


class PriceServer:
    """Serves one offer file: as a file to GET, and in pages to the Pricing API's GetProducts."""

    def __init__(self, offer: Offer | bytes, status: int = 200) -> None:
        self.offer = offer
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = server.offer if isinstance(server.offer, bytes) else json.dumps(server.offer).encode()
                self._answer(status, body)

            def do_POST(self) -> None:
                assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(status, json.dumps(server.page(int(asked.get("NextToken", "0")))).encode())

            def _answer(self, code: int, body: bytes) -> None:
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}/"

    def page(self, start: int, size: int = 5) -> dict[str, Any]:
        assert isinstance(self.offer, dict)
        skus = sorted(self.offer["products"])
        items = [
            json.dumps({
                "product": self.offer["products"][sku], "version": self.offer["version"],
                "publicationDate": self.offer["publicationDate"],
                "terms": {"OnDemand": self.offer["terms"]["OnDemand"][sku]},
            })
            for sku in skus[start : start + size]
        ]  # fmt: skip
        more = {"NextToken": str(start + size)} if start + size < len(skus) else {}
        return {"FormatVersion": "aws_v1", "PriceList": items, **more}

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def server() -> Iterator[PriceServer]:
    server = PriceServer(offer_file({"us-east-1": US_EAST_1, "eu-west-2": EU_WEST_2}))
    yield server
    server.close()


def prices(*arguments: str) -> str:
    return CliRunner().invoke(command, list(arguments), catch_exceptions=False).stdout


def test_new_prices_go_into_the_data_folder_and_only_there(data_dir: Path, server: PriceServer) -> None:
    shipped = SHIPPED_PRICES.read_bytes()
    server.offer = offer_file({"us-east-1": US_EAST_1 | {"Request": ["0.00000025"]}, "eu-west-2": EU_WEST_2})
    output = prices("update", "--url", server.url)
    assert "us-east-1 x86_64 request: 0.0000002 -> 0.00000025\n" in output
    assert "2 regions read, 1 prices changed; published 2026-11-02" in output
    assert SHIPPED_PRICES.read_bytes() == shipped
    assert (data_dir / "prices.json").stat().st_mode & 0o777 == 0o600
    rates = load_prices().rates("us-east-1", "x86_64")
    assert (rates.request, rates.as_of) == (Decimal("0.00000025"), "2026-11-02")


def test_what_the_list_does_not_have_keeps_its_own_source(data_dir: Path, server: PriceServer) -> None:
    before = load_prices().rates("us-east-1", "x86_64")
    prices("update", "--url", server.url)
    after = load_prices().rates("us-east-1", "x86_64")
    assert after.others == before.others
    assert after.duration_tiers == before.duration_tiers
    assert after.source_of("provisioned_gb_s") == before.source_of("provisioned_gb_s")
    assert "published 2026-11-02" in after.source_of("request")
    assert load_prices().rates("sa-east-1", "arm64").as_of == "2025-09-05"


def test_the_edge_price_is_never_taken_for_the_request_price(data_dir: Path, server: PriceServer) -> None:
    prices("update", "--url", server.url)
    assert load_prices().rates("eu-west-2", "x86_64").request == Decimal("0.0000002")


def test_a_region_never_seen_before(data_dir: Path, server: PriceServer) -> None:
    new = {f"XYZ1-{name}": prices for name, prices in US_EAST_1.items()}
    server.offer = offer_file({"xy-north-1": new})
    assert "xy-north-1 arm64 request: not known -> 0.0000002" in prices("update", "--url", server.url)
    assert load_prices().rates("xy-north-1", "arm64").gb_second == Decimal("0.0000133334")


def test_the_pricing_api_gives_the_same(
    data_dir: Path, server: PriceServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_PRICING": server.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    prices("update", "--url", server.url)
    from_file = json.loads((data_dir / "prices.json").read_text())
    (data_dir / "prices.json").unlink()
    prices("update", "--source", "api")
    assert json.loads((data_dir / "prices.json").read_text()) == from_file


@pytest.mark.parametrize(
    "change",
    [
        {"Request": ["0.0000007"]},
        {"Request": ["-0.0000002"]},
        {"Lambda-GB-Second": ["0.0000166667", "0.0000133334", "0.0000150000"]},
        {"Lambda-GB-Second": ["0.00166667", "0.00150000", "0.00133334"]},
        {"Lambda-GB-Second": ["many"]},
        {"Lambda-GB-Second": ["NaN"]},
    ],
    ids=["edge price", "negative", "tiers rise", "factor 100", "no number", "NaN"],
)
def test_implausible_prices_change_nothing(
    data_dir: Path, server: PriceServer, change: dict[str, list[str]]
) -> None:
    server.offer = offer_file({"us-east-1": US_EAST_1 | change})
    with pytest.raises(InvalidInput):
        prices("update", "--url", server.url)
    assert not (data_dir / "prices.json").exists()


@pytest.mark.parametrize(
    "offer",
    [b"<html>", b"[]", b'{"offerCode": "AmazonEC2"}',
     b'{"offerCode": "AWSLambda", "products": [], "terms": 3}',
     json.dumps(offer_file({})).encode(), json.dumps(offer_file({}, published="")).encode()],
)  # fmt: skip
def test_what_is_not_a_price_list_is_reported(data_dir: Path, server: PriceServer, offer: bytes) -> None:
    server.offer = offer
    with pytest.raises(InvalidInput):
        prices("update", "--url", server.url)
    assert not (data_dir / "prices.json").exists()


def test_a_server_that_refuses_and_one_that_is_gone(data_dir: Path) -> None:
    server = PriceServer(b"", status=403)
    with pytest.raises(TargetRefused, match="answered 403"):
        prices("update", "--url", server.url)
    server.close()
    with pytest.raises(TargetUnreachable, match="cannot be reached"):
        prices("update", "--url", server.url)


@pytest.mark.parametrize("url", ["http://prices.example/index.json", "ftp://x", "nonsense"])
def test_only_https_leaves_the_machine(data_dir: Path, url: str) -> None:
    with pytest.raises(InvalidInput, match="not an https address"):
        prices("update", "--url", url)


def test_show_lists_every_region_as_data(data_dir: Path) -> None:
    document = json.loads(prices("show"))
    assert len(document["regions"]) == 38
    assert list(json.loads(prices("show", "--region", "cn-north-1"))["regions"]) == ["cn-north-1"]
    with pytest.raises(InvalidInput):
        prices("show", "--region", "mars")
