"""How long a new user waits: for a price, and for the first paint of the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable

TITLE = "Start-up (wall, ms)"
RUNS = 7


def measure() -> dict[str, object]:
    """Medians of seven fresh processes each, in milliseconds of wall time."""
    return {
        "bare interpreter": _median(lambda: _finished([sys.executable, "-c", "pass"])),
        "lambda-tui cost": _median(
            lambda: _finished([*_COMMAND, "cost", "--memory", "512", "--billed-ms", "230"])
        ),
        "lambda-tui --version": _median(lambda: _finished([*_COMMAND, "--version"])),
        "TUI, first paint": _median(_first_paint),
    }


_COMMAND = [sys.executable, "-m", "lambda_tui"]
# As for a user: if this is set, every start compiles the program's sources again.
_ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _median(once: Callable[[], float]) -> float:
    return statistics.median(once() for _ in range(RUNS)) * 1000


def _finished(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=_ENVIRON)
    return time.perf_counter() - began


def _first_paint() -> float:
    """Until the title of the first pane is on the terminal."""
    with tempfile.TemporaryDirectory() as data_dir:
        began = time.perf_counter()
        pid, terminal = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 140, 0, 0))
            environ = {**_ENVIRON, "LAMBDA_TUI_DATA_DIR": data_dir, "TERM": "xterm-256color"}
            os.execve(sys.executable, _COMMAND, environ)
        try:
            return _until_seen(terminal, b"Workload") - began
        finally:
            os.kill(pid, signal.SIGKILL)  # a clean exit would need a reader of what it paints
            os.waitpid(pid, 0)
            os.close(terminal)


def _until_seen(terminal: int, wanted: bytes) -> float:
    seen = b""
    deadline = time.perf_counter() + 20
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.perf_counter()))
        if not ready:
            raise TimeoutError("the first paint did not come")
        seen += os.read(terminal, 65536)
    return time.perf_counter()
