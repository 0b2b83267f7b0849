"""The database's tables, versioned by `PRAGMA user_version`, and the migrations between versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from lambda_tui.errors import StorageError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        started_at TEXT NOT NULL,
        recorder_pid INTEGER NOT NULL,
        scenario TEXT NOT NULL,
        target TEXT,
        summary TEXT,
        bill TEXT,
        stopped_by TEXT
    );
    CREATE TABLE invocations (
        run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (run_id, position)
    ) WITHOUT ROWID;
    """,
    "",
    """
    CREATE TABLE batches (
        run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        count INTEGER NOT NULL,
        documents TEXT NOT NULL,
        payloads TEXT NOT NULL,
        PRIMARY KEY (run_id, position)
    );
    INSERT INTO batches SELECT run_id, position, 1, '[' || document || ']', '' FROM invocations;
    DROP TABLE invocations;
    """,
)
"""Entry n migrates version n to n + 1; published entries never change.

Version 2 changed no table: `invocations.document` may be an array since then, which version 1 cannot read.
Version 3 puts many invocations into a row: one row each had become the slowest part of recording.
"""


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Migrate the database to the newest version in one transaction; others wait meanwhile.

    Raises:
        StorageError: the file was written by a newer lambda-tui.
        sqlite3.Error: it cannot be read or written.
    """
    if _version(connection) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        if version > len(migrations):
            raise StorageError(
                f"The run history has version {version}, this lambda-tui knows {len(migrations)}.",
                hint="Update lambda-tui, or set LAMBDA_TUI_DATA_DIR to another folder.",
            )
        for script in migrations[version:]:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
        # A pragma takes no bound parameters; the value is our own integer.
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
