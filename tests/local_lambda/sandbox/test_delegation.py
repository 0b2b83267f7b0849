"""Control groups through systemd: for real if this host runs it, and our requests to it everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambda_tui.local_lambda.sandbox.groups import delegation
from lambda_tui.local_lambda.sandbox.sandbox import open_sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd")
PROGRAM = """
import json, os, sys
from pathlib import Path
from lambda_tui.local_lambda.sandbox.groups import delegation
def place(): return Path("/proc/self/cgroup").read_text().strip().rpartition("::")[2]
report = {"pid": os.getpid(), "before": place()}
report |= {"entered": delegation.enter_scope(*map(Path, sys.argv[1:])), "after": place()}
print(json.dumps(report | {"again": delegation.enter_scope(*map(Path, sys.argv[1:])), "last": place()}))
"""


def run(*arguments: str, path: str | None = None) -> tuple[int, dict[str, object]]:
    """Return the process id as started, and the program's output."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    environ = {**os.environ, **({"PATH": path} if path else {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        output, _ = process.communicate(timeout=30)
    return process.pid, json.loads(output)


def test_systemd_moves_the_running_program_into_a_scope_that_ends_with_it() -> None:
    if (
        not Path("/sys/fs/cgroup/cgroup.controllers").exists()
        or not delegation.bus_socket(Path("/run")).exists()
    ):
        pytest.skip("This user has no systemd with cgroup v2.")
    pid, report = run()
    assert report["entered"] is True
    assert report["pid"] == pid, "nothing was restarted"
    assert report["before"] != report["after"] == report["last"]
    assert report["again"] is False
    scope = Path(f"/sys/fs/cgroup{report['after']}")
    assert scope.name.startswith(f"lambda-tui-{pid}-")
    assert not scope.exists() or not (scope / "cgroup.procs").read_text()


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A bus for this user that nobody answers, and a busctl that keeps its arguments."""
    bus = delegation.bus_socket(tmp_path)
    bus.parent.mkdir(parents=True)
    bus.touch()
    recorder = tmp_path / "busctl"
    recorder.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexit 1\n')
    recorder.chmod(0o755)
    return tmp_path


def test_a_refusal_changes_nothing(run_folder: Path) -> None:
    pid, report = run(str(run_folder), path=f"{run_folder}:{os.defpath}")
    assert (report["entered"], report["before"]) == (False, report["after"])
    asked = (run_folder / "asked").read_text().splitlines()[0]
    assert f"--address=unix:path={delegation.bus_socket(run_folder)}" in asked
    assert f"PIDs au 1 {pid} Delegate b true CollectMode s inactive-or-failed 0" in asked


def test_no_bus_no_question(run_folder: Path) -> None:
    delegation.bus_socket(run_folder).unlink()
    assert run(str(run_folder), path=f"{run_folder}:{os.defpath}")[1]["entered"] is False
    assert not (run_folder / "asked").exists()


@pytest.mark.parametrize("enforcement", ["none", "duty-cycle"])
def test_nobody_is_asked_for_what_is_not_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enforcement: str
) -> None:
    monkeypatch.setattr(delegation, "enter_scope", lambda: pytest.fail("systemd was asked"))
    open_sandbox(tmp_path / "state", enforcement=enforcement).close()
