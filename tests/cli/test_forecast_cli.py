"""`lambda-tui forecast`: the document and the sentences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from lambda_tui.cli.commands.forecast import command
from lambda_tui.errors import InvalidInput

POINTS: dict[str, Any] = {
    "points": [{"memory_mb": 512, "duration_ms": 810.5, "cpu_ms": 230}],
    "threads": None,
}


def forecast(document: object, *arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(
        command, ["--from", "-", *arguments], input=json.dumps(document), catch_exceptions=False
    )
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def test_the_document_of_the_contract() -> None:
    document = forecast(POINTS, "--at", "128,512,1769")
    assert list(document) == ["schema", "model", "predictions"]
    assert document["schema"] == "lambda-tui/forecast@1"
    assert document["model"] == {
        "name": "wait+cpu",
        "parameters": {"wait_ms": 15.832, "cpu_ms": 230.0, "threads": 1},
        "fit_error_percent": 0.0,
    }
    assert [item["memory_mb"] for item in document["predictions"]] == [128, 512, 1769]
    assert list(document["predictions"][0]) == [
        "memory_mb", "duration_ms", "low_ms", "high_ms", "usd", "measured",
    ]  # fmt: skip
    assert [item["measured"] for item in document["predictions"]] == [False, True, False]
    assert document["predictions"][1]["usd"] == "0.00000695834685"


def test_the_usual_sizes_and_the_measured_ones_by_default() -> None:
    sizes = [
        item["memory_mb"]
        for item in forecast({"points": [{**POINTS["points"][0], "memory_mb": 600}]})["predictions"]
    ]
    assert sizes == sorted(sizes)
    assert {128, 600, 1769, 10240} <= set(sizes)


def test_region_and_architecture_change_the_price_only() -> None:
    here = forecast(POINTS, "--at", "256")["predictions"][0]
    there = forecast(POINTS, "--at", "256", "--region", "af-south-1", "--architecture", "arm64")[
        "predictions"
    ][0]
    assert there["duration_ms"] == here["duration_ms"]
    assert there["usd"] != here["usd"]


@pytest.mark.parametrize(
    ("document", "arguments", "field"),
    [
        ({}, [], "points"),
        ([], [], "points"),
        ({"points": []}, [], "points"),
        ({"points": [{"memory_mb": 512}]}, [], "points[0].duration_ms"),
        ({"points": [{"memory_mb": 64, "duration_ms": 1}]}, [], "points[0].memory_mb"),
        ({"points": [{"memory_mb": 512, "duration_ms": -1}]}, [], "points[0].duration_ms"),
        ({"points": [{"memory_mb": 512, "duration_ms": 1, "cpu": 1}]}, [], "points[0].cpu"),
        ({**POINTS, "threads": 0}, [], "threads"),
        ({**POINTS, "threads": True}, [], "threads"),
        ({**POINTS, "sizes": [1]}, [], "sizes"),
        (POINTS, ["--at", "512,abc"], "at"),
        (POINTS, ["--at", "99999"], "at"),
        (POINTS, ["--region", "mars"], "region"),
        (POINTS, ["--architecture", "mips"], "architecture"),
        ({"points": [{"memory_mb": 512, "duration_ms": 300}]}, [], "points"),
    ],
)
def test_bad_input_names_the_field(document: object, arguments: list[str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        forecast(document, *arguments)
    assert refusal.value.field == field
