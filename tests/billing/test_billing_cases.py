"""Published bills, examples and log lines, through `lambda-tui cost --from`, to the printed digit."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lambda_tui.cli.commands.cost import command

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "billing_cases.json").read_text(encoding="utf-8")
)


def figure(document: dict[str, Any], name: str) -> Decimal:
    """One figure of the cost document by the name the cases use: an item, a tier of it, or a total."""
    if name == "total":
        return Decimal(document["total_usd"])
    if name in ("billed_ms", "gb_seconds"):
        return Decimal(document[name])
    item, _, tier = name.partition(" ")
    lines = [line for line in document["lines"] if line["item"] == item]
    if tier and len(lines) > 1:
        lines = [line for line in lines if line["note"].startswith(tier)]
    assert lines, f"no line for {name}"
    return sum((Decimal(line["usd"]) for line in lines), Decimal(0))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_published_figures(case: dict[str, Any], tmp_path: Path) -> None:
    usage = tmp_path / "usage.json"
    usage.write_text(json.dumps(case["usage"]), encoding="utf-8")
    result = CliRunner().invoke(command, ["--from", str(usage)], catch_exceptions=False)
    document = json.loads(result.stdout)
    for name, printed in case["expected"].items():
        places = Decimal(1).scaleb(-len(printed.partition(".")[2]))
        assert figure(document, name).quantize(places, ROUND_HALF_UP) == Decimal(printed), name
