"""What an environment's processes print: a pipe whose recent bytes are kept for the next log tail."""

from __future__ import annotations

import asyncio
import os

_KEPT_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_READS_PER_TURN = 4
"""A pipe holds 64 KB: a few reads take all that was written before, and a flood cannot block the loop."""


class LogPipe:
    """The reading end; `write_fd` is for the child and closed by `child_has_it`."""

    def __init__(self) -> None:
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._kept = bytearray()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_fd, self.read)

    def child_has_it(self) -> None:
        """Close the server's copy of the writing end; idempotent."""
        if self.write_fd >= 0:
            os.close(self.write_fd)
            self.write_fd = -1

    def take(self) -> bytes:
        """What was read since the last call, at most its last 64 KB."""
        taken = bytes(self._kept)
        self._kept.clear()
        return taken

    def close(self) -> None:
        """Stop reading; what was read can still be taken. Idempotent."""
        self.child_has_it()
        if self._read_fd >= 0:
            self._loop.remove_reader(self._read_fd)
            os.close(self._read_fd)
            self._read_fd = -1

    def read(self) -> None:
        """Read what has been printed so far."""
        if self._read_fd < 0:
            return
        for _ in range(_READS_PER_TURN):
            try:
                chunk = os.read(self._read_fd, _READ_BYTES)
            except BlockingIOError:
                return
            if not chunk:
                # Every writer is gone; a readable end of file would spin the loop.
                self._loop.remove_reader(self._read_fd)
                return
            self._kept += chunk
            del self._kept[:-_KEPT_BYTES]
