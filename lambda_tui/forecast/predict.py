"""Predictions for sizes that were not measured, with interval and price; measured sizes stay apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean
from typing import Any

from lambda_tui.aws_facts import FULL_VCPU_MB, MAX_MEMORY_MB, MIN_MEMORY_MB, vcpus_of
from lambda_tui.billing import Rates, invocation_usd, money_text
from lambda_tui.billing.fields import read_fields
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast.model import Point, WaitCpuModel, fit

QUANTUM_MS = 20
"""Lambda's CPU quota is allotted in periods of 20 ms (Lin, Ma and Shahrad, EuroSys 2026)."""

USUAL_SIZES_MB = (128, 256, 512, 768, 1024, 1536, FULL_VCPU_MB, 2048, 3008, 4096, 5120, 6144, 8192, 10240)

_SIGMAS = 2


@dataclass(frozen=True, slots=True)
class Prediction:
    """Duration at a size, priced per invocation (request and duration at the first tier).

    A measured size carries its measured mean, minimum and maximum instead of a forecast.
    """

    memory_mb: int
    duration_ms: float
    low_ms: float
    high_ms: float
    usd: Decimal
    measured: bool

    @property
    def per_million_usd(self) -> Decimal:
        return self.usd * 1_000_000

    def to_document(self) -> dict[str, Any]:
        return {
            "memory_mb": self.memory_mb,
            "duration_ms": round(self.duration_ms, 3),
            "low_ms": round(self.low_ms, 3),
            "high_ms": round(self.high_ms, 3),
            "usd": money_text(self.usd),
            "measured": self.measured,
        }


@dataclass(frozen=True, slots=True)
class Forecast:
    """A fitted model and what it predicts."""

    model: WaitCpuModel
    predictions: tuple[Prediction, ...]

    def to_document(self) -> dict[str, Any]:
        """The forecast document (contract: `forecast`)."""
        model = self.model
        return {
            "schema": "lambda-tui/forecast@1",
            "model": {
                "name": "wait+cpu",
                "parameters": {
                    "wait_ms": round(model.wait_ms, 3),
                    "cpu_ms": round(model.cpu_ms, 3),
                    "threads": model.threads,
                },
                "fit_error_percent": round(model.fit_error_percent, 2),
            },
            "predictions": [prediction.to_document() for prediction in self.predictions],
        }


def forecast(
    points: Sequence[Point], at: Iterable[int], rates: Rates, *, threads: int | None = None
) -> Forecast:
    """Fit the points and predict every size of `at`, in the given order.

    Raises:
        InvalidInput: the points do not determine a model.
    """
    model = fit(points, threads=threads)
    predictions = tuple(_measured(size, points, rates) or predict(model, size, rates) for size in at)
    return Forecast(model, predictions)


def predict(model: WaitCpuModel, memory_mb: int, rates: Rates, *, speed_ratio: float = 1.0) -> Prediction:
    """Predict one size that was not measured.

    The interval is twice the model's spread; a throttled function may also gain or lose a quota period of
    20 ms, which below 60 ms is most of its duration.
    """
    duration = model.duration_ms(memory_mb, speed_ratio=speed_ratio)
    margin = _SIGMAS * model.relative_error(memory_mb)
    slack = QUANTUM_MS if vcpus_of(memory_mb) < 1 and model.cpu_ms else 0
    fastest = model.wait_ms + model.cpu_ms / (model.threads * speed_ratio)
    low = max(duration * (1 - margin) - slack, fastest * (1 - margin), 0.0)
    return Prediction(
        memory_mb=memory_mb,
        duration_ms=duration,
        low_ms=low,
        high_ms=duration * (1 + margin) + slack,
        usd=_usd(duration, memory_mb, rates),
        measured=False,
    )


def parse_points(document: object) -> tuple[list[Point], int | None]:
    """Read a points document: (points, threads or None).

    Raises:
        InvalidInput: for the first invalid field.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("points"), list):
        raise InvalidInput(
            "points", 'points are needed: {"points": [{"memory_mb": 512, "duration_ms": 300}]}.'
        )
    unknown = [name for name in document if name not in ("points", "threads", "schema")]
    if unknown:
        raise InvalidInput(unknown[0], f"{unknown[0]} is not a known field.", hint="Known: points, threads.")
    points = [
        read_fields(Point, item, prefix=f"points[{number}].")
        for number, item in enumerate(document["points"])
    ]
    return points, _threads(document.get("threads"))


def parse_sizes(text: str) -> list[int]:
    """Memory sizes from a comma list; raises InvalidInput for one that Lambda does not have."""
    sizes = []
    for word in text.split(","):
        if not word.strip().isdecimal() or not MIN_MEMORY_MB <= int(word) <= MAX_MEMORY_MB:
            raise InvalidInput(
                "at",
                f"at cannot be {word.strip()!r}: memory sizes go from {MIN_MEMORY_MB} to {MAX_MEMORY_MB} MB.",
            )
        sizes.append(int(word))
    return sizes


def _threads(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
        raise InvalidInput("threads", f"threads cannot be {value!r}: it is a whole number from 1, or null.")
    return value


def _measured(memory_mb: int, points: Sequence[Point], rates: Rates) -> Prediction | None:
    durations = [float(point.duration_ms) for point in points if point.memory_mb == memory_mb]
    if not durations:
        return None
    mean = fmean(durations)
    usd = _usd(mean, memory_mb, rates)
    return Prediction(memory_mb, mean, min(durations), max(durations), usd, measured=True)


def _usd(duration_ms: float, memory_mb: int, rates: Rates) -> Decimal:
    return invocation_usd(rates, memory_mb=memory_mb, billed_ms=math.ceil(duration_ms))
