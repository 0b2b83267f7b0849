"""Measured runs as the basis of a what-if question: durations by size, and the model fitted to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean
from typing import Literal

from lambda_tui.aws_facts import FULL_VCPU_MB
from lambda_tui.billing import Rates
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast.model import Point, WaitCpuModel, fit
from lambda_tui.forecast.predict import Prediction, forecast, predict
from lambda_tui.results.task_span import cpu_ms
from lambda_tui.runs.measured import MeasuredRun
from lambda_tui.scenario import Scenario

DurationKind = Literal["measured", "forecast", "held", "typed"]
"""`held`: one measured size says nothing about others, so its duration is used at every size."""

SHAPE = (
    *("workload", "operation", "tasks", "task_ms", "work", "concurrency", "workers"),
    *("runtime", "function", "payload"),
)
"""What must be equal for two runs to be points of one curve; memory, load and limits may differ."""


@dataclass(frozen=True, slots=True)
class SizeDuration:
    """The duration at a memory size in milliseconds, with the interval it may lie in."""

    memory_mb: int
    duration_ms: Decimal
    low_ms: Decimal
    high_ms: Decimal
    kind: DurationKind


@dataclass(frozen=True, slots=True)
class MeasuredBase:
    """A run and those of the same shape at other sizes; `model` is None if they do not determine one."""

    run_id: str
    scenario: Scenario
    sizes: tuple[SizeDuration, ...]
    init_ms: Decimal
    model: WaitCpuModel | None
    why_no_model: str = ""

    def at(self, memory_mb: int, architecture: str, arm_speed_ratio: Decimal, rates: Rates) -> SizeDuration:
        """The duration at a size: measured where it was, forecast elsewhere.

        `arm_speed_ratio` is how many times faster arm64 computes than x86_64; waiting stays the same.
        """
        same = architecture == self.scenario.architecture
        if same:
            for size in self.sizes:
                if size.memory_mb == memory_mb:
                    return size
        if self.model is None:
            held = min(self.sizes, key=lambda size: abs(size.memory_mb - memory_mb))
            return SizeDuration(memory_mb, held.duration_ms, held.low_ms, held.high_ms, "held")
        ratio = Decimal(1)
        if not same:
            ratio = arm_speed_ratio if architecture == "arm64" else 1 / arm_speed_ratio
        return forecast_at(self.model, memory_mb, ratio, rates)


def forecast_at(model: WaitCpuModel, memory_mb: int, speed_ratio: Decimal, rates: Rates) -> SizeDuration:
    """What the model says about a size on a CPU that is `speed_ratio` times as fast as the measured one."""
    predicted = predict(model, memory_mb, rates, speed_ratio=float(speed_ratio))
    duration, low, high = (
        _ms(value) for value in (predicted.duration_ms, predicted.low_ms, predicted.high_ms)
    )
    return SizeDuration(memory_mb, duration, low, high, "forecast")


def shape_of(scenario: Scenario) -> tuple[object, ...]:
    """What the duration depends on besides memory; equal for runs that belong on one curve."""
    return (scenario.architecture, *(repr(getattr(scenario, name)) for name in SHAPE))


def measured_base(run: MeasuredRun, others: Iterable[MeasuredRun] = ()) -> MeasuredBase:
    """`run` with those of `others` that have its shape.

    Raises:
        InvalidInput: the run has no successful invocation.
    """
    own = _point(run)
    if own is None:
        raise InvalidInput("run", "That run has no successful invocation to go by.")
    measured = [own, *_points_of_shape(run, others)]
    model, why = _model(measured, run.scenario)
    init = run.summary.init_ms
    return MeasuredBase(
        run_id=run.run_id,
        scenario=run.scenario,
        sizes=_sizes(measured),
        init_ms=_ms(init.p50) if init is not None else Decimal(0),
        model=model,
        why_no_model=why,
    )


OVERVIEW_SIZES_MB = (128, 256, 512, 1024, FULL_VCPU_MB, 3008, 10240)
"""Few enough to fit side by side under a bill."""


def cost_by_memory(run: MeasuredRun, others: Iterable[MeasuredRun], rates: Rates) -> tuple[Prediction, ...]:
    """Warm duration and price of one invocation at the overview's sizes and all measured ones, ascending.

    Raises:
        InvalidInput: the runs do not show how the duration depends on memory.
    """
    own = _point(run)
    points = [*([own] if own is not None else []), *_points_of_shape(run, others)]
    sizes = sorted({*OVERVIEW_SIZES_MB, *(point.memory_mb for point in points)})
    return forecast(points, sizes, rates, threads=usable_threads(run.scenario)).predictions


def usable_threads(scenario: Scenario) -> int | None:
    """How many threads can compute at once; None where it depends on the work (the GIL) and is inferred."""
    if scenario.concurrency in ("sequential", "asyncio", "asyncio-blocking"):
        return 1
    return min(scenario.workers, scenario.tasks) if scenario.concurrency == "processes" else None


def _model(points: Sequence[Point], scenario: Scenario) -> tuple[WaitCpuModel | None, str]:
    try:
        return fit(points, threads=usable_threads(scenario)), ""
    except InvalidInput as error:
        return None, str(error)


def _points_of_shape(run: MeasuredRun, others: Iterable[MeasuredRun]) -> list[Point]:
    """What those of `others` measured that belong on the curve of `run`."""
    shape = shape_of(run.scenario)
    alike = [other for other in others if other.run_id != run.run_id and shape_of(other.scenario) == shape]
    return [point for point in map(_point, alike) if point is not None]


def _point(run: MeasuredRun) -> Point | None:
    """The mean warm duration and CPU time of a run; those of cold starts if none was warm."""
    good = [each for each in run.invocations if each.status == "ok" and not each.warmup and each.report]
    chosen = [each for each in good if not each.cold] or good
    durations = [each.duration_ms for each in chosen if each.duration_ms is not None]
    if not durations or not fmean(durations):
        return None
    cpu = [value for value in map(cpu_ms, chosen) if value is not None]
    scenario = run.scenario
    return Point(
        memory_mb=scenario.memory_mb,
        duration_ms=_ms(fmean(durations)),
        cpu_ms=_ms(fmean(cpu)) if cpu else None,
        workers=min(scenario.workers, scenario.tasks),
    )


def _sizes(points: Sequence[Point]) -> tuple[SizeDuration, ...]:
    by_size: dict[int, list[Decimal]] = {}
    for point in points:
        by_size.setdefault(point.memory_mb, []).append(point.duration_ms)
    return tuple(
        SizeDuration(memory_mb, _ms(fmean(map(float, times))), min(times), max(times), "measured")
        for memory_mb, times in sorted(by_size.items())
    )


def _ms(value: float) -> Decimal:
    """A measured or predicted time to the microsecond."""
    return Decimal(f"{value:.3f}")
