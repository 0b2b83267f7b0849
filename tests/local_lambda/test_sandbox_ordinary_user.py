"""An ordinary user without any rights to control groups: forced here from root, real elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
NOBODY = 65534
SCRIPT = '''
import asyncio, json, os, sys
from pathlib import Path
from lambda_tui.local_lambda.sandbox import open_sandbox

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
    told = {"processes": int(count), "own_tmp": tmp == str(roomy.tmp_folder),
            "cpu": sandbox.cpu_enforcement, "memory": sandbox.memory_enforcement, "status": status,
            "oom": oom, "user": os.getuid()}
    await cell.destroy()
    await roomy.destroy()
    sandbox.close()
    print(json.dumps(told | {"left": os.listdir(folder / "state")}))

asyncio.run(main())
'''


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
    told = json.loads(done.stdout)
    assert told.pop("memory") == "rss"
    # This user's other processes, the governor among them, count too, and may come and go.
    assert 900 <= told.pop("processes") <= 1124
    assert told == {
        "cpu": "duty-cycle",
        "status": -9,
        "oom": True,
        "own_tmp": True,
        "user": NOBODY,
        "left": [],
    }
