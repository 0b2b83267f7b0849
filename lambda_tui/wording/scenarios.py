"""A scenario in one line, longer or shorter by the space available."""

from __future__ import annotations

from typing import Protocol

from lambda_tui.wording.numbers import format_ms, plural


class WordedScenario(Protocol):
    """What these lines say about a scenario; `lambda_tui.scenario.Scenario` has all of it."""

    @property
    def workload(self) -> str: ...
    @property
    def tasks(self) -> int: ...
    @property
    def task_ms(self) -> float: ...
    @property
    def work(self) -> int: ...
    @property
    def sized_by_time(self) -> bool: ...
    @property
    def sized_by_work(self) -> bool: ...
    @property
    def actual_operation(self) -> str | None: ...
    @property
    def concurrency(self) -> str: ...
    @property
    def workers(self) -> int: ...
    @property
    def memory_mb(self) -> int: ...
    @property
    def architecture(self) -> str: ...
    @property
    def function(self) -> str | None: ...
    @property
    def invocations(self) -> int: ...
    @property
    def callers(self) -> int: ...
    @property
    def rate(self) -> float | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def arrivals(self) -> str: ...
    @property
    def warmup(self) -> int: ...
    @property
    def planned_invocations(self) -> int: ...


def scenario_line(scenario: WordedScenario) -> str:
    """`http × 3 of 300 ms, threads × 3, 512 MB x86_64`."""
    if scenario.function is not None:
        return scenario.function
    sizes = [f"{scenario.task_ms:g} ms"] if scenario.sized_by_time else []
    sizes += [f"{scenario.work} work"] if scenario.sized_by_work else []
    what = " ".join(filter(None, (scenario.workload, scenario.actual_operation)))
    tasks = f"{what} × {scenario.tasks}{' of ' if sizes else ''}{' + '.join(sizes)}"
    return f"{tasks}, {model_text(scenario)}, {scenario.memory_mb} MB {scenario.architecture}"


def model_text(scenario: WordedScenario) -> str:
    """`threads × 3`, or `sequential`, which has no workers."""
    alone = scenario.concurrency == "sequential"
    return scenario.concurrency if alone else f"{scenario.concurrency} × {scenario.workers}"


def load_line(scenario: WordedScenario) -> str:
    """`open loop: 20/s for 3 s, poisson arrivals`, or `closed loop: 4 callers, 100 invocations`."""
    if scenario.rate is None or scenario.seconds is None:
        text = (
            f"closed loop: {plural(scenario.callers, 'caller')}, {plural(scenario.invocations, 'invocation')}"
        )
    else:
        text = f"open loop: {scenario.rate:g}/s for {scenario.seconds:g} s, {scenario.arrivals} arrivals"
    return f"{text} after {plural(scenario.warmup, 'warm-up invocation')}" if scenario.warmup else text


def model_and_memory(scenario: WordedScenario) -> str:
    """`threads × 3 · 512 MB`."""
    return f"{scenario.concurrency} × {scenario.workers} · {scenario.memory_mb:,} MB"


def work_line(scenario: WordedScenario) -> str:
    """`http 3 × 300 ms · 3 workers · 512 MB · 20 invocations`."""
    parts = (
        work_text(scenario),
        plural(scenario.workers, "worker"),
        f"{scenario.memory_mb:,} MB",
        plural(scenario.planned_invocations, "invocation"),
    )
    return " · ".join(parts)


def work_text(scenario: WordedScenario) -> str:
    """`http 3 × 300 ms`, `primes 3 × 1 work unit`, `s3 50 × 1 call`."""
    size = "1 call"
    if scenario.sized_by_time:
        size = format_ms(scenario.task_ms)
    elif scenario.sized_by_work:
        size = plural(scenario.work, "work unit")
    return f"{scenario.workload} {scenario.tasks} × {size}"


def work_and_model(scenario: WordedScenario) -> str:
    """`http × 3, threads × 3`, or the name of the user's own function."""
    if scenario.function is not None:
        return scenario.function
    return f"{scenario.workload} × {scenario.tasks}, {scenario.concurrency} × {scenario.workers}"
