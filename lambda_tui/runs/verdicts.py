"""Concurrency models measured side by side: which are faster than sequential, how sure that is, and why.

A verdict follows from intervals of paired durations; the reason from what was measured: CPU time, the CPU
share of the memory size, and when tasks ran.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from lambda_tui.aws_facts import vcpus_of
from lambda_tui.results import Invocation
from lambda_tui.results.ratios import AS_FAST, SpeedRatio, Standing, speed_ratio
from lambda_tui.results.task_span import cpu_ms, task_spans
from lambda_tui.scenario import ConcurrencyModel, Scenario
from lambda_tui.wording.numbers import format_ms, format_vcpus

BASE: ConcurrencyModel = "sequential"

EXPLAINED = 5
"""Of so many newest invocations the tasks are looked at: their payloads have to be parsed."""

OVERLAPS = 1.2
"""Tasks side by side on average, from which on they are said to overlap."""

COMPUTES = 0.7
"""Share of the CPU it could have that an invocation uses, from which on it is said to compute."""

WAITS = 0.5
"""Share below which it is said to wait."""

Rounds = Mapping[int, float]
"""Durations in ms by the round they were measured in."""


Reason = Literal["base", "waits", "computes", "overlaps", "starting", "serial", "no CPU", "GIL", "unknown"]


@dataclass(frozen=True, slots=True)
class Why:
    """What was measured that explains a standing, and the same in a few words; empty where nothing does."""

    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class ModelVerdict:
    """One model against sequential. `is_winner`: surely faster, and not surely slower than the fastest."""

    model: ConcurrencyModel
    speed: SpeedRatio | None
    standing: Standing | None
    """None for sequential itself, and where nothing was measured."""
    beside_best: SpeedRatio | None
    """Against the fastest, for a model that is faster than sequential; None for the fastest and the rest."""
    is_winner: bool
    why: Why

    @property
    def is_decided(self) -> bool:
        """Nothing about it is open: against sequential, and whether it shares the first place. Within 5 % of
        the fastest it does, which more rounds would hardly change."""
        beside = self.beside_best
        is_placed = beside is None or beside.standing == "slower" or beside.ratio > 1 / (1 + AS_FAST)
        return self.standing != "undecided" and is_placed

    def to_document(self) -> dict[str, Any]:
        """A row of the run document's `verdict`."""
        speed = self.speed
        return {
            "key": self.model,
            "ratio": None if speed is None else speed.ratio,
            "low": None if speed is None else speed.low,
            "high": None if speed is None else speed.high,
            "decided": self.is_decided,
            "why": self.why.text,
        }


def model_verdicts(
    measured: Mapping[ConcurrencyModel, Mapping[int, Invocation]], scenario: Scenario, level: float
) -> dict[ConcurrencyModel, ModelVerdict]:
    """Judge every model by its usable invocations, each under the number of its round.

    `level` is the share of false verdicts an interval may have; `scenario` says the size.
    """
    rounds = {model: _durations(invocations) for model, invocations in measured.items()}
    speeds = {
        model: _paired(rounds.get(BASE, {}), durations, level)
        for model, durations in rounds.items()
        if model != BASE
    }
    best, beside = _beside_best(speeds, rounds, level)
    accounts = {model: _account(list(invocations.values())) for model, invocations in measured.items()}
    return {
        model: ModelVerdict(
            model=model,
            speed=speeds.get(model),
            standing=_standing(speeds.get(model)),
            beside_best=beside.get(model),
            is_winner=model == best or (model in beside and beside[model].standing != "slower"),
            why=_why(model, _standing(speeds.get(model)), accounts, vcpus_of(scenario.memory_mb)),
        )
        for model in measured
    }


def all_decided(verdicts: Mapping[ConcurrencyModel, ModelVerdict]) -> bool:
    """Nothing is open: every model that got through stands."""
    return all(verdict.is_decided for verdict in verdicts.values())


def _durations(invocations: Mapping[int, Invocation]) -> dict[int, float]:
    return {round_: each.duration_ms for round_, each in invocations.items() if each.duration_ms}


def _paired(base: Rounds, other: Rounds, level: float) -> SpeedRatio | None:
    shared = sorted(base.keys() & other.keys())
    return speed_ratio([base[each] for each in shared], [other[each] for each in shared], level)


def _standing(speed: SpeedRatio | None) -> Standing | None:
    return None if speed is None else speed.standing


def _beside_best(
    speeds: Mapping[ConcurrencyModel, SpeedRatio | None],
    rounds: Mapping[ConcurrencyModel, Rounds],
    level: float,
) -> tuple[ConcurrencyModel | None, dict[ConcurrencyModel, SpeedRatio]]:
    """The fastest of the models that are faster than sequential, and how the others of them stand to it."""
    faster = {model: speed for model, speed in speeds.items() if speed and speed.standing == "faster"}
    if not faster:
        return None, {}
    best = max(faster, key=lambda model: faster[model].ratio)
    beside = {model: _paired(rounds[best], rounds[model], level) for model in faster if model != best}
    return best, {model: speed for model, speed in beside.items() if speed is not None}


@dataclass(frozen=True, slots=True)
class _Account:
    """Medians over a model's newest invocations; None where the function does not tell."""

    duration_ms: float
    cpu_ms: float | None
    overlap: float | None
    """How many tasks ran at a time, on average."""
    first_task_ms: float | None
    """From the entry of the handler to the start of the first task."""


def _account(invocations: Sequence[Invocation]) -> _Account | None:
    newest = [each for each in invocations if each.duration_ms is not None][-EXPLAINED:]
    if not newest:
        return None
    spans = [spans for spans in map(task_spans, newest) if spans]
    overlaps = [
        sum(span.end_ms - span.start_ms for span in tasks)
        / max(1e-6, max(span.end_ms for span in tasks) - tasks[0].start_ms)
        for tasks in spans
    ]
    used = [value for value in map(cpu_ms, newest) if value is not None]
    return _Account(
        duration_ms=median(each.duration_ms or 0.0 for each in newest),
        cpu_ms=median(used) if used else None,
        overlap=median(overlaps) if overlaps else None,
        first_task_ms=median(tasks[0].start_ms for tasks in spans) if spans else None,
    )


UNKNOWN = Why("unknown", "")


def _why(
    model: ConcurrencyModel,
    standing: Standing | None,
    accounts: Mapping[ConcurrencyModel, _Account | None],
    vcpus: float,
) -> Why:
    own, base = accounts.get(model), accounts.get(BASE)
    if own is None or base is None or own.overlap is None:
        return UNKNOWN
    if model == BASE:
        return Why("base", "one after another")
    if standing == "faster":
        waits = own.cpu_ms is not None and own.cpu_ms < WAITS * own.duration_ms * min(1.0, vcpus)
        return _why_faster(own, base, waits=waits)
    starting = _what_starting_takes(model, own, base)
    if starting:
        return Why("starting", starting)
    if own.overlap < OVERLAPS:
        return Why("serial", "one after another: nothing overlaps")
    return _why_no_gain(model, own, vcpus)


def _why_faster(own: _Account, base: _Account, *, waits: bool) -> Why:
    if waits:
        return Why("waits", "waits together")
    if own.cpu_ms is not None and own.cpu_ms > 1.1 * own.duration_ms:
        return Why("computes", f"computes on {own.cpu_ms / own.duration_ms:.1f} vCPUs at once")
    if own.overlap is not None and base.overlap is not None and own.overlap > OVERLAPS * base.overlap:
        return Why("overlaps", "waits overlap, CPU does not")
    return UNKNOWN


def _what_starting_takes(model: ConcurrencyModel, own: _Account, base: _Account) -> str:
    """The time until the first task runs, or the CPU time that more than the tasks took."""
    start_ms = (own.first_task_ms or 0.0) - (base.first_task_ms or 0.0)
    if start_ms > max(5.0, 0.03 * base.duration_ms):
        return f"{format_ms(start_ms)} to start {_workers_of(model)}"
    if own.cpu_ms is not None and base.cpu_ms is not None:
        extra_ms = own.cpu_ms - base.cpu_ms
        if extra_ms > max(2.0, 0.1 * base.cpu_ms):
            return f"{format_ms(extra_ms)} more CPU for {_workers_of(model)}"
    return ""


def _why_no_gain(model: ConcurrencyModel, own: _Account, vcpus: float) -> Why:
    if own.cpu_ms is None or own.cpu_ms < COMPUTES * own.duration_ms * min(1.0, vcpus):
        return UNKNOWN
    if vcpus <= 1.0:
        return Why("no CPU", f"{format_vcpus(vcpus)}: nothing to gain")
    if model.startswith("process"):
        return UNKNOWN
    return Why("GIL", "the GIL lets one thread compute at a time")


def _workers_of(model: ConcurrencyModel) -> str:
    return "processes" if model.startswith("process") else "threads"
