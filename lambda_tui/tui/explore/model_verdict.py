"""What a comparison of all models ends with: who won, by how much, and what is to be learned from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambda_tui.load.judge import ComparisonState
from lambda_tui.runs.ranking import rank_runs
from lambda_tui.runs.verdicts import BASE, ModelVerdict, Reason
from lambda_tui.wording.numbers import format_cheaper, format_factor

GAINED: dict[Reason, str] = {
    "waits": "Wait together, pay once",
    "computes": "More vCPUs compute at once",
    "overlaps": "Waits overlap, CPU does not",
}
NOT_GAINED: dict[Reason, str] = {
    "no CPU": "Models buy no CPU: memory does",
    "GIL": "One thread computes at a time",
    "starting": "Starting workers costs more",
    "serial": "Nothing waits together here",
}
"""Lessons in five words, by what was measured; the first that any model's measurement supports is told."""

OPEN = "More invocations may tell"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Three short lines for a room."""

    winners: tuple[str, ...]
    """The fastest, beyond doubt faster than sequential; none where no model is."""
    gain: str
    """`2.9× as fast, 59-64% cheaper`; otherwise that nothing was gained, or that it is too close to call."""
    lesson: str

    def sentence(self, width: int) -> str:
        """Winners and gain in one line of that many cells."""
        if not self.winners:
            return self.gain
        names = listing(self.winners)
        for sentence in (f"{names}: {self.gain} than sequential", f"{names}: {self.gain}"):
            if len(sentence) <= width:
                return sentence
        return f"{len(self.winners)} models: {self.gain} than sequential"


def verdict_of(state: ComparisonState) -> Verdict | None:
    """None where nothing could be judged: no model got through, or it was stopped before the first look."""
    verdicts = state.verdicts
    if not any(verdict.standing for verdict in verdicts.values()):
        return None
    winners = [verdict for verdict in verdicts.values() if verdict.is_winner]
    if winners:
        reasons = {verdict.why.reason for verdict in winners}
        return Verdict(
            tuple(verdict.model for verdict in winners), _gain(state, winners), _lesson(GAINED, reasons)
        )
    if not state.is_decided:
        return Verdict((), "Too close to call", OPEN)
    reasons = {verdict.why.reason for verdict in verdicts.values()}
    return Verdict((), "Sequential is as fast", _lesson(NOT_GAINED, reasons))


def _gain(state: ComparisonState, winners: Sequence[ModelVerdict]) -> str:
    ranked = rank_runs(state.runs, base=BASE)
    changes = [change for verdict in winners if (change := ranked[verdict.model].cost_change) is not None]
    best = max(verdict.speed.ratio for verdict in winners if verdict.speed is not None)
    cheaper = f", {format_cheaper(min(changes), max(changes))}" if changes else ""
    return f"{format_factor(best)} as fast{cheaper}"


def _lesson(lessons: dict[Reason, str], reasons: set[Reason]) -> str:
    return next((text for reason, text in lessons.items() if reason in reasons), "")


def listing(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
