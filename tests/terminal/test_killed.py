"""The program killed, hung up, suspended and deprived of its processes in mid-run, in a real terminal."""

from __future__ import annotations

import os
import random
import re
import signal
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from lambda_tui.history import HistoryStore
from lambda_tui.results import Invocation
from tests.local_lambda.local_server import LocalServer, control_groups_of, invoke, wait_until
from tests.terminal.terminal import Terminal
from tests.terminal.test_first_minutes import left_after

pytestmark = [
    pytest.mark.terminal,
    # pexpect opens its pseudo-terminal in a child that it forks; nothing of ours runs before its exec.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

BACK_TAB = "\x1b[Z"
CALLERS = 4
PAYLOAD = "lambda-tui-python"
IGNORING_HANG_UP = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")
"""As `nohup` does, for itself and everything started below it."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the program's temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def start_run(terminal: Terminal, *, invocations: int) -> None:
    """Three fetches of 20 ms by each of four callers."""
    terminal.wait_for(r"Enter invokes[\s\S]*Ready\.")
    for keys, shown in (
        (BACK_TAB, ""),
        ("20", r"Each takes +20 "),
        *[("\t", "")] * 7,
        (str(CALLERS), rf"Callers +{CALLERS} "),
        ("\t", ""),
        (str(invocations), rf"Invocations +{invocations} "),
    ):
        terminal.press(keys)
        terminal.settle()  # a key goes to what has the focus when it comes, not when it is its turn
        terminal.wait_for(shown)
    terminal.press("\r")


def processes_with(data_dir: Path, module: str) -> list[int]:
    """Ids of the processes of one of the program's modules."""
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(data_dir).encode() in (process / "environ").read_bytes() and module.encode() in (
                process / "cmdline"
            ).read_bytes().split(b"\0"):
                pids.append(int(process.name))
        except OSError:
            continue
    return pids


def state_of(pid: int) -> str:
    """The state of a process, in one letter: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def answered_on(terminal: Terminal) -> int:
    """How many answers the screen shows."""
    match = re.search(r"([\d,]+) of [\d,]+", terminal.text)
    return int(match[1].replace(",", "")) if match else 0


def has_no_gap(invocations: list[Invocation]) -> bool:
    """Whether for each environment every invocation up to the last one is present."""
    numbers = defaultdict(set)
    for invocation in invocations:
        assert invocation.payload is not None
        numbers[invocation.environment_id].add(invocation.payload["invocation_number"])
    return all(seen == set(range(1, len(seen) + 1)) for seen in numbers.values())


@pytest.mark.parametrize(
    ("seed", "end", "starter"),
    [(1, "kill", ()), (2, "kill", ()), (3, "hang up", ()), (4, "hang up", IGNORING_HANG_UP)],
)
def test_ended_at_a_random_moment_nothing_is_lost_and_nothing_left(
    tmp_path: Path, temporary: Path, seed: int, end: str, starter: tuple[str, ...]
) -> None:
    moment_s = random.Random(seed).uniform(0.2, 2.0)
    data = tmp_path / "data"
    with Terminal(data, columns=140, lines=45, starter=starter) as terminal:
        start_run(terminal, invocations=400)
        terminal.wait_for(r"\d+ of 400", seconds=60)
        terminal.watch(seconds=moment_s)
        seen = answered_on(terminal)
        (server,) = processes_with(data, "lambda_tui.local_lambda")
        if end == "kill":
            os.kill(terminal.pid, signal.SIGKILL)
        else:
            terminal.hang_up()
        assert not left_after(data, seconds=10)
    assert wait_until(lambda: not control_groups_of(server))
    assert wait_until(lambda: not list(temporary.glob("**/lambda-tui-*-*")))
    with closing(HistoryStore(data / "history.sqlite3")) as store:
        (run,) = store.runs()
        invocations = list(store.load(run.run_id).invocations)
    assert run.state == "interrupted"
    assert seen <= len(invocations) < 400
    assert has_no_gap(invocations)


def test_a_killed_program_has_kept_what_the_server_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to a tenth of a second earlier, compared with a server that lives on."""
    server = LocalServer(tmp_path)
    try:
        monkeypatch.setenv("LAMBDA_TUI_TARGET", server.ready["endpoint"])
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.ready["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.ready["secret_access_key"])
        monkeypatch.setenv("AWS_REGION", server.ready["region"])
        with Terminal(tmp_path / "data") as terminal:
            start_run(terminal, invocations=400)
            terminal.wait_for(r"\d\d+ of 400", seconds=60)
            os.kill(terminal.pid, signal.SIGKILL)
            assert not left_after(tmp_path / "data", seconds=10)
        client = server.client()
        event = {"schema": 1, "workload": {"kind": "sleep", "tasks": 1, "task_ms": 0},
                 "concurrency": {"model": "sequential", "workers": 1}}  # fmt: skip
        last = invoke(client, PAYLOAD, event).payload
    finally:
        server.stop()
    with closing(HistoryStore(tmp_path / "data" / "history.sqlite3")) as store:
        (run,) = store.runs()
        kept = [invocation.payload or {} for invocation in store.load(run.run_id).invocations]
    assert run.state == "interrupted"
    answered = last["invocation_number"] - 1
    kept_of_it = sum(payload["environment_id"] == last["environment_id"] for payload in kept)
    # 60 ms per invocation: two answers in 100 ms, and one that was on its way.
    assert answered - 4 <= kept_of_it <= answered


def test_stopped_and_continued_unasked_it_goes_on_and_gives_the_terminal_back(tmp_path: Path) -> None:
    with Terminal(tmp_path) as terminal:
        modes = terminal.local_modes
        terminal.wait_for(r"Enter invokes[\s\S]*Ready\.")
        assert terminal.local_modes != modes
        for _ in range(3):
            os.kill(terminal.pid, signal.SIGSTOP)
            assert wait_until(lambda: state_of(terminal.pid) == "T")
            os.kill(terminal.pid, signal.SIGCONT)
            terminal.watch(seconds=0.5)
        terminal.press("3")
        terminal.wait_for("A month costs")
        terminal.press("q")
        terminal.wait_for_exit(seconds=10)
        assert terminal.local_modes == modes
        assert terminal.child.exitstatus == 0


def test_suspended_robbed_of_its_engine_and_terminated(tmp_path: Path, temporary: Path) -> None:
    data = tmp_path / "data"
    with Terminal(data) as terminal:
        start_run(terminal, invocations=60)
        terminal.wait_for(r"\d+ of 60", seconds=60)
        terminal.press("\x1a")
        terminal.watch(seconds=1.0)  # it restores the terminal first, and needs a reader for that
        assert wait_until(lambda: state_of(terminal.pid) == "T")
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for(r"done +60 invocations", seconds=60)

        terminal.press("\r")
        terminal.wait_for(r"\d\d+ of 60", seconds=60)
        for engine in processes_with(data, "lambda_tui.load.engine"):
            os.kill(engine, signal.SIGKILL)
        terminal.wait_for(r"(?i)load engine ended unexpectedly \(signal 9\)", seconds=20)

        terminal.press("\r")
        terminal.wait_for(r"\d\d+ of 60", seconds=60)
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.wait_for_exit(seconds=10)
        assert terminal.child.exitstatus == 130
        assert not left_after(data, seconds=10)
    with closing(HistoryStore(data / "history.sqlite3")) as store:
        third, second, first = store.runs()
        assert {run.state for run in (first, second, third)} == {"finished"}
        assert (first.invocations, first.stopped_by) == (60, None)
        for run, title in ((second, "load engine"), (third, "Stopped after")):
            assert 10 <= run.invocations < 60
            assert run.stopped_by is not None
            assert title in run.stopped_by.message
