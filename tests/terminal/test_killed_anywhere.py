"""SIGKILL at random moments of a session's life, and of the processes that it started, in a real terminal."""

from __future__ import annotations

import os
import random
import re
import signal
from contextlib import closing
from pathlib import Path

import pytest

from lambda_tui.history import HistoryStore
from lambda_tui.results import Invocation
from lambda_tui.scenario import CONCURRENCY_MODELS
from tests.local_lambda.local_server import control_groups_of, wait_until
from tests.terminal.terminal import Terminal
from tests.terminal.test_first_minutes import left_after
from tests.terminal.test_killed import answered_on, has_no_gap, processes_with, start_run, temporary

pytestmark = [
    pytest.mark.terminal,
    # pexpect opens its pseudo-terminal in a child that it forks; nothing of ours runs before its exec.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]
__all__ = ["temporary"]

ROUNDS = int(os.environ.get("LAMBDA_TUI_CHAOS_ROUNDS", "1"))
SERVER, ENGINE = "lambda_tui.local_lambda", "lambda_tui.load.engine"


def starting(terminal: Terminal, chance: random.Random) -> None:
    terminal.watch(seconds=chance.uniform(0.05, 1.2))


def comparing(terminal: Terminal, chance: random.Random) -> None:
    """From the first round of all models on, or later."""
    terminal.wait_for(r"Ready\.")
    terminal.press("a")
    terminal.wait_for(r"round \d+ of at most 40")
    terminal.watch(seconds=chance.uniform(0.0, 10.0))


def quitting(terminal: Terminal, chance: random.Random) -> None:
    start_run(terminal, invocations=400)
    terminal.wait_for(r"\d+ of 400", seconds=60)
    terminal.press("q")
    terminal.wait_for("Stop and quit")
    terminal.press("\r")
    terminal.watch(seconds=chance.uniform(0.0, 0.4))


def all_rounds_but_the_last(kept: list[list[Invocation]]) -> bool:
    """The models of a comparison are recorded one after the other: a kill between two loses the others' part
    of that last batch, and nothing before it."""
    indices = {invocation.index for invocations in kept for invocation in invocations}
    return set(range(max(indices) - 2 * len(CONCURRENCY_MODELS))) <= indices


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("stage", [starting, comparing, quitting])
def test_killed_while(stage: object, seed: int, tmp_path: Path, temporary: Path) -> None:
    data = tmp_path / "data"
    with Terminal(data) as terminal:
        assert callable(stage)
        stage(terminal, random.Random(seed))
        seen = answered_on(terminal)
        servers = processes_with(data, SERVER)
        os.kill(terminal.pid, signal.SIGKILL)
        assert not left_after(data, seconds=10)
    assert all(wait_until(lambda server=server: not control_groups_of(server)) for server in servers)
    assert wait_until(lambda: not list(temporary.glob("**/lambda-tui-*-*")))
    if (data / "history.sqlite3").exists():
        with closing(HistoryStore(data / "history.sqlite3")) as store:
            runs = store.runs()
            kept = [list(store.load(run.run_id).invocations) for run in runs]
        assert all(run.state in ("interrupted", "finished") for run in runs)
        if stage is comparing:
            assert all_rounds_but_the_last(kept)
        else:
            assert stage is starting or len(kept[0]) >= seen
            assert all(has_no_gap(invocations) for invocations in kept)
    with Terminal(data) as terminal:
        start_run(terminal, invocations=3)
        terminal.wait_for(r"done +3 invocations", seconds=60)
        terminal.press("q")
        terminal.wait_for_exit(seconds=10)
        assert not left_after(data, seconds=10)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_killed_server_is_reported_what_was_measured_stays_and_r_starts_another(
    seed: int, tmp_path: Path, temporary: Path
) -> None:
    data = tmp_path / "data"
    with Terminal(data, columns=180) as terminal:
        start_run(terminal, invocations=400)
        terminal.wait_for(r"\d\d+ of 400", seconds=60)
        terminal.watch(seconds=random.Random(seed).uniform(0.0, 1.5))
        seen = answered_on(terminal)
        (server,) = processes_with(data, SERVER)
        os.kill(server, signal.SIGKILL)
        terminal.wait_for("The key r restarts the target", seconds=20)
        assert int(re.sub(r"\D", "", terminal.wait_for(r"warm +([\d,]+)")[1])) > 0
        assert wait_until(lambda: not control_groups_of(server))
        terminal.press("r")
        terminal.wait_for(r"Ready\.", seconds=30)
        terminal.press("\r")
        terminal.wait_for(r"\d\d+ of 400", seconds=60)
        terminal.press("\x1b")
        terminal.wait_for("Stopped after", seconds=20)
        terminal.press("q")
        terminal.wait_for_exit(seconds=10)
        assert not left_after(data, seconds=10)
    assert wait_until(lambda: not list(temporary.glob("**/lambda-tui-*-*")))
    with closing(HistoryStore(data / "history.sqlite3")) as store:
        second, first = store.runs()
    assert first.invocations >= seen
    assert first.stopped_by is not None
    assert second.invocations >= 10


def test_a_killed_engine_is_reported_and_enter_starts_another(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Terminal(data) as terminal:
        start_run(terminal, invocations=400)
        terminal.wait_for(r"\d\d+ of 400", seconds=60)
        for engine in processes_with(data, ENGINE):
            os.kill(engine, signal.SIGKILL)
        terminal.wait_for(r"(?i)load engine ended unexpectedly \(signal 9\)", seconds=20)
        terminal.press("\r")
        terminal.wait_for(r"\d\d+ of 400", seconds=60)
        terminal.press("\x1b")
        terminal.wait_for("Stopped after", seconds=20)
