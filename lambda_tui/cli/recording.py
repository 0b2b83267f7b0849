"""The run history for a command that also works without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from lambda_tui.errors import StorageError
from lambda_tui.history import HistoryStore


@contextmanager
def open_history() -> Iterator[HistoryStore | None]:
    """The history; None, after a warning on stderr, if it cannot be used."""
    try:
        store = HistoryStore()
    except StorageError as error:
        click.echo(f"warning: {error} Runs are not recorded.", err=True)
        yield None
        return
    try:
        yield store
    finally:
        store.close()
