"""Asks systemd for control groups: it delegates them to a scope unit, which any user may request.

As `systemd-run --scope` does for the command that it becomes, but for this running process: nothing is
restarted, and its streams, parent and terminal stay the same. ("Delegate=" and "CollectMode=" in
systemd.resource-control(5) and systemd.unit(5); "StartTransientUnit" in org.freedesktop.systemd1(5).)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from lambda_tui.local_lambda.sandbox.leftovers import PREFIX, start_time_ticks

_MANAGER = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
_TIMEOUT_S = 3.0


def enter_scope(run_folder: Path = Path("/run")) -> bool:
    """Move this process into a scope with control groups of its own; return whether that happened.

    Root asks the system manager, other users their own, whose bus is below `run_folder`.
    """
    pid = os.getpid()
    name = f"{PREFIX}{pid}-{start_time_ticks(pid)}.scope"
    busctl, bus = shutil.which("busctl"), bus_socket(run_folder)
    if busctl is None or not bus.exists() or _is_member(name):
        return False
    properties = [
        "PIDs",
        "au",
        "1",
        str(pid),
        "Delegate",
        "b",
        "true",
        "CollectMode",
        "s",
        "inactive-or-failed",
    ]
    arguments = ["StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail", "3", *properties, "0"]
    command = [busctl, f"--address=unix:path={bus}", "--quiet", "call", *_MANAGER, *arguments]
    try:
        asked = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    # The answer says only that a job was queued.
    deadline = time.monotonic() + (_TIMEOUT_S if asked.returncode == 0 else 0)
    while not (moved := _is_member(name)) and time.monotonic() < deadline:
        time.sleep(0.001)
    return moved


def bus_socket(run_folder: Path) -> Path:
    """Return the socket of the manager that this user may ask, whether or not it exists."""
    user = os.geteuid()
    return run_folder / ("dbus/system_bus_socket" if user == 0 else f"user/{user}/bus")


def _is_member(unit: str) -> bool:
    return unit in Path("/proc/self/cgroup").read_text()
