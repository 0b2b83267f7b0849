"""A month's bill as a function of its traffic, prepared once so that a chart can ask for every point.

It gives the same totals as `price` (tested), without building lines and texts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from lambda_tui.billing import on_demand
from lambda_tui.billing.extras import PROVISIONED_STEP_S, logs_line
from lambda_tui.billing.monthly import MONTH_SECONDS
from lambda_tui.billing.prices import PriceBook, Rates, Tier
from lambda_tui.billing.pricing import lines_besides_invoking
from lambda_tui.billing.spill_over import ArrivalPattern, spilled_share
from lambda_tui.billing.usage import Usage
from lambda_tui.exact import EXACT, ceil_div, ceil_to_step, exact_sum


@dataclass(frozen=True, slots=True)
class MonthCurve:
    """`on_demand_usd(n)` and `provisioned_usd(n)` for n invocations a month of one usage.

    Charges that do not depend on the invocations (SnapStart cache, pollers ...) are in `fixed_usd`.
    """

    fixed_usd: Decimal
    billed_ms: Decimal
    _gb_s: Decimal
    _requests: int
    _request_rate: Decimal
    _storage_ms: Decimal
    _logs: Decimal
    _free_requests: Decimal
    _free_gb_s: Decimal
    _used_gb_s: Decimal
    _tiers: tuple[Tier, ...]
    _memory_gb: Decimal
    _warm_ms: Decimal
    _provisioned_gb_s: Decimal | None
    _provisioned_duration_gb_s: Decimal | None

    def on_demand_usd(self, invocations: int) -> Decimal:
        """The month's total for invocations on demand, tiers and free share included."""
        with localcontext(EXACT):
            return self._each_usd(invocations) + self._run_usd(invocations)

    def provisioned_usd(
        self, invocations: int, concurrency: int, arrivals: ArrivalPattern = "even"
    ) -> Decimal | None:
        """The month's total with `concurrency` environments kept all month; the rest spills over.

        None where provisioned concurrency has no price.
        """
        if self._provisioned_gb_s is None or self._provisioned_duration_gb_s is None:
            return None
        with localcontext(EXACT):
            capacity_s = ceil_to_step(Decimal(MONTH_SECONDS), PROVISIONED_STEP_S)
            inside = self.inside(invocations, concurrency, arrivals)
            kept = self._memory_gb * concurrency * capacity_s * self._provisioned_gb_s
            run = self._memory_gb * inside * self._warm_ms / 1000 * self._provisioned_duration_gb_s
            storage = inside * self._warm_ms * self._storage_ms
            return self._each_usd(invocations) + kept + run + storage + self._run_usd(invocations - inside)

    def inside(self, invocations: int, concurrency: int, arrivals: ArrivalPattern = "even") -> int:
        """How many of the invocations find one of the `concurrency` environments free."""
        if not self._warm_ms:
            return invocations
        with localcontext(EXACT):
            fitting = int(concurrency * MONTH_SECONDS * 1000 // self._warm_ms)
        if arrivals == "even":
            return min(invocations, fitting)
        busy = float(invocations * self._warm_ms) / (MONTH_SECONDS * 1000)
        return min(invocations, round(invocations * (1 - spilled_share(concurrency, busy, arrivals))))

    def concurrency_for(self, invocations: int, utilisation: Decimal) -> int:
        """Environments that run this many invocations, evenly spread, at a utilisation (0 to 1)."""
        with localcontext(EXACT):
            busy_ms = invocations * self._warm_ms
            return max(1, ceil_div(busy_ms, 1000 * MONTH_SECONDS * utilisation)) if invocations else 0

    def _each_usd(self, invocations: int) -> Decimal:
        """What every invocation costs wherever it runs, and what does not depend on the invocations."""
        billable = max(Decimal(0), invocations * self._requests - self._free_requests)
        return self.fixed_usd + billable * self._request_rate + invocations * self._logs

    def _run_usd(self, invocations: int) -> Decimal:
        billable = max(Decimal(0), invocations * self._gb_s - self._free_gb_s)
        start, usd = self._used_gb_s, invocations * self.billed_ms * self._storage_ms
        end = start + billable
        for tier in self._tiers:
            upto = end if tier.upto_gb_s is None else min(end, tier.upto_gb_s)
            if upto > start:
                usd += (upto - start) * tier.usd_per_gb_s
                start = upto
        return usd


def month_curve(usage: Usage, book: PriceBook) -> MonthCurve:
    """Prepare the curve of a usage; its own number of invocations and its provisioned part are ignored.

    Raises:
        InvalidInput: as `price` does.
    """
    rates = book.rates(usage.region, usage.architecture)
    time = on_demand.billed_time(usage)
    tiers, _, _ = on_demand.duration_prices(usage, rates)
    request_rate, _ = on_demand.request_price(usage, rates)
    share, free = usage.free_tier, book.free_tier
    nothing = Decimal(0)
    return MonthCurve(
        fixed_usd=_fixed_usd(usage, rates),
        billed_ms=time.mean_ms,
        _gb_s=on_demand.gb_seconds(usage.memory_mb, time.mean_ms, 1),
        _requests=on_demand.requests_per_event(usage.async_payload_kb),
        _request_rate=request_rate,
        _storage_ms=exact_sum(line.usd for line in on_demand.storage_lines(usage, Decimal(1), rates)),
        _logs=logs_line(replace(usage, invocations=1), rates).usd
        if usage.logs_kb_per_invocation
        else nothing,
        _free_requests=_left(free.requests, share.requests_used) if share and share.requests else nothing,
        _free_gb_s=_left(free.gb_seconds, share.gb_seconds_used) if share and share.gb_seconds else nothing,
        _used_gb_s=usage.tier_gb_seconds_used,
        _tiers=tiers,
        _memory_gb=Decimal(usage.memory_mb) / 1024,
        _warm_ms=time.warm_ms,
        _provisioned_gb_s=rates.others.get("provisioned_gb_s"),
        _provisioned_duration_gb_s=rates.others.get("provisioned_duration_gb_s"),
    )


def _fixed_usd(usage: Usage, rates: Rates) -> Decimal:
    lines = lines_besides_invoking(usage, rates)
    return exact_sum(line.usd for line in lines if line.item != "logs_ingestion")


def _left(free: Decimal, used: Decimal) -> Decimal:
    return max(Decimal(0), free - used)
