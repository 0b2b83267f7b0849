"""What must not be imported unless it is needed: start-up time is a feature."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCREENS = {"textual", "rich"}
CLIENTS = {"boto3", "botocore", "httpx"}

SHOW_MODULES = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"

LAYERS_BELOW_THE_SCREENS = (
    "billing", "scenario", "results.report_parser", "runs.document", "runs.csv_table",
    "runs.ranking", "runs.comparison", "targets", "history", "load.run",
    "load.estimate", "load.engine",
)  # fmt: skip


def imported_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{SHOW_MODULES}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("package", LAYERS_BELOW_THE_SCREENS)
def test_layers_below_the_screens_need_neither_textual_nor_aws_clients(package: str) -> None:
    assert imported_by(f"import lambda_tui.{package}").isdisjoint(SCREENS | CLIENTS)


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--version"], {"pydantic", "lambda_tui.scenario", "asyncio", "sqlite3"}),
        (["--help"], {"pydantic", "asyncio", "sqlite3"}),
        (["run", "--help"], {"rich"}),
        (
            ["cost", "--memory", "512", "--billed-ms", "10"],
            {"pydantic", "asyncio", "sqlite3"},
        ),
        (["report"], {"pydantic", "asyncio", "sqlite3"}),
        (["history", "--help"], set()),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], unneeded: set[str]) -> None:
    code = f"""
import sys
from lambda_tui.cli.main import exit_code_of
sys.stdin.close(); sys.stdin = open('/dev/null')
assert exit_code_of({arguments!r}, debug=False) == {int(arguments == ["report"])}
"""
    assert imported_by(code).isdisjoint(CLIENTS | {"textual"} | unneeded)
