"""What the history returns: one line of its list, and a whole run."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

from lambda_tui.aws_facts import DEFAULT_REGION
from lambda_tui.errors import InvalidInput, StorageError
from lambda_tui.history.codec import StopReason, bill_from_text, recomputed, summary_from_text
from lambda_tui.results import Invocation
from lambda_tui.runs.measured import MeasuredRun
from lambda_tui.runs.target import TargetDescription, TargetKind
from lambda_tui.scenario import Scenario, parse_scenario

RecordedState = Literal["finished", "recording", "interrupted"]
"""`recording`: the process that records it is alive; `interrupted`: it died before the run ended."""


@dataclass(frozen=True, slots=True)
class RunListing:
    """One line of the list. Figures of a run that has not finished are None; `load` computes them."""

    run_id: str
    name: str
    started_at: str
    state: RecordedState
    scenario: Scenario
    target_kind: TargetKind | None
    invocations: int
    p50_ms: float | None
    total_usd: Decimal | None
    currency: str | None
    stopped_by: StopReason | None

    def to_document(self) -> dict[str, Any]:
        """JSON-ready; money as decimal text."""
        return {
            **asdict(self),
            "scenario": self.scenario.to_document(),
            "total_usd": None if self.total_usd is None else format(self.total_usd, "f"),
        }


@dataclass(frozen=True, slots=True)
class RecordedRun(MeasuredRun):
    """A run of the history. `summary` and `bill` of an unfinished run are computed when it is read."""

    state: RecordedState
    stopped_by: StopReason | None


def listing_from_row(row: sqlite3.Row) -> RunListing:
    """One line of the list from a row of `runs` with its count of `recorded` invocations."""
    summary = None if row["summary"] is None else summary_from_text(row["summary"])
    bill = None if row["bill"] is None else bill_from_text(row["bill"])
    target = _target(row)
    return RunListing(
        run_id=row["run_id"],
        name=row["name"],
        started_at=row["started_at"],
        state=_state(row),
        scenario=_scenario(row),
        target_kind=None if target is None else target.kind,
        invocations=row["recorded"],
        p50_ms=summary.duration_ms.p50 if summary is not None and summary.duration_ms is not None else None,
        total_usd=None if bill is None else bill.total_usd,
        currency=None if bill is None else bill.currency,
        stopped_by=_stopped_by(row),
    )


def recorded_from_row(row: sqlite3.Row, invocations: list[Invocation]) -> RecordedRun:
    """A whole run from its row and its invocations."""
    scenario, target = _scenario(row), _target(row)
    if row["summary"] is not None:
        summary, bill = summary_from_text(row["summary"]), bill_from_text(row["bill"])
    else:
        region = DEFAULT_REGION if target is None else target.region
        summary, bill = recomputed(invocations, region, scenario)
    return RecordedRun(
        run_id=row["run_id"],
        started_at=row["started_at"],
        scenario=scenario,
        target=target,
        invocations=invocations,
        summary=summary,
        bill=bill,
        state=_state(row),
        stopped_by=_stopped_by(row),
    )


def _scenario(row: sqlite3.Row) -> Scenario:
    try:
        return parse_scenario(json.loads(row["scenario"]))
    except InvalidInput as error:
        raise StorageError(f"Run {row['run_id']} cannot be read back: {error.message}") from error


def _target(row: sqlite3.Row) -> TargetDescription | None:
    text = row["target"]
    return None if text is None else TargetDescription.from_document(json.loads(text))


def _stopped_by(row: sqlite3.Row) -> StopReason | None:
    text = row["stopped_by"]
    return None if text is None else StopReason(**json.loads(text))


def _state(row: sqlite3.Row) -> RecordedState:
    if row["summary"] is not None:
        return "finished"
    return "recording" if _is_alive(row["recorder_pid"]) else "interrupted"


def _is_alive(pid: int) -> bool:
    # If the process id now belongs to another program, a dead run shows as recording: harmless,
    # the same figures are computed for both.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
