"""A what-if question: everything that can be set on the What-if screen, and the usage it describes."""

# The field functions return dataclasses.field(...), which RUF009 cannot see.
# ruff: noqa: RUF009
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from lambda_tui.aws_facts import (
    DEFAULT_REGION,
    FREE_EPHEMERAL_MB,
    MAX_EPHEMERAL_MB,
    MAX_MEMORY_MB,
    MIN_MEMORY_MB,
)
from lambda_tui.billing.eras import ERAS, EraName
from lambda_tui.billing.fields import amount, choice, count, custom, flag, read_fields, text
from lambda_tui.billing.monthly import MONTH_HOURS, MONTH_SECONDS
from lambda_tui.billing.prices import Rates
from lambda_tui.billing.spill_over import ArrivalPattern, spilled_share
from lambda_tui.billing.usage import FreeTierUse, Provisioned, Usage
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast.measured import MeasuredBase, SizeDuration, forecast_at
from lambda_tui.forecast.model import Point, WaitCpuModel, fit

LONGEST_CLASSIC_MS = 900_000
"""15 minutes, the longest timeout of a function that is billed by duration."""

SLOWEST, FASTEST = Decimal("0.1"), Decimal(10)


def _speed_ratio(name: str, value: object) -> Decimal:
    ratio: Decimal = read_fields(_Ratio, {"ratio": value}).ratio
    if not SLOWEST <= ratio <= FASTEST:
        raise InvalidInput(name, f"{name} cannot be {ratio}: it goes from {SLOWEST} to {FASTEST}.")
    return ratio


@dataclass(frozen=True, slots=True)
class _Ratio:
    ratio: Decimal = amount()


@dataclass(frozen=True, slots=True)
class Question:
    """One month of one function; `invocations` are those of the month.

    `duration_ms` was typed for `typed_at_mb`; `cpu_ms` of it is computation, in CPU time of a full vCPU.
    `speed_ratio` is how many times faster arm64 computes than x86_64; 1 means "not measured".
    """

    memory_mb: int = count(default=512, least=MIN_MEMORY_MB, most=MAX_MEMORY_MB)
    duration_ms: Decimal = amount(default=Decimal(200), most=LONGEST_CLASSIC_MS)
    typed_at_mb: int = count(default=512, least=MIN_MEMORY_MB, most=MAX_MEMORY_MB)
    cpu_ms: Decimal = amount(default=Decimal(25), most=LONGEST_CLASSIC_MS)
    invocations: int = count(default=10_000_000, most=10**12)
    cold_start_percent: Decimal = amount(default=Decimal(1), most=100)
    init_ms: Decimal = amount(default=Decimal(250), most=LONGEST_CLASSIC_MS)
    architecture: Literal["x86_64", "arm64"] = choice("x86_64", "arm64", default="x86_64")
    speed_ratio: Decimal = custom(_speed_ratio, default=Decimal(1))
    region: str = text(default=DEFAULT_REGION)
    ephemeral_mb: int = count(default=FREE_EPHEMERAL_MB, least=FREE_EPHEMERAL_MB, most=MAX_EPHEMERAL_MB)
    free_tier: bool = flag(default=False)
    requests_used: Decimal = amount(default=Decimal(0))
    gb_seconds_used: Decimal = amount(default=Decimal(0))
    provisioned: int = count(default=0, most=100_000)
    hours_per_day: Decimal = amount(default=Decimal(24), most=24)
    arrivals: ArrivalPattern = choice("even", "poisson", default="even")
    era: EraName = choice(*ERAS, default="today")

    @property
    def requests_per_s(self) -> Decimal:
        return requests_per_second(self.invocations)

    def duration_at(self, memory_mb: int, base: MeasuredBase | None, rates: Rates) -> SizeDuration:
        """Measured or forecast from `base`; without it, from the values typed for x86_64."""
        if base is not None:
            return base.at(memory_mb, self.architecture, self.speed_ratio, rates)
        typed = self.duration_ms
        ratio = self.speed_ratio if self.architecture == "arm64" else Decimal(1)
        if not self.cpu_ms or not typed or (memory_mb == self.typed_at_mb and ratio == 1):
            return SizeDuration(memory_mb, typed, typed, typed, "typed")
        return forecast_at(_typed_model(self.typed_at_mb, typed, self.cpu_ms), memory_mb, ratio, rates)

    def usage(self, duration: SizeDuration) -> Usage:
        """The month at the size and duration given."""
        free = FreeTierUse(requests_used=self.requests_used, gb_seconds_used=self.gb_seconds_used)
        hours = self.hours_per_day * MONTH_HOURS / 24
        usage = Usage(
            region=self.region,
            architecture=self.architecture,
            memory_mb=duration.memory_mb,
            ephemeral_mb=self.ephemeral_mb,
            invocations=self.invocations,
            duration_ms=duration.duration_ms,
            # Measured under today's rounding; the other eras round the mean.
            warm_billed_ms=duration.billed_ms if self.era == "today" else None,
            init_ms=self.init_ms,
            cold_start_ratio=self.cold_start_percent / 100,
            free_tier=free if self.free_tier else None,
            provisioned=self._kept(hours, duration) if self.provisioned and hours else None,
        )
        return usage.in_era(ERAS[self.era])

    def _kept(self, hours: Decimal, duration: SizeDuration) -> Provisioned:
        """Provisioned concurrency; independent arrivals that find it busy run on demand."""
        if self.arrivals == "even":
            return Provisioned(self.provisioned, hours)
        busy = float(self.invocations * duration.duration_ms) / (MONTH_SECONDS * 1000)
        kept_for = float(self.hours_per_day) / 24
        inside = round(
            self.invocations * kept_for * (1 - spilled_share(self.provisioned, busy, self.arrivals))
        )
        return Provisioned(self.provisioned, hours, inside)


@lru_cache(maxsize=8)
def _typed_model(memory_mb: int, duration_ms: Decimal, cpu_ms: Decimal) -> WaitCpuModel:
    return fit([Point(memory_mb, duration_ms, cpu_ms)], threads=1)


def parse_question(values: Mapping[str, object]) -> Question:
    """Validate the values of a form.

    Raises:
        InvalidInput: for the first invalid value.
    """
    return read_fields(Question, values)


def requests_per_second(invocations_per_month: int) -> Decimal:
    """The mean rate of a month of 730 hours."""
    return Decimal(invocations_per_month) / MONTH_SECONDS


def rate_text(invocations_per_month: int) -> str:
    """The rate with four significant digits, as shown in a field: `3.805`, `0.0001`."""
    rate = requests_per_second(invocations_per_month)
    places = max(0, 3 - rate.adjusted()) if rate else 0
    text_ = f"{rate:.{places}f}"
    return text_.rstrip("0").rstrip(".") if "." in text_ else text_
