"""Text output of a command: stdout for `-`, otherwise a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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


def refuse_unwritable(name: str | None) -> None:
    """Raise StorageError now for an output file that could not be opened after a long and paid run."""
    if name is None or name == "-":
        return
    path = Path(name)
    reason = ""
    if not path.parent.is_dir():
        reason = f"there is no folder {path.parent}"
    elif path.is_dir():
        reason = "it is a folder"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        reason = "permission denied"
    if reason:
        raise StorageError(f"{name} cannot be written: {reason}.")
