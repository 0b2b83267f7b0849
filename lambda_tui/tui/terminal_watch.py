"""Ends the program when its terminal is closed or SIGTERM arrives."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from textual.app import App


def end_with_terminal() -> None:
    """Send this process SIGHUP once the terminal on its standard input has hung up.

    The kernel sends SIGHUP to the session's leader alone. Where that is not a shell that passes it on but a
    program that waits for us (`make` as the command of a terminal window), it never comes, and Textual would
    keep reading the end of input. A program started by `nohup` ignores the signal.
    """
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    Thread(target=_wait, args=(sys.stdin.fileno(),), name="terminal-watch", daemon=True).start()


def _wait(terminal: int) -> None:
    poller = select.poll()
    poller.register(terminal, 0)  # a hang-up is reported without being asked for
    poller.poll()
    os.kill(os.getpid(), signal.SIGHUP)


@contextmanager
def quitting_on_sigterm(app: App[Any]) -> Iterator[Event]:
    """Have SIGTERM quit `app` as its user would, with a usable terminal; the event is set when it arrives."""
    quitting = Event()

    def on_signal(number: int, _frame: object) -> None:
        signal.signal(number, before)  # a second one has its usual effect
        if not app.is_running:
            os.kill(os.getpid(), number)
        quitting.set()
        # The interrupted code is the event loop's own: only another thread can ask it to quit.
        Thread(target=app.call_from_thread, args=(app.action_quit,), name="quit", daemon=True).start()

    before = signal.signal(signal.SIGTERM, on_signal)
    try:
        yield quitting
    finally:
        signal.signal(signal.SIGTERM, before)
