"""The bill of a run, one invocation at a time: AWS's own billed milliseconds, first tier, no free share."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from lambda_tui.aws_facts import FREE_EPHEMERAL_MB
from lambda_tui.billing.bill import Bill, BillItem, BillLine
from lambda_tui.billing.prices import Rates, provenance

MB_MS_PER_GB_S = 1024 * 1000
"""A GB is 1024 MB (AWS pricing page)."""


@lru_cache(maxsize=64)
def _per_mb_ms(usd_per_gb_s: Decimal) -> Decimal:
    return usd_per_gb_s / MB_MS_PER_GB_S


def invocation_usd(rates: Rates, *, memory_mb: int, billed_ms: int) -> Decimal:
    """What one invocation costs at the first tier: one request and its GB-seconds, in `rates.currency`."""
    return rates.request + _per_mb_ms(rates.gb_second) * (memory_mb * billed_ms)


class _Sums:
    """Integers only, so that a sum is exact at any length."""

    __slots__ = ("billed_ms", "duration_mb_ms", "init_mb_ms", "invocations")

    def __init__(self) -> None:
        self.invocations = self.billed_ms = self.duration_mb_ms = self.init_mb_ms = 0

    def add(self, memory_mb: int, billed_ms: int, init_billed_ms: int) -> None:
        self.invocations += 1
        self.billed_ms += billed_ms
        self.duration_mb_ms += memory_mb * (billed_ms - init_billed_ms)
        self.init_mb_ms += memory_mb * init_billed_ms


class RunBill:
    """Accumulates the bill of one run, and beside it what may be extrapolated from it."""

    def __init__(self, rates: Rates, *, ephemeral_mb: int = FREE_EPHEMERAL_MB) -> None:
        self._rates = rates
        self._storage_mb = max(0, ephemeral_mb - FREE_EPHEMERAL_MB)
        self._storage_per_ms = _per_mb_ms(rates.ephemeral_gb_s) * self._storage_mb
        self._all = _Sums()
        self._warm = _Sums()
        self._without_init = _Sums()
        self._unreported = 0
        self._unreported_at_most = Decimal(0)

    def add_unreported(self, *, memory_mb: int, at_most_ms: float) -> Decimal:
        """Count an invocation that ran and left no REPORT; return what is sure of its price: the request.

        Its duration is unknown, and no longer than the client waited for the answer.
        """
        request = self._rates.request
        most = invocation_usd(self._rates, memory_mb=memory_mb, billed_ms=math.ceil(at_most_ms))
        self._unreported += 1
        self._unreported_at_most += most - request
        return request

    @property
    def unreported_at_most_usd(self) -> Decimal:
        """What the durations of unreported invocations can have cost, on top of the bill."""
        return self._unreported_at_most

    def add(
        self,
        *,
        memory_mb: int,
        billed_ms: int,
        duration_ms: float,
        init_ms: float | None,
        first_use: bool = False,
    ) -> Decimal:
        """Count one invocation and return its exact price.

        Of a cold start's billed time, what exceeds the rounded-up duration is init. A cold start, and the
        `first_use` of something in a warm environment, are billed and not extrapolated.
        """
        init_billed_ms = 0 if init_ms is None else max(0, billed_ms - math.ceil(duration_ms))
        self._all.add(memory_mb, billed_ms, init_billed_ms)
        if init_ms is None and not first_use:
            self._warm.add(memory_mb, billed_ms, 0)
        else:
            self._without_init.add(memory_mb, billed_ms - init_billed_ms, 0)
        usd = invocation_usd(self._rates, memory_mb=memory_mb, billed_ms=billed_ms)
        return usd + self._storage_per_ms * billed_ms if self._storage_mb else usd

    def bill(self) -> Bill:
        """The bill so far; its total is the sum of what `add` returned."""
        bill = self._bill_of(self._all, "", self._unreported)
        if self._warm.invocations == self._all.invocations and not self._unreported:
            return bill
        warm = self._warm if self._warm.invocations else self._without_init
        kind = "warm " if self._warm.invocations else "cold " if self._without_init.invocations else ""
        return replace(bill, warm=replace(self._bill_of(warm, kind), init_left_out=kind == "cold "))

    def _bill_of(self, sums: _Sums, kind: str, unreported: int = 0) -> Bill:
        rates, count = self._rates, sums.invocations
        requests = count + unreported
        without = f", {unreported:,} of them without a REPORT" if unreported else ""
        measured = f"sum over {count:,} {kind}invocations of"
        lines = [
            BillLine.charge(
                "requests", Decimal(requests), "requests", rates.request,
                how=f"{requests:,} {kind}invocations{without}", source=provenance(rates, "request"),
            ),
            self._duration_line("duration", sums.duration_mb_ms, f"{measured} memory/1024 x billed_ms/1000"),
        ]  # fmt: skip
        if sums.init_mb_ms:
            how = f"{measured} memory/1024 x (billed_ms - ceil(duration_ms))/1000, cold starts only"
            lines.append(self._duration_line("init", sums.init_mb_ms, how, note="billed init of cold starts"))
        if self._storage_mb:
            quantity = _gb_s(self._storage_mb * sums.billed_ms)
            lines.append(
                BillLine.charge(
                    "ephemeral_storage", quantity, "GB-s", rates.ephemeral_gb_s,
                    note=f"{self._storage_mb} MB above the free {FREE_EPHEMERAL_MB} MB",
                    how=f"{self._storage_mb}/1024 GB x {Decimal(sums.billed_ms) / 1000} s billed",
                    source=provenance(rates, "ephemeral_gb_s"),
                )
            )  # fmt: skip
        return Bill(
            currency=rates.currency,
            prices_as_of=rates.as_of,
            invocations=requests,
            billed_ms=Decimal(sums.billed_ms) / count if count else Decimal(0),
            gb_seconds=_gb_s(sums.duration_mb_ms + sums.init_mb_ms),
            lines=tuple(lines),
        )

    def _duration_line(self, item: BillItem, mb_ms: int, how: str, note: str = "") -> BillLine:
        source = provenance(self._rates, "duration_gb_s")
        rate = self._rates.gb_second
        return BillLine.charge(item, _gb_s(mb_ms), "GB-s", rate, note=note, how=how, source=source)


def _gb_s(mb_ms: int) -> Decimal:
    return Decimal(mb_ms) / MB_MS_PER_GB_S
