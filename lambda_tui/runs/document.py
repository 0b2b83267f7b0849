"""A run for other programs: the contract's `run` document."""

from __future__ import annotations

from typing import Any

from lambda_tui.billing import money_text
from lambda_tui.results import Invocation
from lambda_tui.runs.measured import MeasuredRun

RUN_SCHEMA = "lambda-tui/run@1"


def run_document(run: MeasuredRun) -> dict[str, Any]:
    """The `run` document of the contract."""
    return {
        "schema": RUN_SCHEMA,
        "id": run.run_id,
        "name": run.scenario.name,
        "started_at": run.started_at,
        "scenario": run.scenario.to_document(),
        "target": None if run.target is None else run.target.to_document(),
        "invocations": [invocation_document(invocation) for invocation in run.invocations],
        "summary": run.summary.to_document(),
        "bill": run.bill.to_document(),
    }


def invocation_document(invocation: Invocation) -> dict[str, Any]:
    """An entry of the run document's `invocations`."""
    # Money without an exponent, which spreadsheets and strict readers of decimals do not take.
    usd = None if invocation.usd is None else money_text(invocation.usd)
    return {**invocation.to_document(), "usd": usd}
