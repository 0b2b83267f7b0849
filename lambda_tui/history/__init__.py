"""Runs in SQLite, written as they happen."""

from lambda_tui.history.codec import StopReason
from lambda_tui.history.recorded import RecordedRun, RecordedState, RunListing
from lambda_tui.history.store import HistoryStore, RunRecorder

__all__ = [
    "HistoryStore",
    "RecordedRun",
    "RecordedState",
    "RunListing",
    "RunRecorder",
    "StopReason",
]
