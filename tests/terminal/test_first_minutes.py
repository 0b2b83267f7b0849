"""A new user's first minutes, in a real terminal on the real embedded Lambda."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal

pytestmark = [
    pytest.mark.terminal,
    # pexpect opens its pseudo-terminal in a child that it forks; nothing of ours runs before its exec.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def descendants_with(data_dir: Path) -> list[str]:
    """Command lines of living processes whose environment names `data_dir`."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(data_dir).encode() in (process / "environ").read_bytes():
                commands.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return commands


def left_after(data_dir: Path, *, seconds: float) -> list[str]:
    """What is still alive after waiting that long for all to end."""
    deadline = time.monotonic() + seconds
    while (left := descendants_with(data_dir)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def p50_ms(terminal: Terminal) -> float:
    return float(terminal.wait_for(r"p50 +([\d,.]+)")[1].replace(",", ""))


def dollars_per_million(terminal: Terminal, data_dir: Path) -> float:
    """From the exported history: the big digits on screen are drawings."""
    with sqlite3.connect(data_dir / "history.sqlite3") as database:
        assert database.execute("select count(*) from runs").fetchone()[0] >= 1
    return float(terminal.wait_for(r"Per month at.*?\$([\d,.]+)")[1].replace(",", ""))


def test_choose_a_model_run_read_the_numbers_and_quit(tmp_path: Path) -> None:
    with Terminal(tmp_path) as terminal:
        terminal.wait_for("Enter invokes")
        terminal.press("\r")
        terminal.wait_for("done", seconds=90)
        sequential_ms, sequential_month = p50_ms(terminal), dollars_per_million(terminal, tmp_path)

        terminal.press("j")
        terminal.press("\r")
        terminal.wait_for("in flight", seconds=60)
        terminal.wait_for("done", seconds=90)
        threads_ms, threads_month = p50_ms(terminal), dollars_per_million(terminal, tmp_path)

        assert 1.6 < sequential_ms / threads_ms < 3.6
        assert 1.5 < sequential_month / threads_month < 3.6
        terminal.press("q")
        terminal.wait_for_exit(seconds=5)
    assert terminal.child.exitstatus == 0
    assert not left_after(tmp_path, seconds=5)


def test_quitting_during_a_run_asks_and_is_quick(tmp_path: Path) -> None:
    with Terminal(tmp_path, columns=80, lines=24) as terminal:
        terminal.wait_for("Explore")
        terminal.press("\r")
        terminal.wait_for(r"\d+ of \d+", seconds=60)
        terminal.press("q")
        terminal.wait_for("Stop and quit")
        terminal.press("\r")
        assert terminal.wait_for_exit(seconds=10) < 6  # a second on a quiet machine
    with sqlite3.connect(tmp_path / "history.sqlite3") as database:
        assert database.execute("select count(*) from runs").fetchone()[0] == 1


def test_a_terminal_too_small_gets_a_sentence(tmp_path: Path) -> None:
    with Terminal(tmp_path, columns=50, lines=12) as terminal:
        match = terminal.wait_for(r"(?i)(too small|needs|at least)[^\n]*")
        assert re.search(r"\d+", match[0])


# As make does: it receives the hang-up, and waits for its child without passing it on.
DEAF = """
import signal, subprocess, sys
signal.signal(signal.SIGHUP, lambda *_: None)
subprocess.run(sys.argv[1:])
"""


def test_a_closed_terminal_ends_it_whoever_started_it(tmp_path: Path) -> None:
    with Terminal(tmp_path, starter=[sys.executable, "-c", DEAF]) as terminal:
        terminal.wait_for("Enter invokes")
        terminal.wait_for("cgroup|duty-cycle|none", seconds=30)
        assert len(descendants_with(tmp_path)) > 1
        terminal.hang_up()
        assert not left_after(tmp_path, seconds=10)


def test_an_idle_screen_uses_no_cpu(tmp_path: Path) -> None:
    with Terminal(tmp_path) as terminal:
        terminal.wait_for("Enter invokes")
        terminal.wait_for("cgroup|cpu none|none", seconds=30)
        time.sleep(1.0)
        before_s = cpu_s(terminal.pid)
        time.sleep(3.0)
        assert cpu_s(terminal.pid) - before_s < 0.1


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
