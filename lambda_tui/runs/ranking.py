"""Runs compared: what changed from one to the next, and how several of them rank."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from lambda_tui.runs.measured import MeasuredRun, per_million_usd, typical_duration_ms
from lambda_tui.wording.failures import failure_text
from lambda_tui.wording.scenarios import work_text

TIE = 0.03
"""Runs within 3% of the best share the first place: differences below that are noise on a busy host."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class RunChange:
    """Relative change from one run to another: -0.66 is 66% less. None where a side has no value, and where
    they did other work: `differs` says what the first one did."""

    duration: float | None
    cost: float | None
    differs: str = ""


@dataclass(frozen=True, slots=True)
class RankedRun:
    """One run among several; `factor` is how many times faster than the base run it is, and `cost_change`
    its relative change of dollars per invocation against the base run."""

    duration_ms: float | None
    billed_ms: Decimal | None
    per_million_usd: Decimal | None
    factor: float | None
    cost_change: float | None
    is_fastest: bool
    is_cheapest: bool
    error: str | None


def compare_runs(before: MeasuredRun, after: MeasuredRun) -> RunChange:
    """Change of the median warm duration and of the dollars per warm invocation."""
    differs = other_work(before, after)
    if differs:
        return RunChange(None, None, differs)
    return RunChange(
        duration=_relative(typical_duration_ms(before), typical_duration_ms(after)),
        cost=_relative(per_million_usd(before), per_million_usd(after)),
    )


def other_work(before: MeasuredRun, after: MeasuredRun) -> str:
    """What the first run did, where that is not what the second one did; empty where both did the same.

    Models, workers, memory and architecture are what runs are compared by; the work itself must be the same.
    """
    first, second = before.scenario, after.scenario
    if first.function is not None or second.function is not None:
        if first.function_name != second.function_name:
            return first.function_name
        return "" if first.payload == second.payload else f"{first.function_name} with another payload"
    words = work_text(first)
    if (words, first.actual_operation, first.runtime) != (
        work_text(second),
        second.actual_operation,
        second.runtime,
    ):
        named = (
            words,
            first.actual_operation or "",
            "" if first.runtime == second.runtime else first.runtime,
        )
        return " ".join(part for part in named if part)
    return "" if first.cold == second.cold else f"{words}, {'cold' if first.cold else 'warm'}"


def rank_runs(runs: Mapping[Key, MeasuredRun], *, base: Key) -> dict[Key, RankedRun]:
    """Rank runs by what they differ in (a concurrency model, a size), against the one under `base`.

    Runs without a success do not compete; without a base run, there are no factors and no cost changes.
    """
    durations = {key: _competing_ms(run) for key, run in runs.items()}
    costs = {key: per_million_usd(run) if durations[key] is not None else None for key, run in runs.items()}
    fastest = min((value for value in durations.values() if value is not None), default=None)
    cheapest = min((value for value in costs.values() if value is not None), default=None)
    return {
        key: RankedRun(
            duration_ms=durations[key],
            billed_ms=run.bill.typical.billed_ms if durations[key] is not None else None,
            per_million_usd=costs[key],
            factor=_factor(durations.get(base), durations[key]),
            cost_change=_relative(costs.get(base), costs[key]),
            is_fastest=_within_tie(durations[key], fastest),
            is_cheapest=_within_tie(costs[key], cheapest),
            error=_first_error(run) if durations[key] is None else None,
        )
        for key, run in runs.items()
    }


def _competing_ms(run: MeasuredRun) -> float | None:
    return typical_duration_ms(run) if run.summary.ok else None


def _relative(before: float | Decimal | None, after: float | Decimal | None) -> float | None:
    if before is None or after is None or before == 0:
        return None
    return float(after) / float(before) - 1


def _factor(base: float | None, value: float | None) -> float | None:
    return base / value if base is not None and value else None


def _within_tie(value: float | Decimal | None, best: float | Decimal | None) -> bool:
    return value is not None and best is not None and float(value) <= float(best) * (1 + TIE)


def _first_error(run: MeasuredRun) -> str | None:
    errors = (invocation.error for invocation in run.invocations if invocation.error is not None)
    error = next(errors, None)
    return None if error is None else failure_text(error.type, error.message)
