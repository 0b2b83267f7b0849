"""An ordinary user without any rights to control groups: forced here from root, real elsewhere."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_lambda.sandbox_host import eventually, is_alive

PROJECT = Path(__file__).parents[3]
NOBODY = 65534
SCRIPT = '''
import asyncio, json, os, sys
from pathlib import Path
from lambda_tui.local_lambda.sandbox.sandbox import open_sandbox

FORKS = """
import os, signal, tempfile
count = 1
try:
    while count < 3000:
        if os.fork() == 0: signal.pause()
        count += 1
except BlockingIOError:
    print(count, tempfile.gettempdir())
"""

VIEW = """
import json, os, sys
def outcome(act):
    try: act(); return "done"
    except OSError as error: return error.errno
def fill():
    for number in range(3):
        with open(f"/tmp/part-{number}", "wb") as file: os.posix_fallocate(file.fileno(), 0, 200 << 20)
parts = sorted(name for name in os.listdir("/tmp") if name.startswith("part"))
print(json.dumps({"user": [os.getuid(), os.geteuid(), os.getgid()], "found": parts, "fill": outcome(fill),
    "task_root": outcome(lambda: open(os.environ["LAMBDA_TASK_ROOT"] + "/mine", "w"))}))
"""

async def look(cell, folder):
    with open(folder / "out", "wb") as file:
        environ = {"LAMBDA_TASK_ROOT": str(folder / "task")}
        await cell.spawn([sys.executable, "-I", "-S", "-c", VIEW], environ, "/", file.fileno())
        # What is read of the process: its memory, its CPU clock, its environment.
        readings = cell.peak_memory_mb() > 0 and cell.cpu_usage().cpu_ms > 0
        cell.freeze(); cell.thaw()
        assert await cell.wait() == 0
    return {"readings": readings, **json.loads((folder / "out").read_text())}

async def main():
    folder = Path(sys.argv[1])
    sandbox = open_sandbox(folder / "state")
    cell = sandbox.create("one", 128)
    with open(folder / "out", "wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", "x = bytearray(400 << 20); input()"],
                         {}, "/", file.fileno())
        status = await cell.wait()
    oom = cell.was_out_of_memory()
    roomy = sandbox.create("two", 10240)
    with open(folder / "out", "wb") as file:
        await roomy.spawn([sys.executable, "-I", "-S", "-c", FORKS], {}, "/", file.fileno())
        await roomy.wait()
    count, tmp = (folder / "out").read_text().split()
    (folder / "task").mkdir()
    views = []
    if sandbox.isolation:
        seeing = sandbox.create("three", 512)
        views = [await look(seeing, folder), await look(seeing, folder)]
        await seeing.destroy()
    report = {"processes": int(count), "tmp": tmp, "views": views, "enforcement": sandbox.enforcement(),
            "status": status, "oom": oom, "user": os.getuid()}
    await cell.destroy()
    await roomy.destroy()
    sandbox.close()
    print(json.dumps(report | {"left": os.listdir(folder / "state")}))

asyncio.run(main())
'''

KILLED = """
import asyncio, os, sys
from pathlib import Path
from lambda_tui.local_lambda.sandbox.sandbox import open_sandbox

async def main():
    folder = Path(sys.argv[1])
    sandbox = open_sandbox(folder / "state")
    cell = sandbox.create("one", 128)
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with open(folder / "out", "wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    while not (folder / "out").read_text().endswith(chr(10)):
        await asyncio.sleep(0.01)
    # Without the watchdog: by what ties the environment itself to the server.
    os.kill(sandbox.watchdog_pid, 9)
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


@pytest.fixture
def folder_of_nobody() -> Iterator[Path]:
    if os.getuid() != 0:
        pytest.skip("Not root: the other sandbox tests run as an ordinary user already.")
    folder = Path(tempfile.mkdtemp(prefix="lambda-tui-test-"))
    os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def python_of_nobody() -> str:
    """Return a Python that an ordinary user can run and that finds this project, or skip the test."""
    for python in (sys.executable, "/usr/bin/python3"):
        probe = "import sys, lambda_tui.errors; sys.exit(sys.version_info < (3, 11))"
        try:
            if run_as_nobody(python, probe).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("An ordinary user may not read this Python or this project.")


def run_as_nobody(python: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-c", code, *arguments],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        env={"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_ordinary_user_gets_watched_memory_and_an_honest_label(folder_of_nobody: Path) -> None:
    done = run_as_nobody(python_of_nobody(), SCRIPT, str(folder_of_nobody))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    enforcement, views = report.pop("enforcement"), report.pop("views")
    assert (enforcement["cpu"], enforcement["memory"]) == ("duty-cycle", "rss")
    tmp, processes = report.pop("tmp"), report.pop("processes")
    if enforcement["processes"] == "user-namespace":
        assert processes == 1024
    else:
        # This user's other processes, the governor among them, count too, and may come and go.
        assert 900 <= processes <= 1124
    assert report == {"status": -9, "oom": True, "user": NOBODY, "left": []}
    assert bool(views) == (tmp == "/tmp") == (enforcement["task_root"] == "read-only-mount")
    if views:
        assert enforcement["tmp"] == "tmpfs"
        itself = {"user": [NOBODY] * 3, "task_root": errno.EROFS, "readings": True}
        parts = ["part-0", "part-1", "part-2"]
        assert views == [
            {**itself, "found": [], "fill": errno.ENOSPC},
            {**itself, "found": parts, "fill": errno.ENOSPC},
        ]


async def test_ordinary_users_environments_die_with_the_server(folder_of_nobody: Path) -> None:
    """Also in a private user namespace, which changes a process's credentials."""
    done = run_as_nobody(python_of_nobody(), KILLED, str(folder_of_nobody))
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int((folder_of_nobody / "out").read_text())
    assert await eventually(lambda: not is_alive(pid))
