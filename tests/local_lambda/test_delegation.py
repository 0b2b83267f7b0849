"""Control groups through systemd: what is asked of it, with a systemd-run that records it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambda_tui.local_lambda import delegation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd")
PROGRAM = """
import os, sys
from lambda_tui.local_lambda import delegation
os.geteuid = lambda: 1000
real = delegation.Path
delegation.Path = lambda *parts: real(*(part.replace("/sys/fs/cgroup", sys.argv[2]) for part in parts))
delegation.enter_scope(sys.argv[1])
print(os.getpid(), os.environ.get(delegation.IN_SCOPE), *sys.argv[1:])
"""


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A user session whose systemd-run keeps its arguments and becomes the command, as the real one does."""
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "private").touch()
    (tmp_path / "cgroup.controllers").touch()
    recorder = tmp_path / "systemd-run"
    recorder.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n[ -e {tmp_path}/broken ] && exit 1\n'
        'while [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
    )
    recorder.chmod(0o755)
    return tmp_path


def run(session: Path, enforcement: str) -> tuple[int, list[str]]:
    """Return the process id as started, and what the program said at its end."""
    command = [sys.executable, "-c", PROGRAM, enforcement, str(session)]
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(session), "PATH": f"{session}:{os.environ['PATH']}"}
    environ.pop(delegation.IN_SCOPE, None)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        said, _ = process.communicate(timeout=20)
    return process.pid, said.split()


@pytest.mark.parametrize("enforcement", ["auto", "cgroup-v2"])
def test_the_program_goes_on_in_the_scope_as_the_same_process(session: Path, enforcement: str) -> None:
    pid, said = run(session, enforcement)
    assert said == [str(pid), "1", enforcement, str(session)]
    trial, real = (session / "asked").read_text().split(" -- ")[0], (session / "asked").read_text()
    assert trial == "--user --scope --quiet --collect --property=Delegate=yes"
    assert sys.executable in real


@pytest.mark.parametrize("enforcement", ["none", "cgroup-v1", "duty-cycle"])
def test_nobody_is_asked_for_what_is_not_wanted(session: Path, enforcement: str) -> None:
    pid, said = run(session, enforcement)
    assert said == [str(pid), "None", enforcement, str(session)]
    assert not (session / "asked").exists()


def test_a_systemd_run_that_fails_is_not_used(session: Path) -> None:
    (session / "broken").touch()
    pid, said = run(session, "auto")
    assert said == [str(pid), "None", "auto", str(session)]


def test_no_session_no_trial(session: Path) -> None:
    (session / "systemd" / "private").unlink()
    assert run(session, "auto")[1][1] == "None"
    assert not (session / "asked").exists()
