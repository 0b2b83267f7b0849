"""Textual's driver of a terminal, proof against a SIGCONT that no suspension came before."""

from __future__ import annotations

import asyncio

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Starts over after a plain SIGSTOP and SIGCONT, as a debugger, a batch system or `kill` sends them.

    Textual starts once more instead: with a second thread that takes some of the keys and can hold up
    quitting for ever, and with its own modes in the place of those that the terminal gets back at the end.
    """

    _is_suspended = False

    def suspend_application_mode(self) -> None:
        super().suspend_application_mode()
        self._is_suspended = True

    def resume_application_mode(self) -> None:
        if self._is_suspended:
            self._is_suspended = False
            super().resume_application_mode()
        elif self._app.is_running:
            # Not within the signal handler: what it interrupted may hold the writer's lock.
            asyncio.get_running_loop().call_soon_threadsafe(self._start_over)

    def _start_over(self) -> None:
        """Once more, for whoever stopped us may have set the terminal's modes and written on it."""
        self.suspend_application_mode()
        self.resume_application_mode()
        self.send_message(self.SignalResume())
