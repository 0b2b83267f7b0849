"""Ties a child's life to its parent's, and starts the watchdog that cleans up after a killed server."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from lambda_tui.local_lambda.sandbox import leftovers

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent_pid: int) -> None:
    """Make the kernel kill this process when `parent_pid` dies; call it in the child, before exec.

    Without such a call (macOS), only the watchdog does it, a moment later.
    """
    if _LIBC is not None and _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:
        os._exit(1)


def adopt_orphans() -> None:
    """Make orphans of this process's descendants its own children; this survives exec."""
    if _LIBC is not None and _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


class Watchdog:
    """A small process that waits on a pipe for the death of this one, then removes what it left."""

    def __init__(self, name: str, state_folder: Path, group_roots: list[Path]) -> None:
        arguments = [name, str(state_folder), *map(str, group_roots)]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", leftovers.__file__, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self, timeout_s: float = 10.0) -> None:
        """Let the watchdog do its work now, and wait for its end; does nothing the second time."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        # It keeps trying to remove the rest, or the next start does.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
