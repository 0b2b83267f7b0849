"""One run from start to end: target, engine, history, statistics, bill, snapshots."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lambda_tui.billing.prices import Rates, load_prices
from lambda_tui.errors import Interrupted, LambdaTuiError, TargetError, TargetLost
from lambda_tui.history import HistoryStore, RunRecorder
from lambda_tui.load.credential_refresh import CredentialRefresh
from lambda_tui.load.endings import error_of_end, limit_of_end, lost_error
from lambda_tui.load.engine.limits import End
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine_group import Batch, EngineGroup, Started
from lambda_tui.load.measurement import Measurement
from lambda_tui.load.planning import check_load, engine_count, plan_of, sufficient_limit_usd
from lambda_tui.load.snapshot import InvocationLog, RunState, Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Deployment, Target

SNAPSHOT_INTERVAL_S = 0.1
DETACH_AFTER_S = 0.6
"""A stopped run ends this soon even if its target is still starting."""

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: sorts like the number, and no letter looks like a digit."""


def new_run_id() -> str:
    """Nine digits of milliseconds and five random ones: sorts by start, easy to type."""
    number = (time.time_ns() // 1_000_000 << 25) | secrets.randbits(25)
    text = "".join(_DIGITS[number >> shift & 31] for shift in range(65, -1, -5))
    return f"{text[:9]}-{text[9:]}"


class Run:
    """Executes one scenario on one target. Iterate `snapshots` once; `stop` may be called from any thread.

    Everything measured goes to the history before a snapshot shows it, in the run's own thread: a slow
    reader of `snapshots` delays nothing. `engines` is the number of load engine processes, for rates that
    are too high for one core; None takes it from the environment.
    """

    def __init__(
        self,
        scenario: Scenario,
        target: Target,
        *,
        history: HistoryStore | None = None,
        engines: int | None = None,
    ) -> None:
        self.run_id = new_run_id()
        self._scenario = scenario
        self._target = target
        self._history = history
        self._engine_count = engines
        self._engines: EngineGroup | None = None
        self._deployment: Deployment | None = None
        self._end = End("stopped")
        self._measured = Measurement(scenario)
        self._needed_usd = Decimal(0)
        self._failure: LambdaTuiError | None = None
        self._crash: BaseException | None = None
        self._stop_requested = threading.Event()
        self._news = threading.Condition()
        self._latest = Snapshot(
            run_id=self.run_id,
            started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            scenario=scenario,
            target=None,
            state="preparing",
            elapsed_ms=0.0,
            planned=scenario.planned_invocations,
            in_flight=0,
            invocations=InvocationLog(self._measured.entries),
            summary=self._measured.summary(),
            bill=self._measured.bill(),
        )

    def snapshots(self) -> Iterator[Snapshot]:
        """Run, and yield the state at most ten times a second; the last one is `finished`.

        Never raises a LambdaTuiError: it is in the last snapshot's `stopped_by`. Closing the iterator early
        stops the run.
        """
        worker = threading.Thread(target=self._work, name=f"run-{self.run_id}", daemon=True)
        worker.start()
        try:
            yield from self._coalesced()
        finally:
            self.stop()
            worker.join(DETACH_AFTER_S)

    def stop(self) -> None:
        """End the run now; requests in flight are abandoned. Thread-safe and idempotent."""
        self._stop_requested.set()
        engines = self._engines
        if engines is not None:
            engines.stop()
        with self._news:
            if not self._latest.is_final:
                self._latest = replace(self._latest, state="stopping")
            self._news.notify_all()

    def _coalesced(self) -> Iterator[Snapshot]:
        shown = self._latest
        yield shown
        let_go_at: float | None = None
        while not shown.is_final:
            self._wait_for_news(stop_is_known=self._stop_requested.is_set())
            if self._crash is not None:
                raise self._crash
            if self._stop_requested.is_set():
                let_go_at = let_go_at or time.monotonic() + DETACH_AFTER_S
                if time.monotonic() > let_go_at:
                    self._let_go()
            if self._latest is not shown:
                shown = self._latest
                yield shown

    def _wait_for_news(self, *, stop_is_known: bool) -> None:
        """Wait until the next snapshot is due: at once for the last one, and when a stop is requested."""
        with self._news:
            self._news.wait_for(
                lambda: self._latest.is_final or self._stop_requested.is_set() is not stop_is_known,
                SNAPSHOT_INTERVAL_S,
            )

    def _let_go(self) -> None:
        """End a stopped run whose target is still starting: its thread ends when it can."""
        with self._news:
            if not self._latest.is_final:
                self._latest = replace(
                    self._latest, state="finished", in_flight=0, stopped_by=self._interrupted(), note=""
                )

    def _work(self) -> None:
        try:
            self._execute()
        except LambdaTuiError as error:
            self._failure = self._failure or error
        except BaseException as crash:  # noqa: BLE001 - a thread's end: the iterating thread raises it
            self._crash = crash
        if self._stop_requested.is_set() and self._end.kind != "done":
            self._failure = self._interrupted()
        not_recorded = self._finish_history()
        self._failure = self._failure or not_recorded
        self._publish("finished", in_flight=0, stopped_by=self._failure, note="")

    def _execute(self) -> None:
        check_load(self._scenario)
        with EngineGroup(self._engine_count or engine_count()) as engines:
            self._engines = engines
            self._prepare(engines)
            assert self._deployment is not None
            with CredentialRefresh(self._deployment, engines.use_credentials) as refresh:
                self._follow(engines, refresh)

    def _prepare(self, engines: EngineGroup) -> None:
        self._raise_if_stopped()
        self._target.open(self._progress)
        self._raise_if_stopped()
        self._progress(f"configuring {self._scenario.function_name}")
        deployment = self._deployment = self._target.prepare(self._scenario)
        self._raise_if_stopped()
        rates = load_prices().rates(deployment.region, deployment.architecture)
        # The user's own function runs as it is configured, not as the scenario says.
        scenario = replace(
            self._scenario,
            memory_mb=deployment.memory_mb,
            architecture=deployment.architecture,
            timeout_s=deployment.timeout_s,
        )
        self._measured.begin(scenario, rates)
        plan = self._planned(scenario, deployment, rates)
        self._begin_history(scenario, deployment)
        self._publish("preparing", scenario=scenario, target=deployment.description, note="connecting")
        self._measured.statistics.worst_case_usd = Decimal(plan.worst_case_usd)
        engines.start(plan)

    def _planned(self, scenario: Scenario, deployment: Deployment, rates: Rates) -> EnginePlan:
        # A spend limit guards money: where nothing is charged it would only slow the experiment.
        guarded = scenario if self._target.costs_money else replace(scenario, max_usd=None)
        self._needed_usd = sufficient_limit_usd(guarded, deployment, rates)
        return plan_of(guarded, deployment, rates, self.run_id)

    def _follow(self, engines: EngineGroup, refresh: CredentialRefresh) -> None:
        for message in engines.messages():
            if isinstance(message, Started):
                self._publish("running", note="")
            elif isinstance(message, Batch):
                self._take(message)
                if not self._target.is_alive():
                    self._abort(self._lost())
            else:
                self._end = message
                self._conclude(refresh.failure)

    def _take(self, batch: Batch) -> None:
        error = self._measured.take(batch)
        if error is not None:
            self._abort(error)
        self._publish("running", elapsed_ms=batch.now_ms, in_flight=batch.in_flight)

    def _conclude(self, not_renewed: TargetError | None) -> None:
        self._measured.statistics.add_abandoned(self._end.abandoned)
        if self._failure is None and not self._target.is_alive():
            self._failure = self._lost()
        self._failure = self._failure or self._error_of_end(not_renewed) or self._limit_reached()

    def _error_of_end(self, not_renewed: TargetError | None) -> LambdaTuiError | None:
        assert self._deployment is not None
        return error_of_end(
            self._end,
            self._deployment,
            failed=self._measured.newest_failure(),
            count=len(self._measured.entries),
            not_renewed=not_renewed,
        )

    def _limit_reached(self) -> LambdaTuiError | None:
        return limit_of_end(
            self._end,
            self._scenario,
            self._measured.summary(),
            spent_usd=self._measured.spent_usd,
            worst_case_usd=self._measured.statistics.worst_case_usd,
            held_back=self._measured.statistics.held_back,
            needed_usd=self._needed_usd,
        )

    def _abort(self, error: LambdaTuiError) -> None:
        """Stop the engines because of `error`; what they still report is kept."""
        if self._failure is None and self._engines is not None:
            self._failure = error
            self._engines.stop()

    def _lost(self) -> TargetLost:
        assert self._deployment is not None
        return lost_error(self._deployment, len(self._measured.entries))

    def _interrupted(self) -> Interrupted:
        planned = self._scenario.planned_invocations
        text = f"Stopped after {len(self._measured.entries)} of {planned} invocations"
        if self._end.abandoned:
            text += f"; {self._end.abandoned} still running and possibly billed, not waited for"
        return Interrupted(f"{text}.")

    def _raise_if_stopped(self) -> None:
        if self._stop_requested.is_set():
            raise self._interrupted()

    def _begin_history(self, scenario: Scenario, deployment: Deployment) -> None:
        self._measured.recorder = self._recorder(self.run_id, scenario, deployment)

    def _recorder(self, run_id: str, scenario: Scenario, deployment: Deployment) -> RunRecorder | None:
        if self._history is None:
            return None
        recorder = self._history.begin(
            run_id=run_id, name=self._scenario.name, started_at=self._latest.started_at, scenario=scenario
        )
        recorder.target(deployment.description)
        return recorder

    def _finish_history(self) -> LambdaTuiError | None:
        return self._measured.finish(self._failure)

    def _progress(self, note: str) -> None:
        self._publish("preparing", note=note)

    def _publish(self, state: RunState, **changes: Any) -> None:
        stopping = self._stop_requested.is_set() and state != "finished"
        snapshot = replace(
            self._latest,
            state="stopping" if stopping else state,
            invocations=InvocationLog(self._measured.entries),
            summary=self._measured.summary(),
            bill=self._measured.bill(),
            **changes,
        )
        with self._news:
            if not self._latest.is_final:
                self._latest = snapshot
                if snapshot.is_final:
                    self._news.notify_all()
