"""A run as measured: live, recorded or one point of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lambda_tui.billing.bill import Bill
from lambda_tui.results import Invocation, Summary
from lambda_tui.results.statistics import percentile
from lambda_tui.runs.target import TargetDescription
from lambda_tui.scenario import Scenario


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """What every run has. `started_at` is ISO 8601 in UTC; `target` is None until one was reached."""

    run_id: str
    started_at: str
    scenario: Scenario
    target: TargetDescription | None
    invocations: Sequence[Invocation]
    summary: Summary
    bill: Bill


def typical_duration_ms(run: MeasuredRun) -> float | None:
    """The median warm Duration; if nothing ran warm, that of the cold starts (without init)."""
    warm = run.summary.duration_ms
    if warm is not None:
        return warm.p50
    cold = sorted(
        invocation.duration_ms
        for invocation in run.invocations
        if invocation.status == "ok" and invocation.duration_ms is not None
    )
    return percentile(cold, 0.5) if cold else None


def per_million_usd(run: MeasuredRun) -> Decimal | None:
    """Dollars per million invocations; None if nothing was invoked: zero would be a claim."""
    return run.bill.per_million_usd if run.bill.typical.invocations else None
