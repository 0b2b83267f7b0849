"""A real pseudo-terminal with the program in it: keys go in, the painted screen comes out."""

from __future__ import annotations

import os
import re
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte


class Terminal:
    """`lambda-tui` in a terminal of `columns` x `lines`, started through `starter` if there is one; leaving
    the context ends it."""

    def __init__(
        self, data_dir: Path, *, columns: int = 140, lines: int = 45, starter: Sequence[str] = ()
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self._screen)
        environ = {**os.environ, "TERM": "xterm-256color", "LAMBDA_TUI_DATA_DIR": str(data_dir)}
        for name in ("NO_COLOR", "COLUMNS", "LINES"):  # pytest-xdist sets a size; the terminal has its own
            environ.pop(name, None)
        command = [*starter, sys.executable, "-m", "lambda_tui"]
        self.child = pexpect.spawn(
            command[0],
            command[1:],
            dimensions=(lines, columns),
            env=environ,
            timeout=5,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.close(force=True)

    def hang_up(self) -> None:
        """Close the terminal as closing its window would, without any other signal."""
        pty = vars(self.child)["ptyproc"]  # pexpect's stubs do not know it
        pty.fileobj.close()
        self.child.closed = pty.closed = True

    def press(self, keys: str) -> None:
        self.child.send(keys)

    @property
    def pid(self) -> int:
        assert self.child.pid is not None
        return self.child.pid

    @property
    def local_modes(self) -> int:
        """What the terminal does with keys, echo among it (termios)."""
        modes: int = termios.tcgetattr(self.child.child_fd)[3]
        return modes

    @property
    def text(self) -> str:
        """The text on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, pattern: str, *, seconds: float = 30) -> re.Match[str]:
        """Read until the screen shows `pattern`; fails with the screen otherwise."""
        deadline = time.monotonic() + seconds
        while True:
            self._read(0.05)
            match = re.search(pattern, self.text)
            if match is not None:
                return match
            assert time.monotonic() < deadline, f"{pattern!r} did not appear:\n{self.text}"

    def watch(self, *, seconds: float) -> None:
        """Read what is painted for that long."""
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            self._read(min(left_s, 0.05))

    def settle(self, *, seconds: float = 5) -> None:
        """Read until a key has had its effect: something is painted, and then nothing for a moment."""
        deadline = time.monotonic() + seconds
        while not self._read(0.05) and time.monotonic() < deadline:
            pass
        while self._read(0.05) and time.monotonic() < deadline:
            pass

    def wait_for_exit(self, *, seconds: float) -> float:
        """Seconds until the program has ended."""
        began = time.monotonic()
        while self.child.isalive():
            self._read(0.02)
            assert time.monotonic() - began < seconds, f"still running:\n{self.text}"
        return time.monotonic() - began

    def _read(self, seconds: float) -> bool:
        """Whether there was something to read in that time."""
        try:
            self._stream.feed(self.child.read_nonblocking(65536, timeout=seconds))
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            time.sleep(seconds)
            return False
        return True
