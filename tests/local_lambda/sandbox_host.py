"""Shared by the sandbox tests: sandboxes of every kind this host supports, and readings of the host."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lambda_tui.errors import InvalidInput
from lambda_tui.local_lambda.sandbox import leftovers
from lambda_tui.local_lambda.sandbox.cell import Cell
from lambda_tui.local_lambda.sandbox.groups.paths import parse_mountinfo
from lambda_tui.local_lambda.sandbox.groups.v2 import V2Hierarchy
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox, open_sandbox

KINDS = ("cgroup-v1", "cgroup-v2", "cgroup-v2-bare", "duty-cycle", "none")
"""`cgroup-v2-bare` is a real version 2 hierarchy without controllers: it groups, freezes and kills."""

PATIENCE_S = 15.0
"""How long a busy machine may take for what is normally done in milliseconds."""

# A child that was forked, a grandchild that left the session, and one that was orphaned on purpose.
FAMILY = """
import os, sys, time
def child(leave, orphan):
    reader, writer = os.pipe()
    if os.fork() == 0:
        if leave: os.setsid()
        if not orphan or os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
            time.sleep(600)
        os._exit(0)
    return os.read(reader, 16).decode()
print(child(False, False), child(True, False), child(True, True), os.getpid(), flush=True)
time.sleep(600)
"""

FORKS = """
import os, signal
count = 1
try:
    while count < 1100:
        if os.fork() == 0: signal.pause()
        count += 1
except BlockingIOError:
    print(count, flush=True)
"""
"""Counts how many processes there can be, itself included, and prints that."""


def sandbox_of_kind(kind: str, state_dir: Path) -> Sandbox:
    """Open a sandbox of `kind` or skip the test with the reason."""
    if kind == "cgroup-v2-bare":
        return _bare_v2_sandbox(state_dir)
    try:
        return open_sandbox(state_dir, enforcement=kind)
    except InvalidInput as error:
        pytest.skip(error.message)


def _bare_v2_sandbox(state_dir: Path) -> Sandbox:
    mounts = [m for m in parse_mountinfo(Path("/proc/self/mountinfo").read_text()) if m.version == 2]
    if not mounts or not os.access(mounts[0].mount_point, os.W_OK):
        pytest.skip("No version 2 hierarchy is writable here.")
    name = leftovers.server_name(time.monotonic_ns())
    state_dir.mkdir(exist_ok=True)
    return Sandbox(name, state_dir, V2Hierarchy(Path(mounts[0].mount_point), frozenset(), name))


def limited_sandbox(state_dir: Path, enforcement: str) -> Sandbox:
    """Open a sandbox that enforces CPU shares or skip the test."""
    sandbox = open_sandbox(state_dir, enforcement=enforcement)
    if sandbox.cpu_enforcement == "none":
        sandbox.close()
        pytest.skip("This host lets us enforce no CPU share.")
    return sandbox


async def run_python(cell: Cell, code: str, output: Path) -> tuple[int, str]:
    """Run `code` in the cell; return its exit status and what it wrote."""
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    status = await cell.wait()
    return status, text_of(output)


async def start_family(cell: Cell, output: Path) -> list[int]:
    """Start FAMILY in the cell and return the ids of its processes, the spawned one last."""
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", FAMILY], {}, "/", file.fileno())
    assert await eventually(lambda: text_of(output).endswith("\n"))
    return [int(pid) for pid in text_of(output).split()]


def text_of(output: Path) -> str:
    """Return what has been written to `output` so far."""
    return output.read_text()


async def eventually(condition: Callable[[], bool]) -> bool:
    """Return whether `condition` becomes true within PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


def is_alive(pid: int) -> bool:
    """Tell whether `pid` is running; a zombie is not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def group_folders(name: str) -> list[Path]:
    """Return the control group folders called `name` in every hierarchy of this host."""
    mounts = parse_mountinfo(Path("/proc/self/mountinfo").read_text())
    # Not rglob: it fails if another server removes one of its groups at this moment.
    walks = (os.walk(mount.mount_point) for mount in mounts)
    return [Path(folder, name) for walk in walks for folder, subfolders, _ in walk if name in subfolders]
