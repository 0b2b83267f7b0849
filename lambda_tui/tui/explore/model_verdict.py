"""What a comparison of all models ends with: who won, by how much, and what is to be learned from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lambda_tui.runs.ranking import RankedRun
from lambda_tui.scenario import CPU_WORKLOADS, WAITING_WORKLOADS, ConcurrencyModel, WorkloadKind
from lambda_tui.wording.numbers import format_cheaper, format_factor


@dataclass(frozen=True, slots=True)
class Verdict:
    """Three short lines for a room."""

    winners: tuple[str, ...]
    """The fastest, within noise; none where sequential is among them."""
    gain: str
    """`2.9× as fast, 59-64% cheaper`, or `fastest`; otherwise that nothing was gained."""
    lesson: str

    def sentence(self, width: int) -> str:
        """Winners and gain in one line of that many cells."""
        if not self.winners:
            return "No model is faster than sequential: this work gains nothing here."
        than = "" if "fastest" in self.gain else " than sequential"
        names = listing(self.winners)
        for sentence in (f"{names}: {self.gain}{than}", f"{names}: {self.gain}"):
            if len(sentence) <= width:
                return sentence
        return f"{len(self.winners)} models: {self.gain}{than}"


def verdict_of(results: Mapping[ConcurrencyModel, RankedRun], workload: WorkloadKind) -> Verdict | None:
    """None where no model got through."""
    winners = {model: result for model, result in results.items() if result.is_fastest}
    if not winners:
        return None
    if "sequential" in winners:
        return Verdict((), "Sequential is as fast", lesson(workload, gained=False))
    best = min(winners.values(), key=lambda winner: winner.duration_ms or 0.0)
    changes = [winner.cost_change for winner in winners.values() if winner.cost_change is not None]
    gain = "fastest"
    if best.factor is not None and changes:
        gain = f"{format_factor(best.factor)} as fast, {format_cheaper(min(changes), max(changes))}"
    return Verdict(tuple(winners), gain, lesson(workload, gained=True))


def lesson(workload: WorkloadKind, *, gained: bool) -> str:
    """Why it came out like this, in five words."""
    if workload not in CPU_WORKLOADS:
        return "Wait together, pay once" if gained else "Nothing waits together here"
    if not gained:
        return "Models buy no CPU: memory does"
    return "Waits overlap, CPU does not" if workload in WAITING_WORKLOADS else "More vCPUs compute at once"


def listing(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
