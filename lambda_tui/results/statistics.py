"""Statistics of a run, added to one invocation at a time and summarised at most ten times a second.

Warm and cold are never mixed: `duration_ms` and `handler_ms` hold warm invocations only, `init_ms` cold
ones only. Warm-up invocations are left out of every distribution, but not out of the bill. Samples are
kept exactly: percentiles are measured values, not bucket borders.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from typing import Any

from lambda_tui.results.answered import failed_items
from lambda_tui.results.intervals import PERCENTILES, Interval, quantile_interval
from lambda_tui.results.invocation import Invocation
from lambda_tui.results.samples import Samples

UNANSWERED = frozenset({"ReadTimeout", "ConnectionClosed", "InvalidResponse", "ResponseTooLarge"})
"""Transport errors that come after the invocation was sent: Lambda may have run it."""

DECIMALS = ("gb_seconds", "possibly_billed_usd", "unreported_usd", "lawful_per_million_usd")

MAX_START_ERROR_MS = 1.0
MAX_ENGINE_CPU_PERCENT = 70.0
"""Beyond these the load generator, not Lambda, may be what was measured (of one core; p99 of the starts)."""


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


def rank_of(fraction: float, count: int) -> int:
    """The rank, from 0, of the nearest-rank percentile."""
    return max(0, math.ceil(fraction * count) - 1)


def percentile(ordered: Sequence[float], fraction: float) -> float:
    """The nearest-rank percentile of an ascending, non-empty sequence; always a measured value."""
    return ordered[rank_of(fraction, len(ordered))]


def distribution(samples: Samples) -> Distribution | None:
    """None while there is no sample; `stddev` is the sample standard deviation (n - 1)."""
    count = len(samples)
    if not count:
        return None
    ranks = [0, *(rank_of(fraction, count) for fraction in PERCENTILES.values()), count - 1]
    low, p50, p90, p95, p99, p999, high = samples.at(ranks)
    return Distribution(
        count=count,
        mean=samples.mean,
        stddev=samples.stddev,
        min=low,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        p999=p999,
        max=high,
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
    errors_by_type: dict[str, int] = field(default_factory=dict)
    """Counts by Lambda's error type, a throttle's Reason or a transport error's name, most frequent first."""
    possibly_billed: int = 0
    """Invocations that were sent and got no answer: they may have run. The bill omits them."""
    possibly_billed_usd: Decimal = Decimal(0)
    """Their worst case: the most they can have cost, on top of the bill."""
    partial_batches: int = 0
    """Successful invocations that reported some items of their batch as failed."""
    unreported: int = 0
    """Invocations that ran and left no REPORT: the bill has their requests, their durations are unknown."""
    unreported_usd: Decimal = Decimal(0)
    """What those durations can have cost at most, by the client's clock, on top of the bill."""
    host_limited: int = 0
    """Invocations that took longer than Lambda's CPU share and their waits explain: this host was too small
    or too busy. Never counted for a target elsewhere."""
    lawful_per_million_usd: Decimal = Decimal(0)
    """What a million warm invocations would cost without the time lost to the host; zero if none lost any."""
    engine_cpu_percent: float = 0.0
    """The load engine's busiest second, in percent of one core; the busiest engine's if there are several."""
    client_limited: str = ""
    """Why the load generator may be what was measured; empty if it was not."""
    intervals: dict[str, dict[str, Interval | None]] = field(default_factory=dict)
    """By metric, the 95% intervals of p50 and p95; None where the sample is too small for one."""

    @property
    def cold_share(self) -> float:
        """Of the invocations that ran, the share that started cold."""
        ran = self.ok + self.function_errors
        return self.cold_starts / ran if ran else 0.0

    @property
    def host_limited_share(self) -> float:
        """Of the invocations that ran, the share that lost time to this host."""
        ran = self.ok + self.function_errors
        return self.host_limited / ran if ran else 0.0

    def to_document(self) -> dict[str, Any]:
        """JSON-ready, money and `gb_seconds` as exact decimal strings."""
        decimals = {name: _plain(getattr(self, name)) for name in DECIMALS}
        shares = {"cold_share": self.cold_share, "host_limited_share": self.host_limited_share}
        return {**asdict(self), **decimals, **shares}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Summary:
        """The inverse of `to_document`: fields that only a newer lambda-tui writes are dropped, those that
        an older one did not write get their defaults."""
        known = {entry.name for entry in fields(cls)}
        values = {name: value for name, value in document.items() if name in known}
        for name, value in values.items():
            if name.endswith("_ms") and isinstance(value, dict):
                values[name] = Distribution(**value)
            elif name in DECIMALS:
                values[name] = Decimal(value)
        values["intervals"] = {
            name: {label: bounds and Interval(**bounds) for label, bounds in of_metric.items()}
            for name, of_metric in values.get("intervals", {}).items()
        }
        return cls(**values)


WITH_INTERVALS = ("latency_ms", "duration_ms")


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
    _errors: Counter[str] = field(default_factory=Counter)
    _unanswered: int = 0
    _held_back: int = 0
    _recorder_behind_s: float = 0.0
    _engine_cpu_percent: float = 0.0
    _unreported: int = 0
    _partial_batches: int = 0
    _host_limited: int = 0
    _lawful_count: int = 0
    _lawful_mb_ms: int = 0
    gb_ms_usd: Decimal = Decimal(0)
    request_usd: Decimal = Decimal(0)
    """Prices of a GB-millisecond and of a request."""
    unreported_usd: Decimal = Decimal(0)
    """The most that unreported durations can have cost."""
    worst_case_usd: Decimal = Decimal(0)
    """The most an invocation without an answer can have cost."""

    def add(self, invocation: Invocation) -> None:
        """Count one invocation. Failures are counted but not part of the time distributions."""
        self._counts[invocation.status] += 1
        self._cold_starts += invocation.cold
        if invocation.environment_id is not None:
            self._environments.add(invocation.environment_id)
        if invocation.error is not None:
            self._errors[invocation.error.type] += 1
        self._unanswered += is_possibly_billed(invocation)
        self._first_start_ms = min(self._first_start_ms, invocation.started_ms)
        self._last_end_ms = max(self._last_end_ms, invocation.ended_ms)
        self._partial_batches += invocation.status == "ok" and failed_items(invocation) > 0
        self._unreported += invocation.report is None and invocation.status in ("ok", "function_error")
        if invocation.report is not None:
            self._billed_ms += invocation.report.billed_ms
            self._gb_seconds += invocation.report.gb_seconds
        if not invocation.warmup:
            self._add_times(invocation)

    def add_lawful(self, invocation: Invocation, lawful_billed_ms: int | None) -> None:
        """Count what an invocation would be billed elsewhere: if less, this host took time from it."""
        report = invocation.report
        if report is None or lawful_billed_ms is None:
            return
        self._host_limited += lawful_billed_ms < report.billed_ms
        if report.init_ms is not None or invocation.warmup:
            return
        self._lawful_count += 1
        self._lawful_mb_ms += report.memory_mb * lawful_billed_ms

    def _lawful_per_million_usd(self) -> Decimal:
        if not self._host_limited or not self._lawful_count:
            return Decimal(0)
        duration = self.gb_ms_usd * self._lawful_mb_ms / (1024 * self._lawful_count)
        return (self.request_usd + duration) * 1_000_000

    def add_dropped(self, count: int) -> None:
        """Starts that were planned but not made because too many were in flight."""
        self._dropped += count

    def add_abandoned(self, count: int) -> None:
        """Invocations that were in flight when the run ended, and have no record of their own."""
        self._unanswered += count

    def add_held_back(self, count: int) -> None:
        """Starts that a spend limit delayed."""
        self._held_back += count

    @property
    def held_back(self) -> int:
        """Starts that a spend limit delayed."""
        return self._held_back

    def add_recorder_behind(self, seconds: float) -> None:
        """Time in which nothing was sent because too much waited to be recorded."""
        self._recorder_behind_s += seconds

    def add_engine_cpu(self, percent: float) -> None:
        """CPU use of the busiest engine over a second or so; the highest counts."""
        self._engine_cpu_percent = max(self._engine_cpu_percent, percent)

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
        times = {name: distribution(samples) for name, samples in self._samples.items()}
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
            errors_by_type=dict(self._errors.most_common()),
            possibly_billed=self._unanswered,
            possibly_billed_usd=self.worst_case_usd * self._unanswered,
            partial_batches=self._partial_batches,
            host_limited=self._host_limited,
            lawful_per_million_usd=self._lawful_per_million_usd(),
            unreported=self._unreported,
            unreported_usd=self.unreported_usd,
            engine_cpu_percent=round(self._engine_cpu_percent, 1),
            client_limited=self._client_limited(times["start_error_ms"]),
            intervals={name: self._intervals(name) for name in WITH_INTERVALS if times[name] is not None},
            **times,
        )

    def _intervals(self, name: str) -> dict[str, Interval | None]:
        samples = self._samples[name]
        return {label: quantile_interval(samples, PERCENTILES[label]) for label in ("p50", "p95")}

    def _client_limited(self, start_error_ms: Distribution | None) -> str:
        reasons = []
        if start_error_ms is not None and start_error_ms.p99 > MAX_START_ERROR_MS:
            reasons.append(f"starts were {start_error_ms.p99:.1f} ms late (p99)")
        if self._engine_cpu_percent > MAX_ENGINE_CPU_PERCENT:
            reasons.append(f"the load engine used {self._engine_cpu_percent:.0f}% of a core")
        if self._held_back:
            reasons.append(f"the spend limit held back {self._held_back:,} starts")
        if self._recorder_behind_s:
            reasons.append(f"recording held back the load for {self._recorder_behind_s:.1f} s")
        return "; ".join(reasons)


def _plain(value: Decimal) -> str:
    """All digits, without an exponent and without trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_possibly_billed(invocation: Invocation) -> bool:
    """True for an invocation that was sent and got no answer: Lambda may have run it."""
    error = invocation.error
    return invocation.status == "failed" and error is not None and error.type in UNANSWERED
