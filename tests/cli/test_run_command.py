"""`lambda-tui run` against the real embedded Lambda: documents, exit codes, signals."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.cli.documents_checked import check_run_document
from tests.cli.program import COMMAND, TIMEOUT_S, Program

SLEEP = ("run", "--workload", "sleep", "--tasks", "2", "--task-ms", "20", "--invocations", "4")
LONG = ("run", "--workload", "sleep", "--tasks", "1", "--task-ms", "50", "--invocations", "2000")


def run_document(program: Program, *arguments: str) -> dict[str, Any]:
    document = program.document(*arguments, "--json", "-")
    check_run_document(document)
    return document


def test_the_run_document_and_its_record(program: Program) -> None:
    document = run_document(program, *SLEEP, "--name", "first", "--warmup", "1", "--slo", "errors<1%")
    assert document["summary"]["ok"] == document["summary"]["invocations"] == 5
    assert [invocation["warmup"] for invocation in document["invocations"]] == [True, *[False] * 4]
    # Two sleeps of 20 ms in sequence; how much later it wakes depends on the machine.
    assert document["summary"]["duration_ms"]["p50"] >= 40
    assert document["scenario"]["slo"] == ["errors<1%"]
    assert all(len(invocation["payload"]["tasks"]) == 2 for invocation in document["invocations"])
    (recorded,) = program.recorded()
    assert (recorded["run_id"], recorded["name"], recorded["state"]) == (document["id"], "first", "finished")
    assert program.document("history", "show", document["id"], "--json") == document
    assert program.document("history", "export", document["id"][:-2]) == document
    rows = list(csv.DictReader(io.StringIO(program("history", "export", "--format", "csv").stdout)))
    assert [int(row["billed_ms"]) for row in rows] == [
        invocation["report"]["billed_ms"] for invocation in document["invocations"]
    ]


@pytest.mark.timed
def test_threads_shorten_waiting_and_the_bill_in_proportion(program: Program) -> None:
    http = ("run", "--workload", "http", "--tasks", "3", "--task-ms", "150", "--memory", "512", "--quiet")
    load = ("--invocations", "6", "--workers", "3")
    sequential = run_document(program, *http, *load, "--concurrency", "sequential")
    threads = run_document(program, *http, *load, "--concurrency", "threads")
    slow, fast = (run["summary"]["duration_ms"]["p50"] for run in (sequential, threads))
    assert 1.8 < slow / fast < 3.3
    warm = [
        [invocation["report"]["billed_ms"] for invocation in run["invocations"] if not invocation["cold"]]
        for run in (sequential, threads)
    ]
    assert sorted(warm[0])[len(warm[0]) // 2] / sorted(warm[1])[len(warm[1]) // 2] == pytest.approx(
        slow / fast, rel=0.05
    )


def test_a_table_on_stdout_and_files_beside_it(program: Program, tmp_path: Path) -> None:
    files = (str(tmp_path / "run.json"), str(tmp_path / "run.csv"))
    done = program(*SLEEP, "--json", files[0], "--csv", files[1])
    assert done.returncode == 0
    assert done.stderr == ""
    document = json.loads(Path(files[0]).read_text())
    check_run_document(document)
    assert document["id"] in done.stdout
    for words in ("sleep × 2 of 20 ms, sequential, 512 MB", "duration, warm", "per million"):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert len(Path(files[1]).read_text().splitlines()) == 5
    assert program(*SLEEP, "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--max-invocations", "2"], 5, "The limit of 2 invocations is reached."),
        (["--max-seconds", "0.00001"], 5, "The limit of 1e-05 s is reached"),
        (["--slo", "p50<1ms", "--slo", "errors<1%"], 4, "Not met: p50<1ms."),
    ],
)
def test_limits_and_objectives_print_and_keep_what_was_measured(
    program: Program, options: list[str], code: int, words: str
) -> None:
    done = program(*SLEEP, *options, "--json", "-")
    assert done.returncode == code
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    document = json.loads(done.stdout)
    check_run_document(document)
    (recorded,) = program.recorded()
    assert recorded["invocations"] == len(document["invocations"])
    assert (recorded["stopped_by"] or {"exit_code": 4})["exit_code"] == code


def test_an_objective_met_by_too_few_is_reported_but_is_not_a_failure(program: Program) -> None:
    done = program(*SLEEP, "--slo", "p99<60s", "--slo", "p99<50s", "--slo", "p50<60s", "--json", "-")
    assert done.returncode == 0
    assert done.stderr.startswith("warning: p99 of 4 is the largest value measured")
    assert done.stderr.count("\n") == 1
    check_run_document(json.loads(done.stdout))


def test_a_target_that_refuses_or_is_not_there_is_exit_code_3(program: Program) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "very-secret"}
    elsewhere = Program(program.data, keys)("run", "--target", "http://127.0.0.1:9", "--json", "-")
    unknown = program("run", "--function", "no-such-function", "--json", "-")
    another_language = program("run", "--runtime", "nodejs", "--json", "-")
    for done in (elsewhere, unknown, another_language):
        assert done.returncode == 3
        assert done.stdout == ""
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert "very-secret" not in done.stderr
    assert "no-such-function" in unknown.stderr
    assert "local serve" in unknown.stderr
    assert "Python payload only" in another_language.stderr


def test_a_run_goes_on_without_history(program: Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = Program(tmp_path / "file")(*SLEEP)
    assert done.returncode == 0
    assert done.stderr.startswith("warning: ")
    assert "Runs are not recorded." in done.stderr
    assert "4 invocations" in done.stdout


@pytest.mark.parametrize(
    ("file", "runs"),
    [("/no/such/folder/run.json", 0), ("/tmp", 0), ("/dev/full", 1)],
    ids=["no folder", "a folder", "full"],
)
def test_a_result_that_cannot_be_written_is_reported_before_the_run_or_kept_in_the_history(
    program: Program, file: str, runs: int
) -> None:
    done = program(*SLEEP, "--json", file)
    assert done.returncode == 1
    assert f"{file} cannot be written: " in done.stderr
    assert len(program.recorded()) == runs


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_once_and_keeps_what_was_measured(program: Program, number: signal.Signals) -> None:
    with program.start(*LONG, "--json", "-") as process:
        _wait_for_invocations(program, process.poll)
        sent = time.monotonic()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
        took_s = time.monotonic() - sent
    assert process.returncode == 130
    assert stderr.startswith("Stopped after ")
    document = json.loads(stdout)
    check_run_document(document)
    (recorded,) = program.recorded()
    assert 0 < len(document["invocations"]) == recorded["invocations"] < 2000
    assert recorded["stopped_by"]["kind"] == "Interrupted"
    assert took_s < 5


def _wait_for_invocations(program: Program, has_ended: Any) -> None:
    from lambda_tui.history import HistoryStore  # noqa: PLC0415

    deadline = time.monotonic() + 30
    store = HistoryStore(program.data / "history.sqlite3")
    try:
        while not any(run.invocations for run in store.runs()):
            assert has_ended() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        store.close()


def test_a_killed_run_is_kept_and_shown_as_interrupted(program: Program) -> None:
    with program.start(*LONG) as process:
        _wait_for_invocations(program, process.poll)
        process.kill()
        process.communicate(timeout=30)
    (recorded,) = program.recorded()
    assert recorded["state"] == "interrupted"
    document = program.document("history", "show", "--json")
    check_run_document(document)
    assert len(document["invocations"]) == recorded["invocations"] > 0


@pytest.mark.terminal
def test_progress_is_shown_on_a_terminal_and_ctrl_c_ends_it(program: Program) -> None:
    # pexpect's types want os._Environ; a plain mapping is what it passes on.
    environment: Any = {**program.environment, "TERM": "xterm-256color"}
    terminal = pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], *LONG],
        env=environment,
        encoding="utf-8",
        dimensions=(24, 100),
        timeout=TIMEOUT_S,
    )
    try:
        terminal.expect(r"running .*/2000.* p50 \d+ ms · \$0\.0000")
        terminal.sendintr()
        terminal.expect("sleep × 1 of 50 ms")
        terminal.expect("Stopped after ")
        terminal.expect(pexpect.EOF)
    finally:
        terminal.close()
    assert terminal.exitstatus == 130


def test_local_serve_answers_a_run_and_ends_with_ctrl_c(program: Program, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    with program.start("local", "serve", "--ready-file", str(ready_file), "--region", "eu-west-1") as server:
        try:
            deadline = time.monotonic() + 30
            while not ready_file.exists() and time.monotonic() < deadline:
                assert server.poll() is None
                time.sleep(0.05)
            ready = json.loads(ready_file.read_text())
            keys = {
                "AWS_ACCESS_KEY_ID": ready["access_key_id"],
                "AWS_SECRET_ACCESS_KEY": ready["secret_access_key"],
                "AWS_DEFAULT_REGION": "eu-west-1",
            }
            user = Program(program.data, keys)
            document = run_document(user, *SLEEP, "--target", ready["endpoint"], "--memory", "256")
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=30)
    assert server.returncode == 0
    assert document["target"]["kind"] == "endpoint"
    assert document["target"]["region"] == "eu-west-1"
    assert {invocation["report"]["memory_mb"] for invocation in document["invocations"]} == {256}
    assert not os.path.exists(f"/proc/{ready['pid']}")
