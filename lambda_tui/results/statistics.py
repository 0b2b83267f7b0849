"""Statistics of a run, added to one invocation at a time and summarised at most ten times a second.

Warm and cold are never mixed: `duration_ms` and `handler_ms` hold warm invocations only, `init_ms` cold
ones only. Warm-up invocations are left out of every distribution, but not out of the bill. Samples are
kept exactly (one sorted list per metric): percentiles are measured values, not bucket borders.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from lambda_tui.results.invocation import Invocation


@dataclass(frozen=True, slots=True)
class Distribution:
    """A metric's summary, in the metric's own unit (milliseconds everywhere here)."""

    count: int
    mean: float
    stddev: float
    min: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    max: float


def percentile(ordered: Sequence[float], fraction: float) -> float:
    """The nearest-rank percentile of an ascending, non-empty sequence; always a measured value."""
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)]


class Samples:
    """Exact samples of one metric, kept ascending, with running moments (Welford)."""

    def __init__(self) -> None:
        self._ordered: list[float] = []
        self._mean = 0.0
        self._squares = 0.0

    def add(self, value: float) -> None:
        insort(self._ordered, value)
        delta = value - self._mean
        self._mean += delta / len(self._ordered)
        self._squares += delta * (value - self._mean)

    def distribution(self) -> Distribution | None:
        """None while there is no sample; `stddev` is the sample standard deviation (n - 1)."""
        ordered = self._ordered
        if not ordered:
            return None
        count = len(ordered)
        return Distribution(
            count=count,
            mean=self._mean,
            stddev=math.sqrt(self._squares / (count - 1)) if count > 1 else 0.0,
            min=ordered[0],
            p50=percentile(ordered, 0.50),
            p90=percentile(ordered, 0.90),
            p95=percentile(ordered, 0.95),
            p99=percentile(ordered, 0.99),
            p999=percentile(ordered, 0.999),
            max=ordered[-1],
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """The `summary` of the run document. Counts include warm-up invocations; distributions do not."""

    invocations: int = 0
    ok: int = 0
    function_errors: int = 0
    throttled: int = 0
    failed: int = 0
    cold_starts: int = 0
    environments: int = 0
    throughput_per_s: float = 0.0
    dropped: int = 0
    latency_ms: Distribution | None = None
    service_ms: Distribution | None = None
    duration_ms: Distribution | None = None
    handler_ms: Distribution | None = None
    init_ms: Distribution | None = None
    start_error_ms: Distribution | None = None
    billed_ms: int = 0
    gb_seconds: Decimal = Decimal(0)

    def to_document(self) -> dict[str, Any]:
        """JSON-ready, `gb_seconds` as an exact decimal string."""
        return {**asdict(self), "gb_seconds": format(self.gb_seconds, "f")}


@dataclass(slots=True)
class RunStatistics:
    """Accumulates invocations; `summary()` may be asked for at any time."""

    _counts: dict[str, int] = field(
        default_factory=lambda: {"ok": 0, "function_error": 0, "throttled": 0, "failed": 0}
    )
    _samples: dict[str, Samples] = field(
        default_factory=lambda: {
            name: Samples()
            for name in ("latency_ms", "service_ms", "duration_ms", "handler_ms", "init_ms", "start_error_ms")
        }
    )
    _environments: set[str] = field(default_factory=set)
    _cold_starts: int = 0
    _dropped: int = 0
    _billed_ms: int = 0
    _gb_seconds: Decimal = Decimal(0)
    _first_start_ms: float = math.inf
    _last_end_ms: float = 0.0

    def add(self, invocation: Invocation) -> None:
        """Count one invocation. Failures count as such and have no place in the time distributions."""
        self._counts[invocation.status] += 1
        self._cold_starts += invocation.cold
        if invocation.environment_id is not None:
            self._environments.add(invocation.environment_id)
        self._first_start_ms = min(self._first_start_ms, invocation.started_ms)
        self._last_end_ms = max(self._last_end_ms, invocation.ended_ms)
        if invocation.report is not None:
            self._billed_ms += invocation.report.billed_ms
            self._gb_seconds += invocation.report.gb_seconds
        if not invocation.warmup:
            self._add_times(invocation)

    def add_dropped(self, count: int) -> None:
        """Starts that were planned and not made because too many were in flight."""
        self._dropped += count

    def _add_times(self, invocation: Invocation) -> None:
        self._samples["start_error_ms"].add(invocation.started_ms - invocation.scheduled_ms)
        if invocation.cold and invocation.report is not None and invocation.report.init_ms is not None:
            self._samples["init_ms"].add(invocation.report.init_ms)
        if invocation.status != "ok":
            return
        self._samples["latency_ms"].add(invocation.latency_ms)
        self._samples["service_ms"].add(invocation.service_ms)
        if invocation.cold:
            return
        if invocation.duration_ms is not None:
            self._samples["duration_ms"].add(invocation.duration_ms)
        if invocation.handler_ms is not None:
            self._samples["handler_ms"].add(invocation.handler_ms)

    def summary(self) -> Summary:
        """A frozen summary of everything added so far."""
        total = sum(self._counts.values())
        span_s = (self._last_end_ms - self._first_start_ms) / 1000 if total else 0.0
        return Summary(
            invocations=total,
            ok=self._counts["ok"],
            function_errors=self._counts["function_error"],
            throttled=self._counts["throttled"],
            failed=self._counts["failed"],
            cold_starts=self._cold_starts,
            environments=len(self._environments),
            throughput_per_s=total / span_s if span_s > 0 else 0.0,
            dropped=self._dropped,
            billed_ms=self._billed_ms,
            gb_seconds=self._gb_seconds,
            **{name: samples.distribution() for name, samples in self._samples.items()},
        )
