"""Runs made of numbers that are fixed: what a real run would deliver, without time or a Lambda."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from lambda_tui.billing import RunBill, load_prices
from lambda_tui.errors import Interrupted, LambdaTuiError
from lambda_tui.load.judge import ComparisonState, Judge
from lambda_tui.load.snapshot import InvocationLog, RunState, Snapshot
from lambda_tui.results import Invocation, InvocationError, Report, RunStatistics
from lambda_tui.runs.target import TargetDescription, TargetKind
from lambda_tui.scenario import CONCURRENCY_MODELS, Scenario
from lambda_tui.targets.protocol import Credentials, Deployment, Progress

DESCRIPTION = TargetDescription(
    kind="local",
    region="us-east-1",
    endpoint="http://127.0.0.1:1",
    cpu_enforcement="cgroup-v1",
    memory_enforcement="cgroup",
    host_cpus=2,
    vcpus=0.29,
    host_limited=False,
)
SERIAL = ("sequential", "asyncio-blocking")
OVERHEAD_MS = {
    "sequential": 4.2,
    "threads": 3.1,
    "thread-pool": 3.9,
    "asyncio": 9.6,
    "asyncio-blocking": 6.0,
    "processes": 61.0,
}


def invocation(scenario: Scenario, index: int, started_ms: float = 0.0) -> Invocation:
    """One invocation with a deterministic wobble; the first is cold, `process-pool` fails as on Lambda."""
    cold = index == 0
    wobble = (index * 37 % 11) * 1.3
    if scenario.concurrency == "process-pool":
        report = Report(None, 21.4, 22, scenario.memory_mb, 38, status="error")
        error = InvocationError("OSError", "[Errno 38] Function not implemented")
        return _record(scenario, index, started_ms, report, error, None)
    tasks, end = _tasks(scenario, wobble)
    duration = end + 1.4
    init = 96.4 if cold else None
    report = Report(
        None, duration, -int(-(duration + (init or 0)) // 1), scenario.memory_mb, 41, init_ms=init
    )
    payload = {
        "schema": 1,
        "tasks": tasks,
        "handler_ms": end,
        "cpu_ms": 12.4,
        "completed": scenario.tasks,
        "environment_id": "env-7f3a91c2",
    }
    return _record(scenario, index, started_ms, report, None, payload)


def _tasks(scenario: Scenario, wobble: float) -> tuple[list[dict[str, Any]], float]:
    overhead = OVERHEAD_MS[scenario.concurrency]
    serial = scenario.concurrency in SERIAL
    lanes = 1 if serial else scenario.workers
    free = [overhead / 2 + 0.4 * lane for lane in range(lanes)]
    names = {"sequential": "main", "processes": "process", "asyncio": "task", "asyncio-blocking": "task"}
    stem = names.get(scenario.concurrency, "thread")
    tasks = []
    for index in range(scenario.tasks):
        lane = free.index(min(free))
        start = free[lane]
        free[lane] = end = start + scenario.task_ms + 1.1 + wobble * (0.4 + index % 3 * 0.3)
        worker = stem if stem == "main" else f"{stem}-{lane + 1}"
        tasks.append(
            {"index": index, "worker": worker, "start_ms": start, "end_ms": end, "ok": True, "error": None}
        )
    return tasks, max(free) + overhead / 2


def _record(
    scenario: Scenario,
    index: int,
    started_ms: float,
    report: Report,
    error: InvocationError | None,
    payload: dict[str, Any] | None,
) -> Invocation:
    rates = load_prices().rates("us-east-1", scenario.architecture)
    usd = RunBill(rates).add(
        memory_mb=report.memory_mb,
        billed_ms=report.billed_ms,
        duration_ms=report.duration_ms,
        init_ms=report.init_ms,
    )
    latency = report.duration_ms + 3.7 + (report.init_ms or 0)
    return Invocation(
        index=index,
        scheduled_ms=started_ms,
        started_ms=started_ms,
        ended_ms=started_ms + latency,
        status="ok" if error is None else "function_error",
        error=error,
        request_id=f"00000000-0000-0000-0000-{index:012d}",
        environment_id="env-7f3a91c2",
        cold=report.init_ms is not None,
        warmup=False,
        report=report,
        usd=usd,
        payload=payload,
    )


class SyntheticRun:
    """A run that delivers one invocation a snapshot; `gate` holds it back until it is set."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        run_id: str = "r1",
        gate: threading.Event | None = None,
        hold_after: int | None = None,
        ends_with: LambdaTuiError | None = None,
        pace_s: float = 0.0,
        batch: int | None = None,
    ) -> None:
        self.run_id = run_id
        self.scenario = scenario
        self._gate = gate
        self._hold_after = hold_after
        self._ends_with = ends_with
        self._pace_s = pace_s
        self._batch = batch or (1 if gate or pace_s else 5)
        self._stopped = threading.Event()
        self._entries: list[Invocation] = []
        self._statistics = RunStatistics()
        self._bill = RunBill(load_prices().rates("us-east-1", scenario.architecture))
        self._clock_ms = 0.0

    def stop(self) -> None:
        self._stopped.set()
        if self._gate is not None:
            self._gate.set()

    def snapshots(self) -> Iterator[Snapshot]:
        yield self.snapshot("preparing")
        for index in range(self.scenario.invocations):
            if self.step(index) is None:
                break
            if index % self._batch == 0:
                yield self.snapshot("running")
        yield self.snapshot("finished")

    def step(self, index: int) -> Invocation | None:
        """One invocation; None where the run was stopped."""
        if self._gate is not None and (self._hold_after is None or index >= self._hold_after):
            self._gate.wait()
        if self._stopped.wait(self._pace_s):
            return None
        answer = invocation(self.scenario, index, self._clock_ms)
        self._take(answer)
        return answer

    def _take(self, answer: Invocation) -> None:
        assert answer.report is not None
        self._clock_ms = answer.ended_ms
        self._entries.append(answer)
        self._statistics.add(answer)
        self._bill.add(
            memory_mb=answer.report.memory_mb,
            billed_ms=answer.report.billed_ms,
            duration_ms=answer.report.duration_ms,
            init_ms=answer.report.init_ms,
        )

    def snapshot(self, state: RunState) -> Snapshot:
        stopped_by = self._ends_with
        if self._stopped.is_set():
            stopped_by = Interrupted(f"Stopped after {len(self._entries)} invocations.")
        return Snapshot(
            run_id=self.run_id,
            started_at="2026-11-21T10:00:00.000+00:00",
            scenario=self.scenario,
            target=DESCRIPTION,
            state=state,
            elapsed_ms=self._clock_ms,
            planned=self.scenario.planned_invocations,
            in_flight=1 if state == "running" else 0,
            invocations=InvocationLog(self._entries),
            summary=self._statistics.summary(),
            bill=self._bill.bill(),
            stopped_by=stopped_by if state == "finished" else None,
            note="starting environment" if state == "preparing" else "",
        )


class SyntheticRuns:
    """A run factory that remembers what it started."""

    def __init__(self, make: Callable[[Scenario, str], SyntheticRun] | None = None) -> None:
        self._make = make or (lambda scenario, run_id: SyntheticRun(scenario, run_id=run_id))
        self.started: list[SyntheticRun] = []
        self.compared: list[SyntheticComparison] = []

    def __call__(self, scenario: Scenario) -> SyntheticRun:
        run = self._make(scenario, f"r{len(self.started) + 1}")
        self.started.append(run)
        return run

    def compare(self, scenario: Scenario) -> SyntheticComparison:
        comparison = SyntheticComparison(scenario, self._make)
        self.compared.append(comparison)
        return comparison

    @property
    def scenarios(self) -> list[Scenario]:
        return [run.scenario for run in self.started]


class SyntheticComparison:
    """All models, round by round, judged as real ones are."""

    def __init__(self, scenario: Scenario, make: Callable[[Scenario, str], SyntheticRun]) -> None:
        self.scenario = scenario
        self._judge = Judge(scenario)
        self._runs = {
            model: make(scenario.with_changes(concurrency=model, invocations=self._judge.most), f"r-{model}")
            for model in CONCURRENCY_MODELS
        }
        self._entries: list[Invocation] = []

    def stop(self) -> None:
        for run in self._runs.values():
            run.stop()

    def states(self) -> Iterator[ComparisonState]:
        yield self._state("preparing")
        for number in range(self._judge.most):
            if not self._round(number) or self._judge.look():
                break
            yield self._state("running")
        yield self._state("finished")

    def _round(self, number: int) -> bool:
        for model, run in self._runs.items():
            answer = run.step(number)
            if answer is None:
                return False
            self._entries.append(answer)
            self._judge.take(model, number, answer)
        return True

    def _state(self, state: RunState) -> ComparisonState:
        runs = {model: run.snapshot(state) for model, run in self._runs.items()}
        whole = replace(
            runs["sequential"],
            invocations=InvocationLog(self._entries),
            elapsed_ms=sum(run.elapsed_ms for run in runs.values()),
        )
        return ComparisonState(
            scenario=self.scenario,
            runs=runs,
            verdicts=dict(self._judge.verdicts),
            whole=whole,
            rounds=self._judge.rounds,
            cap=self._judge.cap,
        )


class SilentTarget:
    """A target that is there and does nothing: the synthetic runs need none."""

    def __init__(self, kind: TargetKind = "local", error: LambdaTuiError | None = None) -> None:
        self._kind = kind
        self.error = error
        self.opened = 0
        self.region = "us-east-1"

    @property
    def kind(self) -> TargetKind:
        return self._kind

    @property
    def label(self) -> str:
        return "local · cgroup-v1 · us-east-1" if self._kind == "local" else "aws · default · us-east-1"

    @property
    def costs_money(self) -> bool:
        return self._kind != "local"

    def open(self, progress: Progress) -> None:
        self.opened += 1
        progress("starting the local Lambda")
        if self.error is not None:
            raise self.error

    def prepare(self, scenario: Scenario) -> Deployment:
        """What a question before money is spent needs to know; nothing can be invoked with it."""
        return Deployment(
            endpoint="http://127.0.0.1:1",
            region=self.region,
            credentials=Credentials("", ""),
            function_name=scenario.function_name,
            qualifier=None,
            memory_mb=scenario.memory_mb,
            architecture=scenario.architecture,
            timeout_s=scenario.timeout_s,
            description=replace(DESCRIPTION, kind=self._kind, region=self.region),
        )

    def is_alive(self) -> bool:
        return True

    def close(self) -> None:
        pass
