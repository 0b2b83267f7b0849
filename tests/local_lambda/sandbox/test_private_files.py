"""Every way of giving an environment a private view of the file system, as far as this host allows it."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lambda_tui.local_lambda.sandbox.cell import Cell
from lambda_tui.local_lambda.sandbox.private_files import FileIsolation
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox, open_sandbox
from tests.local_lambda.sandbox_host import text_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asserts what the Linux sandbox does")

WAYS = [
    FileIsolation("block-device", in_user_namespace=False),
    FileIsolation("tmpfs", in_user_namespace=False),
    FileIsolation("tmpfs", in_user_namespace=True),
]

LOOK = """
import json, os, sys
def outcome(act):
    try: act(); return 0
    except OSError as error: return error.errno
def fill():
    for number in range(4):
        with open(f"/tmp/part-{number}", "wb") as file: os.posix_fallocate(file.fileno(), 0, 150 << 20)
def exceed():
    with open("/tmp/whole", "wb") as file: os.posix_fallocate(file.fileno(), 0, 520 << 20)
def empty():
    for name in os.listdir("/tmp"):
        if name.startswith("part") or name == "whole": os.unlink("/tmp/" + name)
print(json.dumps({
    "left": os.path.exists("/tmp/mine"), "together": outcome(fill), "emptied": outcome(empty),
    "alone": outcome(exceed), "emptied again": outcome(empty),
    "mine": outcome(lambda: open("/tmp/mine", "w")),
    "task root": outcome(lambda: open(os.environ["LAMBDA_TASK_ROOT"] + "/mine", "w")),
    "shared memory": os.access("/dev/shm", os.W_OK), "user": os.getuid(),
}))
"""


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    opened = open_sandbox(tmp_path / "state")
    yield opened
    opened.close()
    assert list((tmp_path / "state").iterdir()) == []


async def look(cell: Cell, task_root: Path, output: Path) -> dict[str, Any]:
    with output.open("wb") as file:
        command = [sys.executable, "-I", "-S", "-c", LOOK]
        await cell.spawn(command, {"LAMBDA_TASK_ROOT": str(task_root)}, "/", file.fileno())
    assert await cell.wait() == 0
    seen: dict[str, Any] = json.loads(text_of(output))
    return seen


@pytest.mark.parametrize("how", WAYS, ids=str)
async def test_what_a_program_finds(sandbox: Sandbox, tmp_path: Path, how: FileIsolation) -> None:
    if not how.works_in(tmp_path):
        pytest.skip("this host does not allow it")
    sandbox.isolation = how
    (tmp_path / "task").mkdir()
    cell = sandbox.create("one", 1769, 512)
    first = await look(cell, tmp_path / "task", tmp_path / "out")
    second = await look(cell, tmp_path / "task", tmp_path / "out")
    await cell.destroy()
    expected = {
        "together": errno.ENOSPC,
        "alone": errno.ENOSPC,
        "emptied": 0,
        "emptied again": 0,
        "mine": 0,
        "task root": errno.EROFS,
        "shared memory": False,
        "user": os.getuid(),
    }
    assert first == {**expected, "left": False}
    assert second == {**expected, "left": True}, "the next program finds the same /tmp"
    assert "mine" not in os.listdir("/tmp")
