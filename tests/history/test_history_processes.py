"""Several processes sharing a history, and one that is killed in mid-run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from lambda_tui.history import HistoryStore
from tests.runs.made_runs import measured

RECORD = """
import sys
from pathlib import Path
from lambda_tui.history import HistoryStore
from lambda_tui.scenario import Scenario
from tests.runs.made_runs import STARTED_AT, TARGET, invocation

path, run_id, batches = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = HistoryStore(path)
recorder = store.begin(run_id=run_id, name="", started_at=STARTED_AT, scenario=Scenario())
recorder.target(TARGET)
for number in range(batches):
    recorder.append([invocation(number * 5 + index) for index in range(5)])
    print(number, flush=True)
"""


def recorder(path: Path, run_id: str, batches: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RECORD, str(path), run_id, str(batches)], stdout=subprocess.PIPE, text=True
    )


def test_a_killed_process_loses_nothing_it_had_appended(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with recorder(path, "killed", 1_000_000) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "20\n":
            pass
        os.kill(process.pid, signal.SIGKILL)
        announced = [20, *map(int, process.stdout.read().split("\n")[:-1])]
    store = HistoryStore(path)
    loaded = store.load("killed")
    (listed,) = store.runs()
    store.close()
    # One more batch may have been committed but not yet announced.
    assert len(loaded.invocations) in {(announced[-1] + more) * 5 for more in (1, 2)}
    assert [invocation.index for invocation in loaded.invocations] == list(range(len(loaded.invocations)))
    assert loaded.state == listed.state == "interrupted"
    again = measured(loaded.invocations)
    assert loaded.summary == again.summary
    assert loaded.bill == again.bill
    assert loaded.bill.invocations == len(loaded.invocations)


def test_two_processes_open_a_new_history_and_record_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.sqlite3"
    processes = [recorder(path, f"run-{number}", 40) for number in range(3)]
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    store = HistoryStore(path)
    counts = {run.run_id: run.invocations for run in store.runs()}
    store.close()
    assert counts == {"run-0": 200, "run-1": 200, "run-2": 200}
