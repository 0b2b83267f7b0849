"""docs/cost.md is true: its examples are run, and it names every field of a usage."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from lambda_tui.billing.usage import (
    Durable,
    EventPollers,
    FreeTierUse,
    ManagedInstances,
    Provisioned,
    SnapStart,
    Streaming,
    Usage,
)
from lambda_tui.cli.group import cli

PAGE = (Path(__file__).parents[2] / "docs" / "cost.md").read_text(encoding="utf-8")
EXAMPLES: list[tuple[str, str]] = re.findall(r"```console\n\$ (.+?)\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) >= 9


@pytest.mark.parametrize(("line", "expected"), EXAMPLES, ids=[str(number) for number in range(len(EXAMPLES))])
def test_an_example_prints_what_the_page_says(
    line: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", str(tmp_path))
    words = shlex.split(line)
    document = None
    if words[0] == "echo":
        document, words = words[1], words[3:]
    assert words[0] == "lambda-tui"
    result = CliRunner().invoke(cli, words[1:], input=document, catch_exceptions=False)
    assert result.stdout == expected


@pytest.mark.parametrize(
    "kind",
    [Usage, FreeTierUse, Provisioned, SnapStart, Streaming, Durable, ManagedInstances, EventPollers],
)
def test_every_field_is_on_the_page(kind: type[Usage]) -> None:
    table = PAGE[PAGE.index("## The usage document") : PAGE.index("## Prices")]
    assert not [
        field.name
        for field in fields(kind)
        if f"{field.name}`" not in table and f'"{field.name}"' not in table
    ]
