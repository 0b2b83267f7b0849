"""`lambda-tui cost`: the document, the sentences, the derivation, and how fast it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from lambda_tui.billing import load_prices
from lambda_tui.cli.commands.cost import command
from lambda_tui.errors import InvalidInput, StorageError
from lambda_tui.forecast.answer import answer
from lambda_tui.forecast.question import parse_question

EXAMPLE = ["--memory", "512", "--duration-ms", "229.3", "--invocations", "1000000"]


def cost(*arguments: str, stdin: str | None = None) -> str:
    return CliRunner().invoke(command, list(arguments), input=stdin, catch_exceptions=False).stdout


def refusal(*arguments: str, stdin: str | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as raised:
        cost(*arguments, stdin=stdin)
    return raised.value


def test_the_document_of_the_contract() -> None:
    document = json.loads(cost(*EXAMPLE))
    assert document == {
        "schema": "lambda-tui/cost@1", "currency": "USD", "prices_as_of": "2026-09-19",
        "billed_ms": "230", "gb_seconds": "115000",
        "lines": [
            {"item": "requests", "quantity": "1000000", "unit": "requests", "rate_usd": "0.0000002",
             "usd": "0.2", "note": ""},
            {"item": "duration", "quantity": "115000", "unit": "GB-s", "rate_usd": "0.0000166667",
             "usd": "1.9166705", "note": ""},
        ],
        "total_usd": "2.1166705", "per_invocation_usd": "0.0000021166705", "per_million_usd": "2.1166705",
    }  # fmt: skip


def test_options_and_document_agree(tmp_path: Path) -> None:
    usage = {"memory_mb": 512, "duration_ms": 229.3, "invocations": 1_000_000}
    path = tmp_path / "usage.json"
    path.write_text(json.dumps(usage), encoding="utf-8")
    assert cost("--from", str(path)) == cost("--from", "-", stdin=json.dumps(usage)) == cost(*EXAMPLE)


def test_json_goes_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bill.json"
    assert cost(*EXAMPLE, "--json", str(path)) == ""
    assert json.loads(path.read_text(encoding="utf-8"))["total_usd"] == "2.1166705"
    assert cost(*EXAMPLE, "--json", "-") == cost(*EXAMPLE, "--json") == cost(*EXAMPLE)
    with pytest.raises(StorageError):
        cost(*EXAMPLE, "--json", str(tmp_path / "no" / "bill.json"))


def test_the_derivation() -> None:
    text = cost(*EXAMPLE, "--explain")
    assert "115000 x 0.0000166667 = 1.9166705 USD" in text
    assert "2026-09-19" in text


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["--billed-ms", "ten"], "billed_ms"),
        (["--billed-ms", "-5"], "billed_ms"),
        (["--billed-ms", "1", "--duration-ms", "1"], "billed_ms"),
        (["--billed-ms", "1", "--memory", "1e9"], "memory_mb"),
        (["--billed-ms", "1", "--region", "us-esat-1"], "region"),
        (["--from", "usage.json", "--memory", "512"], "from"),
        (["--billed-ms", "1", "--explain", "--json"], "explain"),
        (["--from", "/no/such/file"], "--from"),
    ],
)
def test_bad_input_names_the_field(arguments: list[str], field: str) -> None:
    assert refusal(*arguments).field == field


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--billed-ms or --duration-ms is needed to price invocations."),
        (["--memory", "64", "--billed-ms", "1"],
         "--memory cannot be '64': it goes from 128 to 10,240."),
        (["--billed-ms", "1", "--invocations", "-1"],
         "--invocations cannot be '-1': it goes from 0 to 1,000,000,000,000,000."),
    ],
)  # fmt: skip
def test_options_are_called_by_their_names(arguments: list[str], sentence: str) -> None:
    assert str(refusal(*arguments)) == sentence


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", '{"billed_ms": NaN}', "\x00", "[" * 100_000])
def test_a_document_that_is_none(text: str) -> None:
    assert refusal("--from", "-", stdin=text).field in ("--from", "usage")


def test_numbers_keep_their_decimal_digits() -> None:
    # As a float, 0.1 + 0.2 of a millisecond would round up to a second one.
    document = json.loads(
        cost("--from", "-", stdin='{"duration_ms": 0.7, "init_ms": 0.3, "cold_start_ratio": 1}')
    )
    assert document["billed_ms"] == "1"


def test_it_answers_quickly_and_imports_little() -> None:
    probe = (
        "import sys; from lambda_tui.cli.commands.cost import command;"
        "command(sys.argv[1:], standalone_mode=False);"
        "heavy = {'textual', 'rich', 'boto3', 'botocore', 'httpx', 'pydantic', 'asyncio'} & set(sys.modules);"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    answered, bare = (min(_cpu_s(code) for _ in range(5)) for code in (probe, "import click, json, decimal"))
    # Prices, validation and arithmetic cost about as much as starting Python with click.
    assert answered < 4 * bare


def _cpu_s(code: str) -> float:
    """CPU seconds of a Python that runs `code` with the example's arguments."""
    before = os.times()
    subprocess.run([sys.executable, "-c", code, *EXAMPLE], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user + after.children_system) - (before.children_user + before.children_system)


@pytest.mark.parametrize(
    "text",
    [
        '{"billed_ms": 1, "billed_ms": 2}',
        '{"billed_ms": 1, "free_tier": {"requests": true, "requests": false}}',
    ],
)
def test_a_key_that_comes_twice_is_refused(text: str) -> None:
    result = CliRunner().invoke(command, ["--from", "-"], input=text)
    assert isinstance(result.exception, InvalidInput)
    assert "comes twice" in str(result.exception)


@pytest.mark.parametrize("arrivals", ["even", "poisson"])
def test_break_evens_are_those_of_the_screen(arrivals: str) -> None:
    """The same question on the What-if screen and in a script."""
    question = parse_question(
        {
            "memory_mb": 512,
            "duration_ms": 200,
            "cpu_ms": 25,
            "invocations": 10_000_000,
            "arrivals": arrivals,
            "cold_start_percent": 0,
        }
    )
    shown = answer(question, None, load_prices(), date(2026, 11, 21)).traffic.break_evens
    options = ["--memory", "512", "--duration-ms", "200", "--invocations", "10000000", "--cpu-ms", "25"]
    document = json.loads(cost(*options, "--break-even", "--arrivals", arrivals, "--json", "-"))
    printed = {(each["cheaper"], each["dearer"], each["invocations"]) for each in document["break_evens"]}
    assert printed == {(each.cheaper, each.dearer, each.invocations) for each in shown}
    assert printed
    assert "costs less than" in cost(*options, "--break-even", "--explain")
