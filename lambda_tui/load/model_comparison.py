"""All concurrency models through one scenario, round by round, until it is decided which are faster.

The models share execution environments: what slows one down slows all of them. Each round has every model
once, in an order of its own, so that drift hits all alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from lambda_tui.billing.prices import Rates
from lambda_tui.errors import LambdaTuiError
from lambda_tui.history import HistoryStore
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine_group import Batch
from lambda_tui.load.judge import ComparisonState, Judge
from lambda_tui.load.measurement import Measurement
from lambda_tui.load.planning import event_bytes
from lambda_tui.load.run import Run, new_run_id
from lambda_tui.load.snapshot import InvocationLog, Snapshot
from lambda_tui.scenario import CONCURRENCY_MODELS, ConcurrencyModel, Scenario
from lambda_tui.targets.protocol import Deployment, Target


def through_all_models(scenario: Scenario) -> list[Scenario]:
    """The scenario once for each model, as often as a comparison invokes it at most."""
    most = Judge(scenario).most
    return [
        _closed_loop(scenario).with_changes(concurrency=model, invocations=most, warmup=0)
        for model in CONCURRENCY_MODELS
    ]


class ModelComparison(Run):
    """Iterate `states` once; `stop` may be called from any thread. The history gets a run for each model."""

    def __init__(self, scenario: Scenario, target: Target, *, history: HistoryStore | None = None) -> None:
        self._judge = Judge(scenario)
        self._asked = _closed_loop(scenario)
        models = len(CONCURRENCY_MODELS)
        whole = self._asked.with_changes(
            concurrency=CONCURRENCY_MODELS[0],
            invocations=self._judge.cap * models,
            warmup=self._judge.discarded * models,
            max_usd=None if scenario.max_usd is None else scenario.max_usd * models,
            max_invocations=None if scenario.max_invocations is None else scenario.max_invocations * models,
            max_seconds=None if scenario.max_seconds is None else scenario.max_seconds * models,
        )
        super().__init__(whole, target, history=history, engines=1)
        self._order = _order(self._judge.most, scenario.seed)
        self._parts = {model: Measurement(self._scenario_of(model, whole)) for model in CONCURRENCY_MODELS}
        self._run_ids = {model: new_run_id() for model in CONCURRENCY_MODELS}

    def states(self) -> Iterator[ComparisonState]:
        """Run, and yield what is known at most ten times a second; the last one is final."""
        for whole in self.snapshots():
            yield ComparisonState(
                scenario=self._asked,
                runs={model: self._part(model, whole) for model in CONCURRENCY_MODELS},
                verdicts=dict(self._judge.verdicts),
                whole=whole,
                rounds=self._judge.rounds,
                cap=self._judge.cap,
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
            planned=self._judge.most,
        )

    def _scenario_of(self, model: ConcurrencyModel, deployed: Scenario) -> Scenario:
        """The scenario of one model's run, with the configuration of the deployed function."""
        return self._asked.with_changes(
            concurrency=model,
            warmup=self._judge.discarded,
            memory_mb=deployed.memory_mb,
            architecture=deployed.architecture,
            timeout_s=deployed.timeout_s,
        )

    # How it differs from a run of one scenario

    def _planned(self, scenario: Scenario, deployment: Deployment, rates: Rates) -> EnginePlan:
        for model, part in self._parts.items():
            part.begin(self._scenario_of(model, scenario), rates)
        events = [event_bytes(self._scenario_of(model, scenario)) for model in CONCURRENCY_MODELS]
        plan = super()._planned(scenario, deployment, rates)
        return replace(plan, event=events[0], other_events=tuple(events[1:]), order=self._order)

    def _begin_history(self, scenario: Scenario, deployment: Deployment) -> None:
        for model, part in self._parts.items():
            part.recorder = self._recorder(
                self._run_ids[model], self._scenario_of(model, scenario), deployment
            )

    def _finish_history(self) -> LambdaTuiError | None:
        failures = [part.finish(self._failure) for part in self._parts.values()]
        return next((failure for failure in failures if failure is not None), None)

    def _take(self, batch: Batch) -> None:
        for number, model in enumerate(CONCURRENCY_MODELS):
            own = [exchange for exchange in batch.exchanges if self._order[exchange.number] == number]
            if own:
                self._take_part(model, replace(batch, exchanges=own))
        if self._judge.look() and self._engines is not None:
            self._engines.finish()
        super()._take(batch)

    def _take_part(self, model: ConcurrencyModel, batch: Batch) -> None:
        part = self._parts[model]
        before = len(part.entries)
        error = part.take(batch)
        if error is not None:
            self._abort(error)
        for invocation in part.entries[before:]:
            self._judge.take(model, invocation.index // len(CONCURRENCY_MODELS), invocation)


def _closed_loop(scenario: Scenario) -> Scenario:
    """Rounds are a closed loop whatever the scenario's own load is, in environments ready for every model."""
    init = "lazy" if scenario.init == "lazy" else "all-models"
    return scenario.with_changes(rate=None, seconds=None, arrivals="constant", init=init)


def _order(rounds: int, seed: int) -> bytes:
    """Which model each invocation carries: every round all of them, each time in another order."""
    random = Random(seed)  # noqa: S311 (an experiment that can be repeated, no secret)
    models = range(len(CONCURRENCY_MODELS))
    return bytes(number for _ in range(rounds) for number in random.sample(models, len(models)))
