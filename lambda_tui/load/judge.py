"""When a comparison of models has measured enough, and what it may conclude."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation
from lambda_tui.results.ratios import look_plan
from lambda_tui.runs.verdicts import ModelVerdict, all_decided, model_verdicts
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel, Scenario


@dataclass(frozen=True, slots=True)
class ComparisonState:
    """What is known so far: a run for each model, after `rounds` of at most `cap` rounds."""

    scenario: Scenario
    runs: Mapping[ConcurrencyModel, Snapshot]
    verdicts: Mapping[ConcurrencyModel, ModelVerdict]
    """As of the last look that was planned; empty before the first."""
    whole: Snapshot
    """All models together: progress, and how it ended."""
    rounds: int
    cap: int

    @property
    def is_final(self) -> bool:
        return self.whole.is_final

    @property
    def is_decided(self) -> bool:
        return bool(self.verdicts) and all_decided(self.verdicts)

    @property
    def best(self) -> Snapshot:
        """The run of the fastest model as far as that is known, otherwise sequential's."""
        winners = [verdict for verdict in self.verdicts.values() if verdict.is_winner and verdict.speed]
        fastest = max(
            winners, key=lambda verdict: verdict.speed.ratio if verdict.speed else 0.0, default=None
        )
        return self.runs["sequential" if fastest is None else fastest.model]


class Judge:
    """Takes every invocation of a comparison, and looks at them when a look is planned."""

    def __init__(self, scenario: Scenario) -> None:
        others = len(CONCURRENCY_MODELS) - 1
        # Each of them against sequential, and all but one against the fastest.
        self._looks = look_plan(scenario.invocations, 2 * others - 1)
        self.discarded = max(1, scenario.warmup, scenario.callers)
        """First uses of each model before the rounds: one a caller, each of which may get an environment."""
        self.verdicts: dict[ConcurrencyModel, ModelVerdict] = {}
        self._scenario = scenario
        self._taken = dict.fromkeys(CONCURRENCY_MODELS, 0)
        self._usable: dict[ConcurrencyModel, dict[int, Invocation]] = {model: {} for model in self._taken}
        self._used: set[tuple[str | None, ConcurrencyModel]] = set()
        self._looked_at = 0

    @property
    def cap(self) -> int:
        """The most rounds there will be."""
        return self._looks.cap

    @property
    def most(self) -> int:
        """The most invocations of a model, discarded ones included."""
        return self.discarded + self.cap

    @property
    def rounds(self) -> int:
        """Rounds that every model has been through."""
        return max(0, min(self._taken.values()) - self.discarded)

    def take(self, model: ConcurrencyModel, number: int, invocation: Invocation) -> None:
        """Add the invocation with that number, from 0, among those of its model.

        Judged are successes in an environment in which the model has been used before: the first use imports
        and makes what the later ones find.
        """
        self._taken[model] += 1
        use = (invocation.environment_id, model)
        is_first_use = use not in self._used
        self._used.add(use)
        is_warm = self._scenario.cold or not (invocation.cold or is_first_use)
        if invocation.status == "ok" and is_warm and number >= self.discarded:
            self._usable[model][number - self.discarded] = invocation

    def look(self) -> bool:
        """Judge if that is due; True where everything is decided now."""
        if not self._looks.is_due(self.rounds, self._looked_at):
            return False
        self._looked_at = self.rounds
        self.verdicts = model_verdicts(self._usable, self._scenario, self._looks.level)
        return all_decided(self.verdicts)
