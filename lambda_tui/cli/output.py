"""Text output of a command: stdout for `-`, otherwise a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from lambda_tui.errors import StorageError


@contextmanager
def open_output(name: str) -> Iterator[TextIO]:
    """Write to `name`, or to stdout for `-`.

    Raises:
        StorageError: the file cannot be written.
    """
    if name == "-":
        yield sys.stdout
        return
    try:
        with open(name, "w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise StorageError(f"{name} cannot be written: {error.strerror}.") from None
