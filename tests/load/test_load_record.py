"""What a run leaves behind: its record in the history, and a bill of what left no REPORT."""

from __future__ import annotations

import json
import math
import time
from decimal import Decimal
from pathlib import Path

import pytest

from lambda_tui.billing import invocation_usd, load_prices
from lambda_tui.errors import StorageError
from lambda_tui.history import HistoryStore
from lambda_tui.load.run import Run, new_run_id
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.runs.document import run_document
from lambda_tui.runs.measured import per_million_usd
from lambda_tui.scenario import Scenario
from tests.targets.fake import Answer, FakeTarget

RATES = load_prices().rates("us-east-1", "x86_64")


def finish(run: Run) -> Snapshot:
    return list(run.snapshots())[-1]


def test_the_history_has_it_before_the_screen_does(fake: FakeTarget, tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "runs.sqlite")
    fake.answer = lambda number: Answer(delay_ms=3)
    run = Run(Scenario(invocations=60, name="first"), fake, history=store)
    for snapshot in run.snapshots():
        if len(snapshot.invocations):
            assert len(store.load(run.run_id).invocations) >= len(snapshot.invocations)
    recorded = store.load(run.run_id)
    assert list(recorded.invocations) == list(snapshot.invocations)
    assert run_document(recorded) == run_document(snapshot)
    assert run_document(snapshot)["summary"]["invocations"] == 60
    store.close()


def test_a_history_that_fails_stops_the_run_and_loses_nothing_measured(
    fake: FakeTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(self: object, batch: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr("lambda_tui.history.store.RunRecorder.append", disk_full)
    store = HistoryStore(tmp_path / "runs.sqlite")
    fake.answer = lambda number: Answer(delay_ms=3)
    last = finish(Run(Scenario(invocations=100_000), fake, history=store))
    store.close()
    assert isinstance(last.stopped_by, StorageError)
    assert last.summary.ok > 0


def test_results_of_own_functions_are_kept_only_if_small_objects(fake: FakeTarget) -> None:
    bodies = [b'{"answer": 42}', b'"text"', b"not json", json.dumps({"big": "x" * 20_000}).encode()]
    fake.answer = lambda number: Answer(body=bodies[number])
    last = finish(Run(Scenario(function="mine", invocations=4), fake))
    assert [invocation.payload for invocation in last.invocations] == [{"answer": 42}, None, None, None]
    assert last.summary.ok == 4


def test_run_ids_sort_by_time_and_differ() -> None:
    first = new_run_id()
    time.sleep(0.002)
    assert first < new_run_id()
    assert len({new_run_id() for _ in range(20)}) == 20
    assert len(first) == 15


def test_a_run_that_ends_early_is_recorded_to_its_end_with_the_reason(
    fake: FakeTarget, tmp_path: Path
) -> None:
    store = HistoryStore(tmp_path / "runs.sqlite")
    run = Run(Scenario(invocations=60, max_invocations=7), fake, history=store)
    last = finish(run)
    recorded = store.load(run.run_id)
    assert recorded.state == "finished"
    assert recorded.stopped_by is not None
    assert recorded.stopped_by.message == str(last.stopped_by and last.stopped_by.message)
    assert len(recorded.invocations) == 7
    store.close()


def test_what_left_no_report_is_not_free_and_its_duration_is_bounded(fake: FakeTarget) -> None:
    """JSON logs at WARN, a cut tail, a foreign endpoint: the request is charged, the duration unknown."""
    fake.answer = lambda number: Answer(report=number % 2 == 0, delay_ms=10)
    last = finish(Run(Scenario(invocations=10), fake))
    assert last.summary.unreported == 5
    assert last.bill.invocations == 10
    assert last.bill.usd_of("requests") == 10 * RATES.request
    unreported = [each for each in last.invocations if each.report is None]
    assert all(each.usd == RATES.request for each in unreported)
    assert sum((each.usd or Decimal(0) for each in last.invocations), Decimal(0)) == last.bill.total_usd
    at_most = sum(
        invocation_usd(RATES, memory_mb=512, billed_ms=math.ceil(each.service_ms)) - RATES.request
        for each in unreported
    )
    assert last.summary.unreported_usd == at_most > 0
    assert last.bill.typical.invocations == 5


def test_without_any_report_nothing_is_extrapolated(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(report=False)
    last = finish(Run(Scenario(invocations=4), fake))
    assert last.bill.total_usd == 4 * RATES.request
    assert per_million_usd(last) is None
    assert last.summary.unreported == 4
