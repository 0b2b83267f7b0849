"""Every run, recorded in SQLite as it happens; several processes may record and read at the same time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lambda_tui.billing import Bill
from lambda_tui.errors import InvalidInput, LambdaTuiError
from lambda_tui.folders import data_folder
from lambda_tui.history.codec import StopReason, bill_to_text, summary_to_text, to_text
from lambda_tui.history.connection import Database
from lambda_tui.history.recorded import RecordedRun, RunListing, listing_from_row, recorded_from_row
from lambda_tui.history.rows import packed, unpacked
from lambda_tui.results import Invocation, Summary
from lambda_tui.runs.target import TargetDescription
from lambda_tui.scenario import Scenario

HISTORY_FILE = "history.sqlite3"

_SELECT_RUNS = """
    SELECT *, (SELECT coalesce(sum(count), 0) FROM batches WHERE batches.run_id = runs.run_id) AS recorded
    FROM runs
"""
_NEWEST_FIRST = "ORDER BY started_at DESC, rowid DESC LIMIT ?"


class HistoryStore:
    """The run history. Its methods are thread-safe.

    Raises:
        StorageError: from every method, if the file cannot be read or written. A run can go on without it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = data_folder() / HISTORY_FILE if path is None else path
        self._database = Database(self.path)

    def begin(self, *, run_id: str, name: str, started_at: str, scenario: Scenario) -> RunRecorder:
        """Record the start of a run; `started_at` is ISO 8601 in UTC."""
        self._database.write(
            "INSERT INTO runs (run_id, name, started_at, recorder_pid, scenario) VALUES (?, ?, ?, ?, ?)",
            (run_id, name, started_at, os.getpid(), to_text(scenario.to_document())),
        )
        return RunRecorder(self._database, run_id)

    def runs(self, limit: int = 100) -> list[RunListing]:
        """The newest runs first."""
        rows = self._database.read(f"{_SELECT_RUNS} {_NEWEST_FIRST}", limit)
        return [listing_from_row(row) for row in rows]

    def load(self, run_id: str) -> RecordedRun:
        """A whole run by its id or an unambiguous prefix of it.

        Raises:
            InvalidInput: no run, or more than one, has such an id.
        """
        rows = self._database.read(
            "SELECT run_id FROM runs, (SELECT ? AS asked)"
            " WHERE run_id = asked OR (substr(run_id, 1, length(asked)) = asked AND asked != '')"
            " ORDER BY run_id != asked LIMIT 2",
            run_id,
        )
        run_ids = [row["run_id"] for row in rows]
        if not run_ids:
            raise InvalidInput(
                "run", f"There is no run {run_id!r}.", hint="`lambda-tui history list` shows them."
            )
        if len(run_ids) > 1 and run_ids[0] != run_id:
            raise InvalidInput(
                "run", f"More than one run begins with {run_id!r}.", hint="Give more of its id."
            )
        return self._load_exactly(run_ids[0])

    def latest(self) -> RecordedRun | None:
        """The run that was started last; None in an empty history."""
        newest = self._database.read("SELECT run_id FROM runs ORDER BY started_at DESC, rowid DESC LIMIT 1")
        return self._load_exactly(newest[0]["run_id"]) if newest else None

    def close(self) -> None:
        """Release the file. Idempotent."""
        self._database.close()

    def _load_exactly(self, run_id: str) -> RecordedRun:
        with self._database.one_view():
            row = self._database.read("SELECT * FROM runs WHERE run_id = ?", run_id)[0]
            batches = self._database.read(
                "SELECT documents, payloads FROM batches WHERE run_id = ? ORDER BY position", run_id
            )
        return recorded_from_row(row, unpacked((documents, payloads) for documents, payloads in batches))


class RunRecorder:
    """Writes one run. Whatever a call has written survives the death of the process."""

    def __init__(self, database: Database, run_id: str) -> None:
        self.run_id = run_id
        self._database = database
        self._position = 0

    def target(self, description: TargetDescription) -> None:
        """Record what runs the code, once that is known."""
        self._database.write(
            "UPDATE runs SET target = ? WHERE run_id = ?", (to_text(description.to_document()), self.run_id)
        )

    def append(self, batch: Sequence[Invocation]) -> None:
        """Add invocations in one transaction: all of them or, after an error, none."""
        rows = [(self.run_id, place, *part) for place, part in enumerate(packed(batch), start=self._position)]
        self._database.write("INSERT INTO batches VALUES (?, ?, ?, ?, ?)", *rows)
        self._position += len(rows)

    def finish(self, *, summary: Summary, bill: Bill, stopped_by: LambdaTuiError | None = None) -> None:
        """The run has ended, by itself or because of `stopped_by`."""
        reason = None if stopped_by is None else to_text(StopReason.of(stopped_by).to_document())
        self._database.write(
            "UPDATE runs SET summary = ?, bill = ?, stopped_by = ? WHERE run_id = ?",
            (summary_to_text(summary), bill_to_text(bill), reason, self.run_id),
        )
