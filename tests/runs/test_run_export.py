"""The run document and the CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from lambda_tui.history import HistoryStore
from lambda_tui.results import AnsweredText, CpuUse, Invocation, InvocationError
from lambda_tui.runs.csv_table import COLUMNS_OF, CSV_COLUMNS, csv_rows, write_csv
from lambda_tui.runs.document import run_document
from lambda_tui.scenario import Scenario
from tests.cli.documents_checked import check_run_document
from tests.runs.made_runs import STARTED_AT, TARGET, any_invocation, invocation, measured


def rows_of(run: Any) -> list[dict[str, str]]:
    file = io.StringIO()
    write_csv(file, run)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_the_document_of_a_loaded_run_is_that_of_the_run(tmp_path: Path) -> None:
    scenario = Scenario(name="named", max_usd=Decimal("0.10"))
    run = measured([invocation(0, cold=True), invocation(1)], scenario=scenario)
    store = HistoryStore(tmp_path / "history.sqlite3")
    recorder = store.begin(run_id=run.run_id, name="named", started_at=STARTED_AT, scenario=scenario)
    recorder.target(TARGET)
    recorder.append(run.invocations)
    recorder.finish(summary=run.summary, bill=run.bill)
    loaded = store.load(run.run_id)
    store.close()
    document = run_document(run)
    assert run_document(loaded) == document
    assert document["name"] == "named"
    assert document["scenario"]["max_usd"] == "0.10"
    check_run_document(json.loads(json.dumps(document)))


def test_the_schema_refuses_money_as_a_number_and_missing_parts() -> None:
    for path in (("bill", "total_usd"), ("summary", "gb_seconds"), ("invocations", 0, "usd")):
        document = run_document(measured([invocation(0)]))
        part: Any = document
        for step in path[:-1]:
            part = part[step]
        for wrong in (1.5, "1E-7"):
            part[path[-1]] = wrong
            try:
                check_run_document(document)
            except jsonschema.ValidationError:
                continue
            raise AssertionError(f"{path} accepted {wrong!r}")


def test_csv_has_what_the_cpu_quota_did() -> None:
    (row,) = rows_of(measured([replace(invocation(0), cpu=CpuUse(12.5, 3, 40.25))]))
    assert (row["cpu_used_ms"], row["throttled_periods"], row["throttled_ms"]) == ("12.5", "3", "40.25")


def test_csv_has_one_flat_row_an_invocation() -> None:
    failed = replace(
        invocation(1),
        status="failed",
        error=InvocationError("ReadTimeout", 'no answer, "ever"\nreally'),
        report=None,
        usd=None,
        payload=None,
        environment_id=None,
    )
    first, second = rows_of(measured([invocation(0, cold=True), failed]))
    assert (first["index"], first["cold"], first["billed_ms"], first["init_ms"]) == (
        "0",
        "true",
        "401",
        "100.0",
    )
    assert (first["usd"], first["handler_ms"], first["tasks_completed"]) == ("0.0000027", "299.5", "3")
    assert (second["error_type"], second["error_message"]) == ("ReadTimeout", 'no answer, "ever"\nreally')
    assert second["cold"] == "false"
    assert second["cpu_used_ms"] == second["throttled_ms"] == ""
    assert second["duration_ms"] == second["usd"] == second["handler_ms"] == ""


def test_the_columns_of_the_csv_stay_where_they_are() -> None:
    file = io.StringIO()
    write_csv(file, measured([]))
    assert file.getvalue() == (
        "run_id,index,scheduled_ms,started_ms,ended_ms,latency_ms,service_ms,status,error_type,error_message,"
        "request_id,environment_id,cold,warmup,duration_ms,billed_ms,init_ms,restore_ms,memory_mb,"
        "max_memory_used_mb,report_status,usd,handler_ms,cpu_ms,tasks_completed,cpu_used_ms,"
        "throttled_periods,throttled_ms\n"
    )


@given(any_invocation())
def test_csv_says_of_every_invocation_what_its_document_says(invocation: Invocation) -> None:
    (row,) = csv_rows(measured([invocation]))
    document = run_document(measured([invocation]))["invocations"][0]
    assert set(row) <= set(CSV_COLUMNS)
    for name in ("index", "ended_ms", "latency_ms", "status", "request_id", "environment_id", "usd"):
        assert row[name] == document[name]
    for part, columns in COLUMNS_OF.items():
        inner = document[part] or {}
        assert {column: row[column] for column in columns} == {
            column: inner.get(key) for column, key in columns.items()
        }
    assert row.get("cpu_used_ms") == (None if invocation.cpu is None else invocation.cpu.used_ms)


@pytest.mark.parametrize(
    "text",
    ['{"loss": NaN}', '{"limits": [-Infinity, 1]}', '{"a": {"b": 1e400}}', '{"x": 2E+999}'],
)
def test_a_result_that_json_cannot_repeat_stays_text(text: str) -> None:
    """Python's own `json.dumps` makes such results: a function that returns float("nan") is enough."""
    run = measured([replace(invocation(0), payload=AnsweredText(text, None))])
    document = run_document(run)
    assert document["invocations"][0]["payload"] == text
    written = json.dumps(document, allow_nan=False)
    assert json.loads(written)["invocations"][0]["payload"] == text


@pytest.mark.parametrize("text", ['{"name": "NaN"}', '{"n": 1e300}', '{"of": "Infinity war, 1e400"}'])
def test_words_that_only_look_like_it_stay_json(text: str) -> None:
    run = measured([replace(invocation(0), payload=AnsweredText(text, None))])
    assert run_document(run)["invocations"][0]["payload"] == json.loads(text)
