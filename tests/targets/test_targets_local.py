"""The embedded Lambda as run by the local target: a real server, real environments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_tui.errors import TargetLost, TargetUnreachable
from lambda_tui.history import HistoryStore
from lambda_tui.load.run import Run
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.local import LocalTarget

SLEEP = Scenario(workload="sleep", tasks=1, task_ms=60, invocations=6, callers=2)

linux = pytest.mark.skipif(sys.platform != "linux", reason="the runtime client is for Linux")
pytestmark = linux


@pytest.fixture
def local() -> Iterator[LocalTarget]:
    target = LocalTarget()
    yield target
    target.close()


def finish(run: Run) -> Snapshot:
    return list(run.snapshots())[-1]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_real_invocations_with_two_callers(local: LocalTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    # The user's own AWS settings do not affect the local target.
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    last = finish(Run(SLEEP, local))
    assert last.stopped_by is None
    assert last.summary.ok == 6
    assert (last.summary.cold_starts, last.summary.environments) == (2, 2)
    assert last.target is not None
    assert local.label == f"local · {last.target.cpu_enforcement} · us-east-1"
    for invocation in last.invocations:
        assert invocation.report is not None
        assert invocation.usd is not None
        assert invocation.handler_ms is not None
        assert invocation.service_ms >= invocation.report.duration_ms >= invocation.handler_ms >= 60
    assert last.bill.total_usd == sum(
        invocation.usd for invocation in last.invocations if invocation.usd is not None
    )
    again = finish(Run(SLEEP, local))
    assert again.summary.cold_starts == 0
    resized = finish(Run(SLEEP.with_changes(memory_mb=1024), local))
    assert resized.summary.cold_starts == 2
    assert {invocation.report.memory_mb for invocation in resized.invocations if invocation.report} == {1024}


def test_cold_starts_can_be_forced(local: LocalTarget) -> None:
    last = finish(Run(SLEEP.with_changes(cold=True, invocations=4), local))
    assert last.stopped_by is None
    assert last.summary.cold_starts == 4
    assert last.summary.environments == 4


def test_a_server_that_dies_is_reported_and_started_again_by_the_next_run(local: LocalTarget) -> None:
    last: Snapshot | None = None
    killed = False
    for last in Run(SLEEP.with_changes(invocations=10_000), local).snapshots():
        if len(last.invocations) >= 2 and local.pid is not None and not killed:
            os.kill(local.pid, signal.SIGKILL)
            killed = True
    assert last is not None
    assert isinstance(last.stopped_by, TargetLost)
    assert "embedded Lambda went away" in last.stopped_by.message
    assert "again" in last.stopped_by.hint
    assert last.summary.ok >= 2
    assert finish(Run(SLEEP, local)).summary.ok == 6


def test_close_stops_the_server_within_two_seconds(local: LocalTarget) -> None:
    local.open(lambda line: None)
    pid = local.pid
    assert pid is not None
    began = time.monotonic()
    local.close()
    assert time.monotonic() - began < 4
    assert not is_running(pid)
    assert not local.is_alive()
    local.close()


def test_close_does_not_wait_for_a_server_that_is_still_starting(local: LocalTarget) -> None:
    errors: list[TargetUnreachable] = []
    started = threading.Event()

    def open_it() -> None:
        try:
            local.open(lambda line: started.set())
        except TargetUnreachable as error:
            errors.append(error)

    opener = threading.Thread(target=open_it)
    opener.start()
    started.wait(10)
    local.close()
    opener.join(10)
    # On a fast machine it may have been ready already.
    assert not errors or "stopped while it was starting" in errors[0].message
    assert not local.is_alive()
    local.open(lambda line: None)
    assert local.is_alive()


def test_the_server_says_why_it_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    target = LocalTarget()
    monkeypatch.setattr("lambda_tui.targets.local.sys.executable", "/nonexistent/python")
    with pytest.raises(TargetUnreachable, match="cannot be started"):
        target.open(lambda line: None)
    target.close()


PARENT = """
import time
from lambda_tui.targets.local import LocalTarget
target = LocalTarget()
target.open(lambda line: None)
print(target.pid, flush=True)
time.sleep(60)
"""


def test_the_server_dies_with_a_killed_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(pid)


def test_the_keys_are_on_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    target = LocalTarget()
    try:
        target.open(lambda _line: None)
        assert target.ready is not None
        secret = target.ready.credentials.secret_access_key.encode()
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert not [path for path in files if secret in path.read_bytes()]
    finally:
        target.close()


def test_a_timeout_is_recorded_with_its_environment_and_its_cpu(local: LocalTarget, tmp_path: Path) -> None:
    """There is no payload to report them: the embedded Lambda's own figures reach record and history."""
    busy = Scenario(workload="primes", work=1000, memory_mb=128, timeout_s=1, invocations=2)
    store = HistoryStore(tmp_path / "history.sqlite3")
    last = finish(Run(busy, local, history=store))
    assert [invocation.error.type for invocation in last.invocations if invocation.error] == [
        "Sandbox.Timedout"
    ] * 2
    assert {invocation.payload for invocation in last.invocations} == {None}
    assert len({invocation.environment_id for invocation in last.invocations} - {None}) == 1
    enforced = last.target is not None and last.target.cpu_enforcement.startswith("cgroup")
    for invocation in last.invocations:
        assert invocation.cpu is not None
        assert 0 < invocation.cpu.used_ms < 1000
        assert (invocation.cpu.throttled_periods > 0) is enforced
    assert list(store.load(last.run_id).invocations) == list(last.invocations)
    store.close()
