"""`lambda-tui history` as a person sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lambda_tui.cli.history import command
from lambda_tui.errors import LimitReached
from lambda_tui.history import HistoryStore
from lambda_tui.scenario import Scenario
from tests.history.measured import TARGET, invocation, measured


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", str(tmp_path))
    return tmp_path / "history.sqlite3"


def record(path: Path, run_id: str, hour: int, *, stopped: bool = False) -> None:
    run = measured([invocation(index, cold=index == 0) for index in range(4)])
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
    recorder.finish(summary=run.summary, bill=run.bill, stopped_by=reason)
    store.close()


def shown(monkeypatch: pytest.MonkeyPatch, *arguments: str, terminal: bool = True) -> str:
    """What a command prints, to a terminal or to a pipe."""
    monkeypatch.setattr("lambda_tui.cli.history.wants_table", lambda target: terminal and target is None)
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
