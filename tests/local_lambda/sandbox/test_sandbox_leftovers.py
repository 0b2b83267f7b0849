"""A server killed by SIGKILL leaves nothing, whether or not another one starts later."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lambda_tui.errors import StorageError, TargetRefused
from lambda_tui.local_lambda.sandbox import leftovers
from lambda_tui.local_lambda.sandbox.sandbox import open_sandbox
from tests.local_lambda.sandbox_host import KINDS, PATIENCE_S, eventually, group_folders, is_alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

PROJECT = Path(__file__).parents[3]
OWNER = """
import asyncio, json, sys
from pathlib import Path
import pytest
from tests.local_lambda.sandbox_host import sandbox_of_kind, start_family

async def main():
    kind, folder, frozen = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "frozen"
    try:
        sandbox = sandbox_of_kind(kind, folder / "state")
    except pytest.skip.Exception as skipped:
        print(json.dumps({"skipped": str(skipped)}), flush=True)
        return
    cell = sandbox.create("one", 128)
    pids = await start_family(cell, folder / "family")
    if frozen:
        cell.freeze()
    print(json.dumps({"name": sandbox.name, "watchdog": sandbox.watchdog_pid, "pids": pids}), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@dataclass
class Owner:
    """A server in a separate process, with a running family of processes in a cell."""

    process: subprocess.Popen[str]
    name: str
    watchdog: int
    pids: list[int]
    state_dir: Path

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def traces(self) -> list[object]:
        alive = [pid for pid in [*self.pids, self.watchdog] if is_alive(pid)]
        folder = self.state_dir / self.name
        return [*alive, *group_folders(self.name), *([folder] if folder.exists() else [])]


StartOwner = Callable[..., Owner]


@pytest.fixture
def start_owner(tmp_path: Path) -> Iterator[StartOwner]:
    owners: list[Owner] = []

    def start(kind: str, state: str = "running") -> Owner:
        folder = tmp_path / f"owner-{len(owners)}"
        folder.mkdir()
        (folder / "state").symlink_to(tmp_path / "state", target_is_directory=True)
        (tmp_path / "state").mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, kind, str(folder), state],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        with process.stdout:
            report = json.loads(process.stdout.readline())
        if "skipped" in report:
            process.wait()
            pytest.skip(report["skipped"])
        owner = Owner(process, report["name"], report["watchdog"], report["pids"], tmp_path / "state")
        owners.append(owner)
        return owner

    yield start
    for owner in owners:
        owner.kill()
        leftovers.remove_server(owner.name, str(owner.state_dir), list(map(str, group_folders(owner.name))))


@pytest.mark.parametrize("state", ["running", "frozen"])
@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_survives_the_kill_of_a_server(start_owner: StartOwner, kind: str, state: str) -> None:
    owner = start_owner(kind, state)
    assert len(owner.traces()) >= 6, "four processes, the watchdog and the folder at least"
    owner.kill()
    assert await eventually(lambda: owner.traces() == []), owner.traces()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timed
async def test_next_start_removes_what_is_left_when_the_watchdog_died_too(
    start_owner: StartOwner, kind: str
) -> None:
    owner, bystander = start_owner(kind), start_owner(kind)
    os.kill(owner.watchdog, signal.SIGKILL)
    owner.kill()
    # The kernel takes only the direct child.
    assert await eventually(lambda: [is_alive(pid) for pid in owner.pids] == [True, True, True, False])

    open_sandbox(owner.state_dir, enforcement="none").close()

    assert owner.traces() == []
    assert len(bystander.traces()) == len(group_folders(bystander.name)) + 6


@pytest.mark.timed
async def test_groups_of_a_dead_server_are_found_without_its_state_folder(
    start_owner: StartOwner, tmp_path: Path
) -> None:
    owner = start_owner("cgroup-v1")
    os.kill(owner.watchdog, signal.SIGKILL)
    owner.kill()
    shutil.rmtree(owner.state_dir / owner.name)
    open_sandbox(tmp_path / "another-state").close()
    assert owner.traces() == []


async def test_two_sandboxes_side_by_side(tmp_path: Path) -> None:
    first, second = open_sandbox(tmp_path), open_sandbox(tmp_path)
    first_cell, second_cell = first.create("same-id", 128), second.create("same-id", 128)
    with (tmp_path / "out").open("wb") as file:
        pids = [
            await cell.spawn(["sleep", "600"], {"PATH": os.defpath}, "/", file.fileno())
            for cell in (first_cell, second_cell)
        ]
    first.close()
    assert await first_cell.wait() == -9
    await first_cell.destroy()
    assert first_cell.cpu_usage().cpu_ms > 0
    assert not first_cell.was_out_of_memory()
    with pytest.raises(TargetRefused, match="was stopped"):
        await first_cell.spawn(["true"], {}, "/", 1)
    assert is_alive(pids[1])
    second.close()
    assert await second_cell.wait() == -9
    assert group_folders(first.name) + group_folders(second.name) == []


def test_close_waits_for_the_watchdog_and_can_be_repeated(tmp_path: Path) -> None:
    sandbox = open_sandbox(tmp_path)
    assert is_alive(sandbox.watchdog_pid)
    sandbox.close()
    sandbox.close()
    assert not Path(f"/proc/{sandbox.watchdog_pid}").exists()
    assert list(tmp_path.iterdir()) == []


def test_watchdog_is_small_and_ignores_the_terminal(tmp_path: Path) -> None:
    sandbox = open_sandbox(tmp_path)
    try:
        pid = sandbox.watchdog_pid
        hup_int_term = 1 << 0 | 1 << 1 | 1 << 14
        deadline = time.monotonic() + PATIENCE_S
        while int(_status(pid)["SigIgn"], 16) & hup_int_term != hup_int_term:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert os.getsid(pid) == pid
        assert int(_status(pid)["VmRSS"].split()[0]) < 20_000
    finally:
        sandbox.close()


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.parametrize(
    ("name", "dead"),
    [
        pytest.param(leftovers.server_name(0), False, id="this process"),
        pytest.param(
            f"lambda-tui-{os.getpid()}-1-{leftovers.pid_namespace()}-0", True, id="the id used again"
        ),
        (f"lambda-tui-999999999-1-{leftovers.pid_namespace()}-0", True),
        ("lambda-tui-999999999-1-1-0", False),  # another pid namespace: cannot be judged from here
        ("lambda-tui-host", False),
        ("lambda-tui-1-2", False),
        ("lambda-tui-x-1-1-0", False),
        ("unrelated-999999999-1-1-0", False),
        ("", False),
    ],
)
def test_only_groups_of_dead_servers_are_swept(name: str, dead: bool) -> None:
    assert leftovers.belongs_to_the_dead(name) is dead


def test_another_process_takes_a_living_servers_name_for_that_of_the_living() -> None:
    """Under qemu-user a process reads other figures for itself than others do."""
    code = (
        "import sys; from lambda_tui.local_lambda.sandbox.leftovers import belongs_to_the_dead as dead;"
        "sys.exit(dead(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, leftovers.server_name(0)], check=True, cwd=PROJECT)


def test_a_recorded_path_that_is_no_group_of_that_server_is_left_alone(tmp_path: Path) -> None:
    name = f"lambda-tui-999999999-1-{leftovers.pid_namespace()}-0"
    precious = tmp_path / "precious" / name
    precious.mkdir(parents=True)
    (tmp_path / "state" / name).mkdir(parents=True)
    (tmp_path / "state" / name / "groups").write_text(f"{precious}\n{tmp_path / 'precious'}\n/")
    open_sandbox(tmp_path / "state").close()
    assert precious.is_dir()
    assert list((tmp_path / "state").iterdir()) == []


def test_state_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be made: Not a directory"):
        open_sandbox(tmp_path / "file" / "state")
