"""Noticing that a child process has ended, without waiting for it."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Callable

EXIT_POLL_S = 0.005

Ended = Callable[[int, resource.struct_rusage], None]
"""Takes the wait status of a process and the resources that it and its reaped children used."""


def watch_exit(pid: int, ended: Ended) -> None:
    """Reap the child `pid` of the running loop's process when it ends, and call `ended`."""
    loop = asyncio.get_running_loop()
    try:
        pidfd = os.pidfd_open(pid)
    except (AttributeError, OSError):
        # macOS, Linux before 5.3, and containers whose seccomp filter does not know the call.
        _poll(pid, ended)
        return

    def on_exit() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        _, status, used = os.wait4(pid, 0)
        ended(status, used)

    loop.add_reader(pidfd, on_exit)


def _poll(pid: int, ended: Ended) -> None:
    reaped, status, used = os.wait4(pid, os.WNOHANG)
    if reaped == 0:
        asyncio.get_running_loop().call_later(EXIT_POLL_S, _poll, pid, ended)
    else:
        ended(status, used)
