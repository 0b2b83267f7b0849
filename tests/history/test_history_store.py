"""What was recorded is read back unchanged, whatever happened meanwhile."""

from __future__ import annotations

import gc
import json
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_tui.errors import InvalidInput, LimitReached, StorageError
from lambda_tui.history import HistoryStore, RunRecorder
from lambda_tui.history.rows import MOST_AT_ONCE
from lambda_tui.history.schema import MIGRATIONS
from lambda_tui.results import AnsweredText, CpuUse, Invocation, Report, Summary
from lambda_tui.scenario import Scenario
from tests.runs.made_runs import STARTED_AT, TARGET, any_invocation, invocation, measured

SCENARIO = Scenario(name="a workshop", concurrency="threads", memory_mb=1024)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    opened = HistoryStore(tmp_path / "history.sqlite3")
    yield opened
    opened.close()


def record(store: HistoryStore, run_id: str, *, started_at: str = STARTED_AT, count: int = 3) -> None:
    run = measured([invocation(index, cold=index == 0) for index in range(count)])
    recorder = store.begin(run_id=run_id, name="", started_at=started_at, scenario=SCENARIO)
    recorder.target(TARGET)
    recorder.append(run.invocations)
    recorder.finish(summary=run.summary, bill=run.bill)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(any_invocation(), max_size=4), max_size=3))
def test_invocations_come_back_exactly(batches: list[list[Invocation]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = HistoryStore(Path(folder) / "history.sqlite3")
        recorder = store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=SCENARIO)
        for batch in batches:
            recorder.append(batch)
        everything = [each for batch in batches for each in batch]
        run = measured(everything)
        recorder.finish(summary=run.summary, bill=run.bill)
        loaded = store.load("r")
        store.close()
    assert loaded.invocations == everything
    assert loaded.summary == run.summary
    assert loaded.bill == run.bill
    assert loaded.scenario == SCENARIO


def test_a_finished_run_says_what_stopped_it(store: HistoryStore) -> None:
    recorder = store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=SCENARIO)
    run = measured([invocation(0)])
    recorder.target(TARGET)
    recorder.append(run.invocations)
    stop = LimitReached("The spend limit is reached.", hint="Raise it.")
    recorder.finish(summary=run.summary, bill=run.bill, stopped_by=stop)
    loaded = store.load("r")
    assert loaded.state == "finished"
    assert loaded.target is not None
    assert loaded.target.to_document() == TARGET.to_document()
    assert loaded.stopped_by is not None
    assert (loaded.stopped_by.kind, loaded.stopped_by.exit_code) == ("LimitReached", 5)
    assert loaded.stopped_by.message == "The spend limit is reached."


@settings(max_examples=20, deadline=None)
@given(st.lists(any_invocation(), max_size=4), st.lists(any_invocation(), max_size=4))
def test_invocations_of_version_1_are_read_beside_newer_ones(
    old: list[Invocation], new: list[Invocation]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite3"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript(MIGRATIONS[0] + "; PRAGMA user_version = 1")
            connection.execute(
                "INSERT INTO runs (run_id, name, started_at, recorder_pid, scenario)"
                " VALUES ('r', '', ?, 1, ?)",
                (STARTED_AT, json.dumps(SCENARIO.to_document())),
            )
            connection.executemany(
                "INSERT INTO invocations (run_id, position, document) VALUES ('r', ?, ?)",
                [
                    (position, json.dumps(each.to_document()))
                    for position, each in enumerate(old, start=-len(old))
                ],
            )
        with closing(HistoryStore(path)) as store:
            RunRecorder(store._database, "r").append(new)
            assert store.load("r").invocations == [*(replace(each, cpu=None) for each in old), *new]


def test_what_version_3_packs_came_from_version_2_too(store: HistoryStore) -> None:
    """An array with the answer inside, as version 2 wrote it, one invocation per row."""
    report = [300.5, 301, 512, 40, None, None, "success"]
    old = [0, 0.0, 0.25, 302.5, "ok", None, "r-0", "e-1", False, False, report]
    old += ["0.0000027", {"handler_ms": 299.5}, 1.5, 2, 3.5]
    store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=SCENARIO)
    store.close()
    with closing(sqlite3.connect(store.path)) as connection, connection:
        tables = MIGRATIONS[0].partition("CREATE TABLE invocations")
        connection.executescript(f"{tables[1]}{tables[2]}; DROP TABLE batches; PRAGMA user_version = 2")
        connection.execute("INSERT INTO invocations VALUES ('r', 0, ?)", (json.dumps(old),))
    with closing(HistoryStore(store.path)) as again:
        (loaded,) = again.load("r").invocations
    used = CpuUse(1.5, 2, 3.5)
    assert (loaded.payload, loaded.handler_ms, loaded.cpu) == ({"handler_ms": 299.5}, 299.5, used)
    assert (loaded.usd, loaded.report) == (Decimal("0.0000027"), Report("r-0", 300.5, 301, 512, 40))


def test_an_answer_is_kept_as_it_came_and_parsed_when_looked_into(store: HistoryStore) -> None:
    text = '{"handler_ms": 299.5,\n "tasks": [{"worker": "a\\nb"}], "cpu_ms": 1e2}'
    came = replace(invocation(0), payload=AnsweredText(text, 299.5))
    recorder = store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=SCENARIO)
    recorder.append([came, replace(invocation(1), payload=None), replace(invocation(2), payload={})])
    first, second, third = store.load("r").invocations
    assert first == came
    assert first.payload is not None
    assert first.payload["tasks"] == [{"worker": "a\nb"}]
    assert first.to_document()["payload"] == json.loads(text)
    assert (first.handler_ms, second.payload, third.payload) == (299.5, None, {})


def test_more_invocations_than_a_row_holds_keep_their_order(store: HistoryStore) -> None:
    many = [invocation(index) for index in range(2 * MOST_AT_ONCE + 1)]
    recorder = store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=SCENARIO)
    recorder.append(many)
    recorder.append([invocation(len(many))])
    assert [each.index for each in store.load("r").invocations] == list(range(len(many) + 1))
    assert [run.invocations for run in store.runs()] == [len(many) + 1]


def test_loading_leaves_the_garbage_collector_as_it_was(store: HistoryStore) -> None:
    record(store, "r")
    store.load("r")
    assert gc.isenabled()
    gc.disable()
    try:
        store.load("r")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_records_of_other_versions_are_read(store: HistoryStore) -> None:
    record(store, "r")
    before = store.load("r")
    with closing(sqlite3.connect(store.path)) as connection, connection:
        # As a newer lambda-tui would write a bill, and an older one would have written a summary.
        connection.execute("UPDATE runs SET bill = json_insert(bill, '$.tax', '1', '$.lines[0].tax', '1')")
        connection.execute("UPDATE runs SET summary = json_remove(summary, '$.dropped')")
    after = store.load("r")
    assert (after.bill, after.summary) == (before.bill, before.summary)


def test_an_unfinished_run_is_recomputed_at_its_regions_prices(store: HistoryStore) -> None:
    recorder = store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=SCENARIO)
    run = measured([invocation(0, cold=True), invocation(1), invocation(2, duration_ms=5.5)])
    recorder.target(TARGET)
    recorder.append(run.invocations)
    loaded = store.load("r")
    # This very process is the recorder, and it is alive.
    assert loaded.state == "recording"
    assert loaded.summary == run.summary
    assert loaded.bill == run.bill
    (listed,) = store.runs()
    assert (listed.state, listed.invocations, listed.total_usd) == ("recording", 3, None)


def test_a_run_that_never_reached_a_target_can_be_loaded(store: HistoryStore) -> None:
    store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=SCENARIO)
    loaded = store.load("r")
    assert loaded.target is None
    assert loaded.summary == Summary()
    assert loaded.bill.total_usd == 0


def test_the_newest_run_is_listed_first(store: HistoryStore) -> None:
    record(store, "old", started_at="2026-11-20T08:00:00.000+00:00", count=1)
    record(store, "new", started_at="2026-11-21T08:00:00.000+00:00")
    assert [run.run_id for run in store.runs()] == ["new", "old"]
    assert [run.run_id for run in store.runs(limit=1)] == ["new"]
    newest = store.runs()[0]
    assert (newest.invocations, newest.p50_ms, newest.target_kind) == (3, 300.5, "local")
    latest = store.latest()
    assert latest is not None
    assert latest.run_id == "new"
    assert newest.total_usd == latest.bill.total_usd > 0


def test_runs_are_found_by_an_unambiguous_beginning(store: HistoryStore) -> None:
    for run_id in ("ab", "abc-1", "abd-1", "x%_"):
        record(store, run_id, count=1)
    assert store.load("abc").run_id == "abc-1"
    assert store.load("ab").run_id == "ab"
    assert store.load("x%").run_id == "x%_"
    with pytest.raises(InvalidInput, match="More than one run begins with 'a'"):
        store.load("a")
    for unknown in ("zz", "", "a%", "abc-1-longer"):
        with pytest.raises(InvalidInput, match="There is no run"):
            store.load(unknown)


def test_a_batch_is_written_whole_or_not_at_all(store: HistoryStore, tmp_path: Path) -> None:
    recorder = store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=SCENARIO)
    recorder.append([invocation(0)])
    with closing(sqlite3.connect(tmp_path / "history.sqlite3")) as other, other:
        other.execute("PRAGMA foreign_keys = ON")
        other.execute("DELETE FROM runs WHERE run_id = 'r'")
    with pytest.raises(StorageError):
        recorder.append([invocation(1), invocation(2)])
    assert store.runs() == []


def test_threads_take_turns(store: HistoryStore) -> None:
    def record_many(name: str) -> None:
        recorder = store.begin(run_id=name, name="", started_at=STARTED_AT, scenario=SCENARIO)
        for index in range(30):
            recorder.append([invocation(index)])
            store.runs()

    threads = [threading.Thread(target=record_many, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(store.load(run.run_id).invocations) for run in store.runs()) == [30] * 4


def test_the_file_and_its_companions_are_private(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "data" / "history.sqlite3")
    record(store, "r")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    store.close()
    assert modes == dict.fromkeys(("history.sqlite3", "history.sqlite3-shm", "history.sqlite3-wal"), 0o600)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "history.sqlite3")
    store.close()
    store.close()
