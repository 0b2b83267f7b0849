"""The shipped price data, and which prices are used."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lambda_tui.billing import load_prices
from lambda_tui.billing.prices import SHIPPED_PRICES, read_prices, user_prices_path
from lambda_tui.errors import InvalidInput
from lambda_tui.folders import data_path


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", str(tmp_path))
    return tmp_path


def test_thirty_six_regions_and_two_in_china() -> None:
    regions = read_prices(SHIPPED_PRICES).regions
    assert len(regions) == 38
    assert [region for region in regions if region.startswith("cn-")] == ["cn-north-1", "cn-northwest-1"]


def test_every_price_has_a_source_and_a_date() -> None:
    book = read_prices(SHIPPED_PRICES)
    for region in book.regions:
        for architecture in book.architectures(region):
            rates = book.rates(region, architecture)
            assert 0 < book.age_days(rates, date(2026, 11, 21)) < 600
            for name in ("request", "duration_gb_s", "ephemeral_gb_s", *rates.others):
                assert len(rates.source_of(name)) > 20


def test_tiers_fall_and_arm_is_cheaper() -> None:
    book = read_prices(SHIPPED_PRICES)
    for region in book.regions:
        x86 = book.rates(region, "x86_64")
        prices = [tier.usd_per_gb_s for tier in x86.duration_tiers]
        assert prices == sorted(prices, reverse=True)
        if "arm64" in book.architectures(region):
            assert book.rates(region, "arm64").gb_second < x86.gb_second


def test_the_trap_of_equal_figures() -> None:
    # x86 tier 3 happens to be arm tier 1.
    x86 = read_prices(SHIPPED_PRICES).rates("us-east-1", "x86_64")
    arm = read_prices(SHIPPED_PRICES).rates("us-east-1", "arm64")
    assert x86.duration_tiers[2].usd_per_gb_s == arm.duration_tiers[0].usd_per_gb_s == Decimal("0.0000133334")


def test_an_unknown_region_names_its_neighbours() -> None:
    with pytest.raises(InvalidInput) as refusal:
        load_prices().rates("us-esat-1", "x86_64")
    assert refusal.value.field == "region"
    assert "us-east-1" in refusal.value.hint


def test_the_users_prices_come_first(data_dir: Path) -> None:
    document = json.loads(SHIPPED_PRICES.read_text(encoding="utf-8"))
    document["regions"]["us-east-1"]["x86_64"]["request"] = "0.0000003"
    (data_dir / "prices.json").write_text(json.dumps(document), encoding="utf-8")
    assert load_prices().rates("us-east-1", "x86_64").request == Decimal("0.0000003")


def test_without_them_the_shipped_ones(data_dir: Path) -> None:
    assert load_prices().rates("us-east-1", "x86_64").request == Decimal("0.0000002")
    assert load_prices() is load_prices()


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"schema": "other@1"}',
     '{"schema": "lambda-tui/prices@1", "regions": {"us-east-1": {"x86_64": {}}}}']
)  # fmt: skip
def test_a_damaged_price_file_is_reported(data_dir: Path, text: str) -> None:
    (data_dir / "prices.json").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refusal:
        load_prices().rates("us-east-1", "x86_64")
    assert refusal.value.field == "prices"


def test_prices_stand_in_the_data_folder_wherever_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    for folder in ("~/data", "/elsewhere", ""):
        monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", folder)
        assert user_prices_path() == data_path() / "prices.json"
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", "~/data")
    assert user_prices_path() == Path("/home/somebody/data/prices.json")
