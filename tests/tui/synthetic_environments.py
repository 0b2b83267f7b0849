"""Runs in a pool of environments that is computed, not measured: fixed times, a cap, throttles."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lambda_tui.billing import RunBill, load_prices
from lambda_tui.errors import Interrupted
from lambda_tui.load.snapshot import InvocationLog, RunState, Snapshot
from lambda_tui.results import Invocation, InvocationError, Report, RunStatistics
from lambda_tui.scenario import Scenario
from tests.tui.synthetic import DESCRIPTION

INIT_MS, OVERHEAD_MS = 90.0, 4.0


def pool_invocations(arrivals_ms: Sequence[float], duration_ms: float, cap: int) -> list[Invocation]:
    """What a pool of at most `cap` environments answers, in order of the answers; last used, first reused."""
    free: list[tuple[float, str]] = []
    made = 0
    answers = []
    for index, arrival_ms in enumerate(arrivals_ms):
        ready = [entry for entry in free if entry[0] <= arrival_ms]
        if not ready and made == cap:
            answers.append(_throttled(index, arrival_ms))
            continue
        cold = not ready
        if cold:
            made += 1
            environment_id = f"environment-{made:08d}"
        else:
            entry = max(ready)
            free.remove(entry)
            environment_id = entry[1]
        answer = _answered(index, arrival_ms, duration_ms + index * 37 % 11, environment_id, cold=cold)
        free.append((answer.ended_ms, environment_id))
        answers.append(answer)
    return sorted(answers, key=lambda answer: (answer.ended_ms, answer.index))


def _answered(
    index: int, started_ms: float, duration_ms: float, environment_id: str, *, cold: bool
) -> Invocation:
    init_ms = INIT_MS + index % 7 if cold else None
    billed_ms = -int(-(duration_ms + (init_ms or 0.0)) // 1)
    return Invocation(
        index=index,
        scheduled_ms=started_ms,
        started_ms=started_ms,
        ended_ms=started_ms + OVERHEAD_MS + (init_ms or 0.0) + duration_ms,
        status="ok",
        error=None,
        request_id=None,
        environment_id=environment_id,
        cold=cold,
        warmup=False,
        report=Report(None, duration_ms, billed_ms, 512, 41, init_ms=init_ms),
        usd=None,
        payload=None,
    )


def _throttled(index: int, started_ms: float) -> Invocation:
    answer = _answered(index, started_ms, 0.0, "", cold=False)
    error = InvocationError("ConcurrentInvocationLimitExceeded", "Rate Exceeded.")
    return replace(answer, status="throttled", error=error, environment_id=None, report=None)


def arrivals_of(scenario: Scenario) -> list[float]:
    """All at once in groups of `callers`, or evenly spaced at `rate`."""
    if scenario.rate is not None:
        return [number * 1000 / scenario.rate for number in range(scenario.planned_invocations)]
    return [number // scenario.callers * 2000.0 for number in range(scenario.invocations)]


class PoolRun:
    """A run in such a pool; `gate` holds it back after the first half."""

    def __init__(
        self, scenario: Scenario, run_id: str, *, cap: int = 64, gate: threading.Event | None = None
    ) -> None:
        self.run_id = run_id
        self.scenario = scenario
        self._answers = pool_invocations(arrivals_of(scenario), scenario.task_ms, cap)
        self._gate = gate
        self._stopped = threading.Event()
        self._entries: list[Invocation] = []
        self._statistics = RunStatistics()
        self._bill = RunBill(load_prices().rates("us-east-1", scenario.architecture))

    def stop(self) -> None:
        self._stopped.set()
        if self._gate is not None:
            self._gate.set()

    def snapshots(self) -> Iterator[Snapshot]:
        half = len(self._answers) // 2
        self._take(self._answers[:half])
        yield self._snapshot("running")
        if self._gate is not None:
            self._gate.wait()
        if not self._stopped.is_set():
            self._take(self._answers[half:])
        yield self._snapshot("finished")

    def _take(self, answers: Sequence[Invocation]) -> None:
        for answer in answers:
            usd = None
            if answer.report is not None:
                usd = self._bill.add(
                    memory_mb=answer.report.memory_mb,
                    billed_ms=answer.report.billed_ms,
                    duration_ms=answer.report.duration_ms,
                    init_ms=answer.report.init_ms,
                )
            self._entries.append(replace(answer, usd=usd))
            self._statistics.add(answer)

    def _snapshot(self, state: RunState) -> Snapshot:
        return Snapshot(
            run_id=self.run_id,
            started_at=f"2026-11-21T10:00:00.{int(self.run_id[1:]):03d}+00:00",
            scenario=self.scenario,
            target=DESCRIPTION,
            state=state,
            elapsed_ms=max((answer.ended_ms for answer in self._entries), default=0.0),
            planned=self.scenario.planned_invocations,
            in_flight=0,
            invocations=InvocationLog(self._entries),
            summary=self._statistics.summary(),
            bill=self._bill.bill(),
            stopped_by=Interrupted("Stopped.") if self._stopped.is_set() else None,
        )


class PoolRuns:
    """A run factory that remembers what it started."""

    def __init__(self, *, cap: int = 64, gate: threading.Event | None = None) -> None:
        self.started: list[PoolRun] = []
        self._cap = cap
        self._gate = gate

    def __call__(self, scenario: Scenario) -> PoolRun:
        run = PoolRun(scenario, f"r{len(self.started) + 1}", cap=self._cap, gate=self._gate)
        self.started.append(run)
        return run
