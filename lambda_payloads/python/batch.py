"""The result of an SQS batch when some of its records failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from event import Workload
from outcome import Outcome


class BatchFailed(Exception):
    """One record failed, and with it the invocation: every record of the batch is delivered again."""


def batch_failures(workload: Workload, outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """The part of the response that names failed records; SQS delivers only these again.

    Raises:
        BatchFailed: some failed, and the operation is `whole-batch`.
    """
    if workload.kind != "sqs":
        return {}
    failed = [outcome for outcome in sorted(outcomes) if outcome.error is not None]
    if failed and workload.operation == "whole-batch":
        others = workload.tasks - len(failed)
        raise BatchFailed(
            f"{message_id(failed[0].task_index)} failed ({failed[0].error}), so the whole batch is delivered "
            f"again: {others} of {workload.tasks} records that were done will be done twice"
        )
    return {"batchItemFailures": [{"itemIdentifier": message_id(outcome.task_index)} for outcome in failed]}


def message_id(index: int) -> str:
    """The id of the batch's record for one task."""
    return f"message-{index}"
