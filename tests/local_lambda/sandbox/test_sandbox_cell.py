from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lambda_tui.errors import TargetRefused
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox
from tests.local_lambda.sandbox_host import (
    FORKS,
    KINDS,
    eventually,
    group_folders,
    is_alive,
    run_python,
    sandbox_of_kind,
    start_family,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(params=KINDS)
async def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sandbox]:
    opened = sandbox_of_kind(request.param, tmp_path / "state")
    yield opened
    opened.close()
    assert list((tmp_path / "state").iterdir()) == []
    assert group_folders(opened.name) == []


async def test_program_starts_with_nothing_but_what_it_was_given(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 128)
    code = """
import json, os, resource
print(json.dumps({
  "cwd": os.getcwd(), "environ": sorted(set(os.environ) - {"LC_CTYPE", "LAMBDA_TUI_SANDBOX", "TMPDIR"}),
  "leads": os.getsid(0) == os.getpgid(0) == os.getpid(),
  "stdin": os.readlink("/proc/self/fd/0"), "descriptors": sorted(os.listdir("/proc/self/fd")),
  "files": resource.getrlimit(resource.RLIMIT_NOFILE), "core": resource.getrlimit(resource.RLIMIT_CORE)}))
"""
    leak, leak_writer = os.pipe()
    os.set_inheritable(leak, True)
    output = tmp_path / "out"
    with output.open("wb") as file:
        argv = [sys.executable, "-I", "-S", "-c", code]
        await cell.spawn(argv, {"TZ": ":UTC"}, str(tmp_path), file.fileno())
    os.close(leak)
    os.close(leak_writer)

    assert await cell.wait() == 0
    seen = json.loads(output.read_text())
    assert seen == {
        "cwd": str(tmp_path),
        "environ": ["TZ"],
        "leads": True,
        "stdin": "/dev/null",
        "descriptors": ["0", "1", "2", "3"],  # 3 is the listing itself
        "files": [1024, 1024],
        "core": [0, 0],
    }


async def test_no_signal_is_blocked_or_ignored(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 128)
    output = tmp_path / "out"
    with output.open("wb") as file:
        await cell.spawn(["cat", "/proc/self/status"], {"PATH": os.defpath}, "/", file.fileno())
    assert await cell.wait() == 0
    status = dict(line.split(":\t") for line in output.read_text().splitlines() if ":\t" in line)
    # 32 and 33 are glibc's own: GNU make hands them on ignored, and no program can reset them.
    of_programs = ~(0b11 << 31)
    assert int(status["SigBlk"], 16) == 0
    assert int(status["SigIgn"], 16) & of_programs == 0


@pytest.mark.parametrize(
    ("code", "status"),
    [("pass", 0), ("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 15)", -15)],
)
async def test_exit_status(sandbox: Sandbox, tmp_path: Path, code: str, status: int) -> None:
    cell = sandbox.create("one", 128)
    assert (await run_python(cell, code, tmp_path / "out"))[0] == status
    assert not cell.was_out_of_memory()


async def test_exit_is_seen_without_pidfd(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert (await run_python(sandbox.create("one", 128), "raise SystemExit(3)", tmp_path / "out"))[0] == 3


async def test_server_larger_than_the_memory_size_starts_its_programs(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ballast = bytearray(os.urandom(1024)) * (200 * 1024)  # a forked copy has all of it
    cell = sandbox.create("one", 128)
    assert await run_python(cell, "print('alive')", tmp_path / "out") == (0, "alive\n")
    assert not cell.was_out_of_memory()
    assert cell.peak_memory_mb() < 128
    del ballast


async def test_program_that_cannot_be_started_is_a_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 128)
    with (tmp_path / "out").open("wb") as file:
        with pytest.raises(TargetRefused, match="'/missing/program' could not be started"):
            await cell.spawn(["/missing/program"], {}, "/", file.fileno())
        with pytest.raises(TargetRefused, match="No such file or directory: '/missing/folder'"):
            await cell.spawn(["true"], {}, "/missing/folder", file.fileno())
    assert await run_python(cell, "print('still usable')", tmp_path / "out") == (0, "still usable\n")


async def test_destroy_leaves_no_descendant(sandbox: Sandbox, tmp_path: Path) -> None:
    cell, neighbour = sandbox.create("one", 128), sandbox.create("two", 128)
    family = await start_family(cell, tmp_path / "out")
    others = await start_family(neighbour, tmp_path / "other")
    (cell.directory / "scratch").write_text("x")
    assert all(map(is_alive, family + others))

    await cell.destroy()
    await cell.destroy()

    assert await eventually(lambda: not any(map(is_alive, family)))
    assert not cell.directory.exists()
    assert all(map(is_alive, others))
    assert await cell.wait() == -9
    cell.throttle()  # late calls to a destroyed cell are answered, not errors
    cell.freeze()
    assert cell.cpu_usage().cpu_ms > 0
    assert cell.peak_memory_mb() > 0


async def test_destroy_while_the_program_starts(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 128)
    with (tmp_path / "out").open("wb") as file:
        argv = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
        starting = asyncio.create_task(cell.spawn(argv, {}, "/", file.fileno()))
        await asyncio.sleep(0)
        await cell.destroy()
        try:
            pid = await starting
        except TargetRefused:
            return  # its group was gone before it could join
    assert await cell.wait() == -9
    assert not is_alive(pid)


async def test_freeze_stops_the_whole_family_and_thaw_lets_it_go_on(sandbox: Sandbox, tmp_path: Path) -> None:
    code = """
import os, time
if os.fork() == 0 and os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
while True:
    print(os.getpid(), flush=True)
    time.sleep(0.002)
"""
    cell = sandbox.create("one", 128)
    output = tmp_path / "out"
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    everybody = 3  # the last of them is an orphan in its own session
    assert await eventually(lambda: len(set(output.read_text().split())) == everybody)

    cell.freeze()
    await asyncio.sleep(0.05)
    frozen = output.read_text()
    await asyncio.sleep(0.1)
    assert output.read_text() == frozen

    cell.thaw()
    assert await eventually(lambda: len(set(output.read_text()[len(frozen) :].split())) >= everybody)
    cell.freeze()
    await cell.destroy()
    assert await cell.wait() == -9


@pytest.mark.parametrize(
    ("code", "can"),
    [
        ("print('up', flush=True); import time; time.sleep(600)", False),
        ("import threading, time; threading.Thread(target=time.sleep, args=[600]).start()\n"
         "print('up', flush=True); time.sleep(600)", True),
        ("import os, time\nif os.fork() == 0: print('up', flush=True)\ntime.sleep(600)", True),
    ],
    ids=["one thread", "threads", "a child"],
)  # fmt: skip
async def test_who_can_work_while_the_runtime_waits(
    sandbox: Sandbox, tmp_path: Path, code: str, can: bool
) -> None:
    cell = sandbox.create("one", 256)
    output = tmp_path / "out"
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    assert await eventually(lambda: output.read_bytes().startswith(b"up"))

    def is_seen() -> bool:
        cell.peak_memory_mb()
        return cell.can_work_in_background is can

    assert await eventually(is_seen)
    await cell.destroy()


async def test_memory_over_the_limit_is_killed_and_called_so(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 128)
    code = "x = bytearray(400 << 20); import time; time.sleep(30)"
    status, _ = await run_python(cell, code, tmp_path / "out")
    assert status == -9
    assert cell.was_out_of_memory()
    assert cell.peak_memory_mb() == 128

    # The next program in the same cell starts with a clean record.
    assert (await run_python(cell, "pass", tmp_path / "out"))[0] == 0
    assert not cell.was_out_of_memory()


async def test_memory_under_the_limit_is_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = sandbox.create("one", 256)
    output = tmp_path / "out"
    code = "x = bytearray(100 << 20); print('done', flush=True); import time; time.sleep(600)"
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    assert await eventually(lambda: output.read_text() == "done\n")
    assert 100 <= cell.peak_memory_mb() <= 150
    await cell.destroy()
    assert 100 <= cell.peak_memory_mb() <= 150


# Without control groups memory is added up process by process: a fork between two looks counts twice.
@pytest.mark.timed
async def test_pages_shared_with_forked_children_count_once(sandbox: Sandbox, tmp_path: Path) -> None:
    code = """
import os, time
x = bytearray(80 << 20)
pids = [os.fork() for _ in range(2)]
time.sleep(0.3)
"""
    cell = sandbox.create("one", 128)
    assert (await run_python(cell, code, tmp_path / "out"))[0] == 0
    assert not cell.was_out_of_memory()


async def test_cpu_usage_counts_children(sandbox: Sandbox, tmp_path: Path) -> None:
    code = """
import os, time
pid = os.fork()
start = time.process_time()
while time.process_time() - start < 0.1: pass
if pid: os.wait(); time.sleep(600)
"""
    cell = sandbox.create("one", 3538)
    with (tmp_path / "out").open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    assert await eventually(lambda: cell.cpu_usage().cpu_ms >= 190)
    assert cell.cpu_usage().cpu_ms < 1000


async def test_many_cells_leave_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    pids = []
    for number in range(26):
        if number == 1:  # the first may start what all of them share
            before = set(os.listdir("/proc/self/fd"))
        cell = sandbox.create(f"cell-{number}", 128)
        with (tmp_path / "out").open("wb") as file:
            pids.append(await cell.spawn(["sleep", "600"], {"PATH": os.defpath}, "/", file.fileno()))
        await cell.destroy()
    assert set(os.listdir("/proc/self/fd")) <= before
    assert [path.name for path in sandbox.directory.iterdir()] == ["groups"]
    assert [path for folder in group_folders(sandbox.name) for path in folder.glob("cell-*")] == []
    assert set(map(str, pids)).isdisjoint(os.listdir("/proc")), "a process or zombie was left"


async def test_many_cells_at_the_same_time(sandbox: Sandbox, tmp_path: Path) -> None:
    cells = [sandbox.create(f"cell-{number}", 128) for number in range(30)]
    started = time.monotonic()
    with (tmp_path / "out").open("wb") as file:
        spawned = [cell.spawn(["sleep", "600"], {"PATH": os.defpath}, "/", file.fileno()) for cell in cells]
        pids = await asyncio.gather(*spawned)
    assert len(set(pids)) == 30
    assert time.monotonic() - started < 10
    await asyncio.gather(*(cell.destroy() for cell in cells))
    assert not any(map(is_alive, pids))


async def test_a_cell_that_cannot_be_made_leaves_nothing(sandbox: Sandbox) -> None:
    (sandbox.directory / "one").write_text("in the way")
    with pytest.raises(TargetRefused, match=r"No execution environment could be made: .*File exists"):
        sandbox.create("one", 128)
    assert [path for folder in group_folders(sandbox.name) for path in folder.glob("one")] == []


async def test_no_more_than_1024_processes_and_threads(sandbox: Sandbox, tmp_path: Path) -> None:
    if sandbox.enforcement()["processes"] == "none":
        pytest.skip("Nothing limits root's processes here.")
    status, text = await run_python(sandbox.create("one", 3008), FORKS, tmp_path / "out")
    assert (status, text) == (0, "1024\n")


async def test_a_small_share_does_not_slow_down_dying(sandbox: Sandbox, tmp_path: Path) -> None:
    code = """
import os, signal
for _ in range(300):
    if (child := os.fork()) == 0: signal.pause()
    print(child)
print(os.getpid(), "up", flush=True)
signal.pause()
"""
    cell = sandbox.create("one", 1024)
    output = tmp_path / "out"
    with output.open("wb") as file:
        await cell.spawn([sys.executable, "-I", "-S", "-c", code], {}, "/", file.fileno())
    assert await eventually(lambda: "up" in output.read_text())
    pids = [int(pid) for pid in output.read_text().removesuffix("up\n").split()]
    cell.memory_mb = 128
    cell.throttle()
    before = cell.cpu_usage().throttled_periods
    await cell.kill()
    assert await eventually(lambda: not any(map(is_alive, pids)))
    # Dying takes them more CPU time than a share of 128 MB has in 50 periods.
    assert cell.cpu_usage().throttled_periods - before < 25


async def test_a_cell_sees_the_cpus_of_its_memory_size(sandbox: Sandbox, tmp_path: Path) -> None:
    code = "import os; print(len(os.sched_getaffinity(0)))"
    for memory_mb, cpus in ((128, 2), (3008, 2), (3009, 3), (5308, 4), (7077, 5), (10_240, 6)):
        cell = sandbox.create(f"of-{memory_mb}", memory_mb)
        assert (await run_python(cell, code, tmp_path / "out"))[1] == f"{min(cpus, sandbox.host_cpus)}\n"
        await cell.destroy()


@pytest.mark.parametrize("environment_id", ["", "a/b", "..", "x" * 65])
async def test_environment_id_is_a_plain_name(sandbox: Sandbox, environment_id: str) -> None:
    with pytest.raises(ValueError):
        sandbox.create(environment_id, 128)
