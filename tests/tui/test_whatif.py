"""The What-if screen under Pilot: typed numbers, pins, explanations, refusals."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from textual.widgets import Button

from lambda_tui.billing import load_prices, parse_usage, price
from lambda_tui.tui.dialogs.reading import Reading
from lambda_tui.tui.whatif.bill_table import BillTable
from lambda_tui.tui.whatif.picture_pane import PicturePane
from lambda_tui.tui.widgets.slider import Slider
from tests.tui.screen_text import assert_looks_like, screen_text
from tests.tui.whatif_alone import BIG, SMALL, Alone, refusal


async def test_typed_numbers_are_there_before_any_run() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        await pilot.pause()
        assert_looks_like(app, "whatif-140x45")
        assert str(app.whatif.query_one("#base", Button).label) == "Typed numbers ▾"
        usage = parse_usage(
            {"memory_mb": 512, "duration_ms": 200, "init_ms": 250, "cold_start_ratio": "0.01",
             "invocations": 10_000_000}
        )  # fmt: skip
        assert app.total_usd == price(usage, load_prices()).total_usd


async def test_a_small_terminal_shows_one_picture_beside_the_form() -> None:
    app = Alone()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert_looks_like(app, "whatif-80x24")
        for title in ("A month by memory", "A month by traffic", "What the bill consists of", "The bill of"):
            await pilot.press("right_square_bracket")
            await pilot.pause()
            assert title in screen_text(app)
            assert "$18.88 a month" in screen_text(app)


async def test_the_memory_slider_changes_bill_and_forecast() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        before = app.total_usd
        await pilot.press("right", "right")
        await pilot.pause()
        assert app.field("memory-mb").value == "1024"
        assert app.total_usd > before
        shown = screen_text(app)
        assert "forecast 157 ms (107–213)" in shown
        assert "◆ 1,024 MB  forecast 157 ms" in shown


async def test_the_mouse_moves_a_slider() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        slider = app.whatif.query_one("#field-memory-mb Slider", Slider)
        await pilot.click(slider, offset=(slider.size.width - 1, 0))
        await pilot.pause()
        assert app.whatif.answer is not None
        assert app.whatif.answer.question.memory_mb == 10240


async def test_invocations_and_requests_a_second_are_one_quantity() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        app.field("per-second").focus()
        app.field("per-second").value = "10"
        await pilot.pause()
        assert app.field("invocations").value == "26280000"
        app.field("invocations").focus()
        app.field("invocations").value = "2628000"
        await pilot.pause()
        assert app.field("per-second").value == "1"
        assert "2,628,000 a month" in screen_text(app)


async def test_a_region_has_its_own_prices_and_says_their_date() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        before = app.total_usd
        app.choose("region", "af-south-1")
        await pilot.pause()
        assert app.total_usd > before
        assert "2025-09-05, over a year old" in screen_text(app)
        assert "without a price here: b tells" in screen_text(app)
        app.choose("region", "cn-north-1")
        await pilot.pause()
        assert "¥" in screen_text(app)
        app.choose("architecture", "arm64")
        await pilot.pause()
        assert "cn-north-1" in refusal(app)


async def test_another_architecture_asks_for_a_speed_ratio_and_assumes_none() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        before = app.total_usd
        assert not app.whatif.query_one("#field-speed-ratio").display
        app.choose("architecture", "arm64")
        await pilot.pause()
        assert "1.00 means not measured" in screen_text(app)
        assert app.total_usd < before
        cheaper = app.total_usd
        app.field("speed-ratio").value = "1.3"
        await pilot.pause()
        assert app.total_usd < cheaper


async def test_the_rounding_eras() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        app.field("duration-ms").value = "201"
        await pilot.pause()
        today = app.total_usd
        app.choose("era", "before-2025-08")
        await pilot.pause()
        free_init = app.total_usd
        assert free_init < today
        assert "Init" not in app.whatif.query_one(BillTable).titles
        app.choose("era", "before-2020-12")
        await pilot.pause()
        assert app.whatif.answer is not None
        assert app.whatif.answer.bill.billed_ms == 300
        assert "rules before 2020-12" in screen_text(app)


async def test_free_tier_and_provisioned_concurrency_open_their_fields() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        full = app.total_usd
        app.choose("free-tier", "on")
        await pilot.pause()
        deducted = app.total_usd
        assert deducted < full
        app.field("requests-used").value = "1000000"
        app.field("gb-seconds-used").value = "400000"
        await pilot.pause()
        assert app.total_usd == full
        app.field("provisioned").value = "3"
        await pilot.pause()
        assert "Provisioned concurrency" in screen_text(app)
        assert app.whatif.query_one("#field-hours-per-day").display


async def test_a_pin_compares_in_money_and_percent_with_sign_and_arrow() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        await pilot.press("p", "right", "right")
        await pilot.pause()
        shown = screen_text(app)
        assert "▲ +$9.71  +51.4% vs pinned" in shown
        assert "= $0.00" in shown
        await pilot.press("home")
        await pilot.pause()
        assert "▼ −$" in screen_text(app)
        await pilot.press("p", "p")
        await pilot.pause()
        assert "vs pinned" not in screen_text(app)


async def test_every_amount_explains_itself() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(app.screen, Reading)
        shown = screen_text(app)
        for part in (
            "Total: 18.8",
            "Requests: 2 USD",
            "0.0000166667 USD per GB-s",
            "2026-09-19",
            "Price List",
        ):
            assert part in shown
        await pilot.press("escape")
        app.whatif.query_one(BillTable).focus()
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        shown = screen_text(app)
        assert "Duration: 16.6667 USD" in shown
        assert "Total:" not in shown
        assert "200 ms typed for 512 MB" in shown


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("memory-mb", "99", "Memory cannot be '99': it goes from 128"),
        ("memory-mb", "", "Memory must be a number"),
        ("duration-ms", "1.2.3", "Duration must be a number"),
        ("cold-start-percent", "150", "Cold starts cannot be '150'"),
        ("ephemeral-mb", "100", "Storage cannot be '100'"),
        ("per-second", "..", "req/s must be a number"),
    ],
)
async def test_a_bad_value_is_refused_at_its_field_and_the_last_answer_stays(
    field: str, text: str, sentence: str
) -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        before = app.total_usd
        app.field(field).value = text
        await pilot.pause()
        assert app.whatif.query_one(f"#field-{field}").has_class("-refused")
        assert sentence in refusal(app)
        assert app.total_usd == before
        await pilot.press("r")
        await pilot.pause()
        assert not app.whatif.query(".-refused")


async def test_a_charge_without_a_price_is_refused_at_its_field() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        app.field("provisioned").value = "5"
        app.choose("region", "ap-east-2")
        await pilot.pause()
        assert app.whatif.query_one("#field-provisioned").has_class("-refused")


async def test_the_tables_behind_the_pictures() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        await pilot.press("b")
        await pilot.pause()
        shown = screen_text(app)
        assert all(pane.is_tabular for pane in app.whatif.query(PicturePane))
        assert "on demand" in shown
        assert "◆" in shown
        assert "forecast" in shown
        await pilot.press("right")
        await pilot.pause()
        assert screen_text(app) != shown
        await pilot.press("b")
        await pilot.pause()
        assert not any(pane.is_tabular for pane in app.whatif.query(PicturePane))


async def test_export_says_where_and_copy_says_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = Alone()
    async with app.run_test(size=BIG, notifications=True) as pilot:
        await pilot.press("e", "y")
        await pilot.pause()
        path = tmp_path / "cost-us-east-1-512MB.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["schema"] == "lambda-tui/cost@1"
        assert Decimal(document["total_usd"]) == app.total_usd
        assert path.name in screen_text(app)
        assert "512 MB x86_64 in us-east-1" in app.clipboard
        assert "$18.88 a month" in app.clipboard


async def test_reset_and_help() -> None:
    app = Alone()
    async with app.run_test(size=BIG) as pilot:
        start = app.total_usd
        await pilot.press("end")
        app.choose("region", "sa-east-1")
        await pilot.pause()
        assert app.total_usd != start
        await pilot.press("r")
        await pilot.pause()
        assert app.total_usd == start
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Cost by traffic" in screen_text(app)
