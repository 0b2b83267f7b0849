"""Ends the program when its terminal is closed."""

from __future__ import annotations

import os
import select
import signal
import sys
from threading import Thread


def end_with_terminal() -> None:
    """Send this process SIGHUP once the terminal on its standard input has hung up.

    The kernel sends SIGHUP to the session's leader alone. Where that is not a shell that passes it on but a
    program that waits for us (`make` as the command of a terminal window), it never comes, and Textual would
    go on reading the end of input, over and over.
    """
    Thread(target=_wait, args=(sys.stdin.fileno(),), name="terminal-watch", daemon=True).start()


def _wait(terminal: int) -> None:
    poller = select.poll()
    poller.register(terminal, 0)  # a hang-up is reported without being asked for
    poller.poll()
    os.kill(os.getpid(), signal.SIGHUP)
