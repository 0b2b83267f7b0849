"""Runs beside each other: what changed from one to the next, and how the concurrency models rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results.statistics import percentile
from lambda_tui.scenario import ConcurrencyModel

TIE = 0.03
"""Models within 3% of the best share the first place: differences below that are noise on a busy host."""


@dataclass(frozen=True, slots=True)
class RunChange:
    """Relative change from one run to another: -0.66 is 66% less. None where a side has no value."""

    duration: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One concurrency model's row; `factor` is how many times faster than sequential it is, and
    `cost_change` its relative change of dollars per invocation against sequential."""

    model: ConcurrencyModel
    duration_ms: float | None
    billed_ms: Decimal | None
    per_million_usd: Decimal | None
    factor: float | None
    cost_change: float | None
    is_fastest: bool
    is_cheapest: bool
    error: str | None


def typical_duration_ms(snapshot: Snapshot) -> float | None:
    """The median warm Duration; where nothing ran warm, that of the cold ones (init apart)."""
    warm = snapshot.summary.duration_ms
    if warm is not None:
        return warm.p50
    cold = sorted(
        invocation.duration_ms
        for invocation in snapshot.invocations
        if invocation.status == "ok" and invocation.duration_ms is not None
    )
    return percentile(cold, 0.5) if cold else None


def compare_runs(before: Snapshot, after: Snapshot) -> RunChange:
    """Change of the median duration and of the dollars per invocation."""
    return RunChange(
        duration=_relative(typical_duration_ms(before), typical_duration_ms(after)),
        cost=_relative(_per_million(before), _per_million(after)),
    )


def compare_models(runs: Mapping[ConcurrencyModel, Snapshot]) -> dict[ConcurrencyModel, ModelResult]:
    """Rank the runs of one scenario through several models; runs without a success do not compete."""
    durations = {model: _competing_ms(run) for model, run in runs.items()}
    costs = {
        model: _per_million(run) if durations[model] is not None else None for model, run in runs.items()
    }
    fastest = min((value for value in durations.values() if value is not None), default=None)
    cheapest = min((value for value in costs.values() if value is not None), default=None)
    base = durations.get("sequential")
    return {
        model: ModelResult(
            model=model,
            duration_ms=durations[model],
            billed_ms=run.bill.billed_ms if durations[model] is not None else None,
            per_million_usd=costs[model],
            factor=_factor(base, durations[model]),
            cost_change=_relative(costs.get("sequential"), costs[model]),
            is_fastest=_within_tie(durations[model], fastest),
            is_cheapest=_within_tie(costs[model], cheapest),
            error=_first_error(run) if durations[model] is None else None,
        )
        for model, run in runs.items()
    }


def _competing_ms(run: Snapshot) -> float | None:
    return typical_duration_ms(run) if run.summary.ok else None


def _per_million(run: Snapshot) -> Decimal | None:
    return run.bill.per_million_usd if run.bill.invocations else None


def _relative(before: float | Decimal | None, after: float | Decimal | None) -> float | None:
    if before is None or after is None or before == 0:
        return None
    return float(after) / float(before) - 1


def _factor(base: float | None, value: float | None) -> float | None:
    return base / value if base is not None and value else None


def _within_tie(value: float | Decimal | None, best: float | Decimal | None) -> bool:
    return value is not None and best is not None and float(value) <= float(best) * (1 + TIE)


def _first_error(run: Snapshot) -> str | None:
    errors = (invocation.error for invocation in run.invocations if invocation.error is not None)
    error = next(errors, None)
    return None if error is None else f"{error.type}: {error.message}"
