"""Errors in a line, with what to do about them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambda_tui.results import AnsweredText, RunStatistics
from lambda_tui.tui.explore.feed_rows import status_text
from lambda_tui.wording.failures import failure_text
from tests.runs.made_runs import invocation


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        (
            "Sandbox.Timedout",
            "RequestId: 5b86 Error: Task timed out after 3.00 seconds",
            "Sandbox.Timedout: Task timed out after 3 s; --timeout sets the limit",
        ),
        (
            "OSError",
            "[Errno 38] Function not implemented",
            "OSError: [Errno 38] Lambda has no shared semaphores; Process and Pipe work",
        ),
        (
            "Runtime.OutOfMemory",
            "RequestId: 1 Error: Runtime exited",
            "Runtime.OutOfMemory: RequestId: 1 Error: Runtime exited; --memory sets the limit",
        ),
        ("KeyError", "'x'", "KeyError: 'x'"),
    ],
)
def test_an_error_says_what_to_do(kind: str, message: str, expected: str) -> None:
    assert failure_text(kind, message) == expected


def test_a_partial_batch_is_a_success_with_a_label_and_a_count() -> None:
    text = '{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}'
    partial = replace(invocation(0), payload=AnsweredText(text, None))
    whole = replace(invocation(1), payload=AnsweredText('{"batchItemFailures": []}', None))
    assert status_text(partial) == "ok · 2 of the batch failed"
    assert status_text(whole) == "ok"
    statistics = RunStatistics()
    for each in (partial, whole, invocation(2)):
        statistics.add(each)
    assert statistics.summary().partial_batches == 1
