"""Asks systemd for control groups: an ordinary user may have them in a scope of the user session.

`systemd-run --scope` registers its own process and then becomes the command: the process id, the standard
streams and the parent stay what they are (systemd-run(1); "Delegate=" in systemd.resource-control(5)).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

IN_SCOPE = "LAMBDA_TUI_IN_SCOPE"
"""Set in the environment of the program in its scope: it must not ask again."""
_TRIAL_TIMEOUT_S = 3.0


def scope_command(systemd_run: str, command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` in a scope with control groups of its own."""
    options = ["--user", "--scope", "--quiet", "--collect", "--property=Delegate=yes"]
    return [systemd_run, *options, "--", *command]


def usable_systemd_run(environ: Mapping[str, str]) -> str | None:
    """Return systemd-run's path where this user has a session with cgroup v2 and a trial succeeds."""
    runtime_folder = environ.get("XDG_RUNTIME_DIR")
    found = shutil.which("systemd-run", path=environ.get("PATH"))
    has_session = runtime_folder and Path(runtime_folder, "systemd", "private").exists()
    if not has_session or found is None or not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return None
    try:
        trial = subprocess.run(
            scope_command(found, ["true"]),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRIAL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found if trial.returncode == 0 else None


def enter_scope(enforcement: str) -> None:
    """Become the same program in a scope of its own, where that gives an ordinary user control groups.

    Returns where it does not: call it first, before anything is open or started.
    """
    environ = os.environ
    wanted = sys.platform == "linux" and os.geteuid() != 0 and enforcement in ("auto", "cgroup-v2")
    if not wanted or IN_SCOPE in environ:
        return
    systemd_run = usable_systemd_run(environ)
    if systemd_run is not None:
        inside = {**environ, IN_SCOPE: "1"}
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(systemd_run, scope_command(systemd_run, command), inside)  # noqa: S606 - no shell
