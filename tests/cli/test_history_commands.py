"""`lambda-tui history` as a person sees it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from lambda_tui.cli.commands.history import command
from lambda_tui.errors import InvalidInput, LimitReached
from lambda_tui.history import HistoryStore
from lambda_tui.scenario import Scenario
from tests.runs.made_runs import TARGET, invocation, measured


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", str(tmp_path))
    return tmp_path / "history.sqlite3"


def record(
    path: Path,
    run_id: str,
    hour: int,
    *,
    stopped: bool = False,
    count: int = 4,
    duration_ms: float = 300.5,
    currency: str = "USD",
) -> None:
    run = measured([invocation(index, cold=index == 0, duration_ms=duration_ms) for index in range(count)])
    store = HistoryStore(path)
    recorder = store.begin(
        run_id=run_id,
        name="",
        started_at=f"2026-11-21T{hour:02}:00:00.000+00:00",
        scenario=Scenario(workers=7),
    )
    recorder.target(TARGET)
    recorder.append(run.invocations)
    reason = LimitReached("The spend limit is reached.") if stopped else None
    bill = replace(run.bill, currency=currency)
    recorder.finish(summary=run.summary, bill=bill, stopped_by=reason)
    store.close()


def shown(monkeypatch: pytest.MonkeyPatch, *arguments: str, terminal: bool = True) -> str:
    """What a command prints, to a terminal or to a pipe."""
    monkeypatch.setattr(
        "lambda_tui.cli.commands.history.wants_table", lambda target: terminal and target is None
    )
    result = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_list(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, "list") == "No run has been recorded yet.\n"
    record(data, "first", 8)
    record(data, "second", 9, stopped=True)
    head, second, first = shown(monkeypatch, "list").splitlines()
    assert head.split()[0] == "id"
    assert second.split() == [
        "second", "2026-11-21", "09:00:00", "http", "sequential", "512", "4", "300", "ms", "$0.0000117",
        "limit", "reached",
    ]  # fmt: skip
    assert first.split()[-1] == "finished"
    assert len(shown(monkeypatch, "list", "--limit", "1").splitlines()) == 2
    piped = json.loads(shown(monkeypatch, "list", terminal=False))
    assert [run["run_id"] for run in piped["runs"]] == ["second", "first"]
    assert piped["runs"][0]["stopped_by"]["kind"] == "LimitReached"
    assert isinstance(piped["runs"][0]["total_usd"], str)


def test_show_takes_the_newest_or_the_one_asked_for(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(data, "first", 8)
    record(data, "second", 9, stopped=True)
    newest = shown(monkeypatch, "show")
    assert "run second\n" in newest
    assert newest.endswith("The spend limit is reached.\n")
    assert "duration, warm" in newest
    assert "run first\n" in shown(monkeypatch, "show", "fi")


def test_export_writes_files(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(data, "first", 8)
    shown(monkeypatch, "export", "--output", str(tmp_path / "run.json"))
    shown(monkeypatch, "export", "first", "--format", "csv", "--output", str(tmp_path / "run.csv"))
    assert json.loads((tmp_path / "run.json").read_text())["id"] == "first"
    assert len((tmp_path / "run.csv").read_text().splitlines()) == 5


def test_compare_says_how_much_and_how_surely(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(data, "slow", 8)
    record(data, "fast", 9, duration_ms=150.25)
    document = json.loads(shown(monkeypatch, "compare", "slow", "fast", terminal=False))
    assert document["schema"] == "lambda-tui/comparison@1"
    assert (document["before"]["id"], document["after"]["id"]) == ("slow", "fast")
    duration = document["metrics"]["duration_ms"]
    assert (duration["before_p50"], duration["after_p50"], duration["ratio"]) == (300.5, 150.25, 0.5)
    assert (duration["before_count"], duration["cliffs_delta"], duration["verdict"]) == (3, -1.0, "lower")
    usd = [Decimal(document[side]["per_million_usd"]) for side in ("before", "after")]
    assert Decimal(document["per_million_difference_usd"]) == usd[1] - usd[0] < 0

    table = shown(monkeypatch, "compare", "slow", "fast").splitlines()
    assert (table[0].split()[:2], table[1].split()[:2]) == (["A", "slow"], ["B", "fast"])
    (row,) = (line.split() for line in table if line.startswith("duration"))
    assert row == ["duration", "300", "150", "0.50", "0.50", "to", "0.50", "-1.00", "lower"]
    assert "difference −$" in table[-1]
    assert max(map(len, table)) <= 80


def test_compare_a_run_with_itself(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(data, "first", 8)
    document = json.loads(shown(monkeypatch, "compare", "fi", "first", "--json"))
    assert {metric["verdict"] for metric in document["metrics"].values()} == {"no clear difference"}
    assert Decimal(document["per_million_difference_usd"]) == 0
    assert max(map(len, shown(monkeypatch, "compare", "first", "first").splitlines())) <= 80


def test_compare_claims_nothing_that_was_not_measured(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(data, "first", 8)
    record(data, "yuan", 9, currency="CNY")
    record(data, "empty", 10, count=0)
    yuan = json.loads(shown(monkeypatch, "compare", "first", "yuan", "--json"))
    assert yuan["per_million_difference_usd"] is None
    empty = json.loads(shown(monkeypatch, "compare", "first", "empty", "--json"))
    assert (empty["metrics"], empty["after"]["per_million_usd"]) == ({}, None)
    assert "no times to compare" in shown(monkeypatch, "compare", "first", "empty")


def test_compare_names_the_run_that_is_not_there(data: Path) -> None:
    record(data, "first", 8)
    with pytest.raises(InvalidInput, match="There is no run 'second'"):
        CliRunner().invoke(command, ["compare", "first", "second"], catch_exceptions=False)
