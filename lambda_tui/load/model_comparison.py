"""All concurrency models through one scenario, round by round, until it is decided which are faster.

The models share execution environments: what slows one down slows all of them. Each round has every model
once, in an order of its own, so that drift hits all alike. The first use of a model in an environment, where
modules are imported and pools made, is invoked, billed and shown, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from lambda_tui.billing.prices import Rates
from lambda_tui.errors import LambdaTuiError
from lambda_tui.history import HistoryStore
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine_group import Batch
from lambda_tui.load.measurement import Measurement
from lambda_tui.load.planning import event_bytes, plan_of
from lambda_tui.load.run import Run, new_run_id
from lambda_tui.load.snapshot import InvocationLog, Snapshot
from lambda_tui.results import Invocation
from lambda_tui.results.ratios import LookPlan, look_plan
from lambda_tui.runs.verdicts import ModelVerdict, all_decided, model_verdicts
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel, Scenario
from lambda_tui.targets.protocol import Deployment, Target


def through_all_models(scenario: Scenario) -> list[Scenario]:
    """The scenario once for each model, as often as the comparison may invoke it at most."""
    most = discarded_of(scenario) + look_plan_of(scenario).cap
    return [
        scenario.with_changes(
            concurrency=model, invocations=most, warmup=0, rate=None, seconds=None, arrivals="constant"
        )
        for model in CONCURRENCY_MODELS
    ]


def look_plan_of(scenario: Scenario) -> LookPlan:
    """When a comparison looks, in rounds: first after as many as the scenario has invocations."""
    others = len(CONCURRENCY_MODELS) - 1
    # Each of them against sequential, and all but one against the fastest.
    return look_plan(scenario.invocations, 2 * others - 1)


def discarded_of(scenario: Scenario) -> int:
    """First uses of each model before the rounds: one a caller, each of which may get an environment."""
    return max(1, scenario.warmup, scenario.callers)


@dataclass(frozen=True, slots=True)
class ComparisonState:
    """What is known so far: a run for each model, after `rounds` of at most `cap` rounds."""

    scenario: Scenario
    runs: Mapping[ConcurrencyModel, Snapshot]
    verdicts: Mapping[ConcurrencyModel, ModelVerdict]
    whole: Snapshot
    """All models together: progress, and how it ended."""
    rounds: int
    cap: int
    looked: bool
    """The verdicts are of a look that was planned; before the first one there are none to trust."""

    @property
    def is_decided(self) -> bool:
        return self.looked and all_decided(self.verdicts)

    @property
    def is_final(self) -> bool:
        return self.whole.is_final


class ModelComparison(Run):
    """Iterate `states` once; `stop` may be called from any thread. The history gets a run for each model."""

    def __init__(self, scenario: Scenario, target: Target, *, history: HistoryStore | None = None) -> None:
        self._looks = look_plan_of(scenario)
        self._discarded = discarded_of(scenario)
        models = len(CONCURRENCY_MODELS)
        super().__init__(
            scenario.with_changes(
                concurrency="sequential",
                invocations=self._looks.cap * models,
                warmup=self._discarded * models,
                rate=None,
                seconds=None,
                arrivals="constant",
                max_usd=None if scenario.max_usd is None else scenario.max_usd * models,
                max_invocations=_times(scenario.max_invocations, models),
                max_seconds=None if scenario.max_seconds is None else scenario.max_seconds * models,
            ),
            target,
            history=None,
            engines=1,
        )
        self._asked = scenario
        self._store = history
        self._order = _order(self._discarded + self._looks.cap, scenario.seed)
        self._parts = {model: Measurement(scenario.architecture) for model in CONCURRENCY_MODELS}
        self._run_ids = {model: new_run_id() for model in CONCURRENCY_MODELS}
        self._usable: dict[ConcurrencyModel, dict[int, Invocation]] = {
            model: {} for model in CONCURRENCY_MODELS
        }
        self._used: set[tuple[str | None, ConcurrencyModel]] = set()
        self._looked_at = 0
        self._verdicts: dict[ConcurrencyModel, ModelVerdict] = {}

    def states(self) -> Iterator[ComparisonState]:
        """Run, and yield what is known at most ten times a second; the last one is final."""
        for whole in self.snapshots():
            yield self._state(whole)

    def _state(self, whole: Snapshot) -> ComparisonState:
        rounds = self._rounds()
        return ComparisonState(
            scenario=self._asked,
            runs={model: self._part(model, whole) for model in CONCURRENCY_MODELS},
            verdicts=dict(self._verdicts),
            whole=whole,
            rounds=rounds,
            cap=self._looks.cap,
            looked=self._looked_at > 0,
        )

    def _part(self, model: ConcurrencyModel, whole: Snapshot) -> Snapshot:
        measured = self._parts[model]
        return replace(
            whole,
            run_id=self._run_ids[model],
            scenario=self._scenario_of(model, whole.scenario),
            invocations=InvocationLog(measured.entries),
            summary=measured.summary(),
            bill=measured.bill(),
            planned=self._discarded + self._looks.cap,
        )

    def _scenario_of(self, model: ConcurrencyModel, deployed: Scenario) -> Scenario:
        """The scenario of one model's run, with the configuration of the deployed function."""
        return self._asked.with_changes(
            concurrency=model,
            warmup=self._discarded,
            memory_mb=deployed.memory_mb,
            architecture=deployed.architecture,
            timeout_s=deployed.timeout_s,
            rate=None,
            seconds=None,
            arrivals="constant",
        )

    def _rounds(self) -> int:
        """Rounds that every model has been through."""
        through = (len(part.entries) - self._discarded for part in self._parts.values())
        return max(0, min(through))

    # How it differs from a run of one scenario

    def _planned(self, scenario: Scenario, deployment: Deployment, rates: Rates) -> EnginePlan:
        for part in self._parts.values():
            part.price_at(rates)
        events = [event_bytes(self._scenario_of(model, scenario)) for model in CONCURRENCY_MODELS]
        plan = plan_of(scenario, deployment, rates, self.run_id)
        return replace(plan, event=events[0], other_events=tuple(events[1:]), order=self._order)

    def _begin_history(self, scenario: Scenario, deployment: Deployment) -> None:
        if self._store is None:
            return
        for model, part in self._parts.items():
            part.recorder = self._store.begin(
                run_id=self._run_ids[model],
                name=self._asked.name,
                started_at=self._latest.started_at,
                scenario=self._scenario_of(model, scenario),
            )
            part.recorder.target(deployment.description)

    def _finish_history(self) -> LambdaTuiError | None:
        failures = [part.finish(self._failure) for part in self._parts.values()]
        return next((failure for failure in failures if failure is not None), None)

    def _take(self, batch: Batch) -> None:
        by_model: dict[ConcurrencyModel, list[int]] = {}
        for position, exchange in enumerate(batch.exchanges):
            by_model.setdefault(CONCURRENCY_MODELS[self._order[exchange.number]], []).append(position)
        for model, positions in by_model.items():
            part = self._parts[model]
            before = len(part.entries)
            mine = replace(batch, exchanges=[batch.exchanges[position] for position in positions])
            error = part.take(mine)
            if error is not None:
                self._abort(error)
            for invocation in part.entries[before:]:
                self._use(model, invocation)
        self._look()
        super()._take(batch)

    def _use(self, model: ConcurrencyModel, invocation: Invocation) -> None:
        """Keep what may be judged: successes in an environment that this model has been used in before."""
        use = (invocation.environment_id, model)
        is_first_use = use not in self._used
        self._used.add(use)
        is_warm = self._asked.cold or not (invocation.cold or is_first_use)
        if invocation.status == "ok" and is_warm and not invocation.warmup:
            round_ = (invocation.index - self._discarded * len(CONCURRENCY_MODELS)) // len(CONCURRENCY_MODELS)
            self._usable[model][round_] = invocation

    def _look(self) -> None:
        rounds = self._rounds()
        if not self._looks.is_due(rounds, self._looked_at):
            return
        self._looked_at = rounds
        self._verdicts = model_verdicts(self._usable, self._asked, self._looks.level)
        if all_decided(self._verdicts) and self._engines is not None:
            self._engines.finish()


def _times(limit: int | None, factor: int) -> int | None:
    return None if limit is None else limit * factor


def _order(rounds: int, seed: int) -> bytes:
    """Which model each invocation carries: every round all of them, each time in another order."""
    random = Random(seed)  # noqa: S311 (an experiment that can be repeated, no secret)
    models = range(len(CONCURRENCY_MODELS))
    return bytes(number for _ in range(rounds) for number in random.sample(models, len(models)))
