"""A /tmp in memory, charged to the function's control group: full at its size, and not its memory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lambda_tui.local_lambda.sandbox.cell import Cell
from lambda_tui.local_lambda.sandbox.private_files import FileIsolation
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox, open_sandbox
from tests.local_lambda.sandbox_host import eventually, run_python, text_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")

WRITE = """
import os, time
def write(name, mb):
    block = os.urandom(1 << 20)
    with open("/tmp/" + name, "wb", buffering=0) as file:
        for _ in range(mb):
            if file.write(block) < len(block): raise OSError(28, "short write")
"""


@pytest.fixture(params=[False, True], ids=["mount-namespace", "user-namespace"])
async def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sandbox]:
    opened = open_sandbox(tmp_path / "state")
    how = FileIsolation("tmpfs", in_user_namespace=request.param)
    opened.isolation = how if how.works_in(tmp_path) else None
    yield opened
    opened.close()
    assert list((tmp_path / "state").iterdir()) == []


@pytest.fixture
def cell(sandbox: Sandbox) -> Cell:
    if sandbox.enforcement()["tmp"] != "charged-tmpfs":
        pytest.skip("This host has no control groups for memory, or lets nobody mount.")
    return sandbox.create("one", 128, 512)


async def test_it_is_full_at_its_size_and_no_memory(cell: Cell, tmp_path: Path) -> None:
    code = f"""{WRITE}
try: write("large", 600)
except OSError as error: print(error.errno, os.stat("/tmp/large").st_size >> 20)
"""
    assert await run_python(cell, code, tmp_path / "out") == (0, "28 512\n")
    assert not cell.was_out_of_memory()
    assert cell.peak_memory_mb() < 64


async def test_the_first_write_is_safe_however_fast_and_however_full_memory_is(
    cell: Cell, tmp_path: Path
) -> None:
    code = f"""{WRITE}
x = bytearray(os.urandom(1 << 20)) * 100
file = open("/tmp/large", "wb")
os.posix_fallocate(file.fileno(), 0, 500 << 20)
print("done")
"""
    assert await run_python(cell, code, tmp_path / "out") == (0, "done\n")
    assert not cell.was_out_of_memory()
    assert 100 <= cell.peak_memory_mb() <= 128


@pytest.mark.parametrize(
    "before", ["", "write('large', 300)", "write('large', 300); os.unlink('/tmp/large')"]
)
async def test_memory_over_the_limit_is_killed_and_called_so(cell: Cell, tmp_path: Path, before: str) -> None:
    code = f"{WRITE}\n{before}\nx = bytearray(200 << 20); time.sleep(60)"
    assert (await run_python(cell, code, tmp_path / "out"))[0] == -9
    assert cell.was_out_of_memory()
    assert cell.peak_memory_mb() == 128

    # The next program finds what was written there, and it is not its memory.
    code = f"{WRITE}\nprint(os.path.exists('/tmp/large')); x = bytearray(60 << 20); time.sleep(0.2)"
    is_there = before == "write('large', 300)"
    assert await run_python(cell, code, tmp_path / "out") == (0, f"{is_there}\n")
    assert not cell.was_out_of_memory()


async def test_memory_under_the_limit_is_reported_without_what_was_ever_in_tmp(
    sandbox: Sandbox, cell: Cell, tmp_path: Path
) -> None:
    cell = sandbox.create("two", 256, 512)
    code = f"""{WRITE}
x = bytearray(100 << 20)
write("large", 300); time.sleep(0.2); os.unlink("/tmp/large"); time.sleep(0.2); write("small", 100)
print("done", flush=True); time.sleep(600)
"""
    output = tmp_path / "out"
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    assert await eventually(lambda: text_of(output) == "done\n")
    assert 100 <= cell.peak_memory_mb() <= 150
    await cell.destroy()
    assert 100 <= cell.peak_memory_mb() <= 150


async def test_it_is_held_again_after_a_freeze(cell: Cell, tmp_path: Path) -> None:
    code = f"""{WRITE}
write("large", 200); print("up", flush=True); time.sleep(0.3)
x = bytearray(200 << 20); time.sleep(60)
"""
    output = tmp_path / "out"
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    assert await eventually(lambda: text_of(output) == "up\n")
    cell.freeze()
    await asyncio.sleep(0.1)
    cell.thaw()
    assert await cell.wait() == -9
    assert cell.was_out_of_memory()
