"""Duration as wait plus CPU: `wait + cpu / speed(memory, threads)`, fitted to measured sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean

from lambda_tui.aws_facts import MAX_MEMORY_MB, MIN_MEMORY_MB, MOST_CORES
from lambda_tui.billing.fields import amount, count
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast.speed import cpu_speed

_SIMPLER_IS_BETTER = 0.8
"""More threads must cut the fit error to this share to be preferred over fewer."""

_TYPICAL_ERROR = 0.07
"""Assumed until enough points show their own spread. With it, the intervals contain 86 % of the held-out
measurements of tests/forecast/data (docs/cost.md)."""


@dataclass(frozen=True, slots=True)
class Point:
    """A measured size: warm duration and, if the payload reported it, its CPU time."""

    memory_mb: int = count(least=MIN_MEMORY_MB, most=MAX_MEMORY_MB)
    duration_ms: Decimal = amount(most=5_400_000)  # noqa: RUF009  (a dataclasses.field)
    cpu_ms: Decimal | None = amount(default=None, most=50_000_000)  # noqa: RUF009
    workers: int | None = count(default=None, least=1, most=1000)
    max_memory_used_mb: int | None = count(default=None, most=MAX_MEMORY_MB)


@dataclass(frozen=True, slots=True)
class WaitCpuModel:
    """Times in milliseconds; `error` is the relative spread of the measured points around the model.

    `covariance` is that of (wait, cpu) for a relative spread of one, as (wait-wait, wait-cpu, cpu-cpu).
    """

    wait_ms: float
    cpu_ms: float
    threads: int
    fit_error_percent: float
    error: float
    covariance: tuple[float, float, float]

    def duration_ms(self, memory_mb: int, *, workers: int | None = None, speed_ratio: float = 1.0) -> float:
        """The duration at a size; `speed_ratio` is how much faster another architecture runs the CPU part."""
        threads = self.threads if workers is None else min(self.threads, workers)
        return self.wait_ms + self.cpu_ms / (cpu_speed(memory_mb, threads) * speed_ratio)

    def relative_error(self, memory_mb: int) -> float:
        """One standard deviation of a measurement at a size, as a share of the duration predicted there.

        It grows with the distance from the measured sizes, because wait and CPU are known only approximately.
        """
        duration = self.duration_ms(memory_mb)
        if not duration:
            return self.error
        slowness = 1 / cpu_speed(memory_mb, self.threads)
        wait_wait, wait_cpu, cpu_cpu = self.covariance
        variance = wait_wait + 2 * wait_cpu * slowness + cpu_cpu * slowness * slowness
        return self.error * math.sqrt(1 + max(0.0, variance) / (duration * duration))


def fit(points: Sequence[Point], *, threads: int | None = None) -> WaitCpuModel:
    """Fit the model by relative least squares; wait and CPU are never negative.

    A measured `cpu_ms` is taken as the CPU part, so one point is enough; otherwise the points must
    differ in speed. `threads` None infers how many threads the work can keep busy.

    Raises:
        InvalidInput: the points do not determine the model.
    """
    usable = [point for point in points if point.duration_ms > 0]
    if not usable:
        raise InvalidInput("points", "points holds no duration above zero.")
    candidates = [threads] if threads is not None else _thread_candidates(usable)
    best: WaitCpuModel | None = None
    for candidate in candidates:
        model = _fit_with(usable, candidate)
        if model is not None and (
            best is None or model.fit_error_percent < best.fit_error_percent * _SIMPLER_IS_BETTER - 1e-9
        ):
            best = model
    if best is None:
        raise InvalidInput(
            "points",
            "points do not tell waiting from computing: their sizes run at the same speed.",
            hint="Add a point at another memory size, or its cpu_ms.",
        )
    return best


def _thread_candidates(points: Sequence[Point]) -> list[int]:
    most = max((point.workers or MOST_CORES for point in points), default=1)
    return list(range(1, min(most, MOST_CORES) + 1))


def _fit_with(points: Sequence[Point], threads: int) -> WaitCpuModel | None:
    """The best model for a number of threads; None if wait and CPU cannot be told apart."""
    slowness = [1 / cpu_speed(point.memory_mb, min(threads, point.workers or threads)) for point in points]
    durations = [float(point.duration_ms) for point in points]
    known = [float(point.cpu_ms) for point in points if point.cpu_ms is not None]
    if known:
        cpu = fmean(known)
        wait, covariance = _wait_for(cpu, slowness, durations)
    elif max(slowness) - min(slowness) < 1e-6:
        return None
    else:
        wait, cpu, covariance = _relative_least_squares(slowness, durations)
    residuals = [
        (wait + cpu * slow) / measured - 1 for slow, measured in zip(slowness, durations, strict=True)
    ]
    freedom = len(points) - (1 if known else 2)
    spread = math.sqrt(math.fsum(r * r for r in residuals) / freedom) if freedom > 0 else 0.0
    return WaitCpuModel(
        wait_ms=wait,
        cpu_ms=cpu,
        threads=threads,
        fit_error_percent=100 * fmean(abs(residual) for residual in residuals),
        error=max(spread, _TYPICAL_ERROR if freedom < 3 else _TYPICAL_ERROR / 2),
        covariance=covariance,
    )


def _wait_for(
    cpu: float, slowness: Sequence[float], durations: Sequence[float]
) -> tuple[float, tuple[float, float, float]]:
    """The wait, not negative, with the least relative error for a known CPU part; and the covariance."""
    weights = [1 / (measured * measured) for measured in durations]
    waits = [measured - cpu * slow for slow, measured in zip(slowness, durations, strict=True)]
    total = math.fsum(weight * wait for weight, wait in zip(weights, waits, strict=True))
    return max(0.0, total / math.fsum(weights)), (1 / math.fsum(weights), 0.0, cpu * cpu / len(durations))


def _relative_least_squares(
    slowness: Sequence[float], durations: Sequence[float]
) -> tuple[float, float, tuple[float, float, float]]:
    """(wait, cpu, covariance), none below 0; minimises sum of ((wait + cpu x slowness)/duration - 1)^2."""
    a = [1 / measured for measured in durations]
    b = [slow / measured for slow, measured in zip(slowness, durations, strict=True)]
    aa, bb = math.fsum(x * x for x in a), math.fsum(x * x for x in b)
    ab = math.fsum(x * y for x, y in zip(a, b, strict=True))
    sum_a, sum_b = math.fsum(a), math.fsum(b)
    determinant = aa * bb - ab * ab
    if determinant > 0:
        wait = (sum_a * bb - sum_b * ab) / determinant
        cpu = (sum_b * aa - sum_a * ab) / determinant
        if wait >= 0 and cpu >= 0:
            return wait, cpu, (bb / determinant, -ab / determinant, aa / determinant)
    # The optimum is at a bound: all CPU or all wait, whichever fits better.
    only_cpu, only_wait = sum_b / bb, sum_a / aa
    cpu_error = math.fsum((only_cpu * x - 1) ** 2 for x in b)
    wait_error = math.fsum((only_wait * x - 1) ** 2 for x in a)
    if cpu_error <= wait_error:
        return 0.0, only_cpu, (0.0, 0.0, 1 / bb)
    return only_wait, 0.0, (1 / aa, 0.0, 0.0)
