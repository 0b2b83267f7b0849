"""Runs in SQLite, written as they happen, and their exports."""

from lambda_tui.history.codec import StopReason
from lambda_tui.history.document import MeasuredRun, run_document, write_csv
from lambda_tui.history.recorded import RecordedRun, RecordedState, RecordedTarget, RunListing
from lambda_tui.history.store import HistoryStore, RunRecorder

__all__ = [
    "HistoryStore",
    "MeasuredRun",
    "RecordedRun",
    "RecordedState",
    "RecordedTarget",
    "RunListing",
    "RunRecorder",
    "StopReason",
    "run_document",
    "write_csv",
]
