"""The database file: opening it, sharing it among threads, and its failures in plain sentences."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from lambda_tui.errors import StorageError
from lambda_tui.folders import PRIVATE_FOLDER
from lambda_tui.history.schema import migrate

PRIVATE_FILE = 0o600
BUSY_TIMEOUT_S = 10.0
"""How long to wait for another lambda-tui that is writing; its transactions take milliseconds."""


class Database:
    """One connection, shared by threads one at a time.

    WAL with synchronous=NORMAL: committed data survives the death of this process (the kernel holds it);
    only a power cut may lose the last transactions.

    Raises:
        StorageError: from every method, if the file cannot be read or written or is not a history.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RLock()
        with storage_errors(path):
            _create_private(path)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                _configure(self._connection)
            except BaseException:
                self._connection.close()
                raise

    def read(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """All rows of one query."""
        with self._lock, storage_errors(self.path):
            return self._connection.execute(statement, values).fetchall()

    def write(self, statement: str, *rows: Sequence[object]) -> None:
        """One statement for each of `rows`, in one transaction: all or nothing."""
        with self._lock, storage_errors(self.path), _transaction(self._connection):
            self._connection.executemany(statement, rows)

    @contextmanager
    def one_view(self) -> Iterator[None]:
        """Reads inside see the same state, whatever other processes write meanwhile."""
        with self._lock, storage_errors(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.rollback()

    def close(self) -> None:
        """Release the file. Idempotent."""
        with self._lock, storage_errors(self.path):
            self._connection.close()


def _create_private(path: Path) -> None:
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    # SQLite gives its -wal and -shm files the permissions of the database file.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE))


def _configure(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE takes the write lock at once, so that the busy timeout applies to it.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn errors of the operating system and SQLite into StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The run history {path} cannot be opened: {error.strerror or error}.",
            hint="Set LAMBDA_TUI_DATA_DIR to a folder you can write to.",
        ) from error
    except sqlite3.OperationalError as error:
        raise StorageError(
            f"The run history {path} cannot be used: {error}.",
            hint="Check the free space and permissions, or set LAMBDA_TUI_DATA_DIR to another folder.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise StorageError(
            f"The run history {path} is damaged: {error}.",
            hint="Move the file away to start a new history.",
        ) from error
