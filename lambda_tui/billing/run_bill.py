"""The bill of a run, one invocation at a time: AWS's own billed milliseconds, first tier, no free share."""

from __future__ import annotations

import math
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


class RunBill:
    """Accumulates the bill of one run; integers inside, so the sum is exact at any length."""

    def __init__(self, rates: Rates, *, ephemeral_mb: int = FREE_EPHEMERAL_MB) -> None:
        self._rates = rates
        self._storage_mb = max(0, ephemeral_mb - FREE_EPHEMERAL_MB)
        self._storage_per_ms = _per_mb_ms(rates.ephemeral_gb_s) * self._storage_mb
        self._invocations = 0
        self._billed_ms = 0
        self._duration_mb_ms = 0
        self._init_mb_ms = 0

    def add(self, *, memory_mb: int, billed_ms: int, duration_ms: float, init_ms: float | None) -> Decimal:
        """Count one invocation and return its exact price.

        The part of a cold start's billed time that exceeds the rounded-up duration is init.
        """
        init_billed_ms = 0 if init_ms is None else max(0, billed_ms - math.ceil(duration_ms))
        self._invocations += 1
        self._billed_ms += billed_ms
        self._duration_mb_ms += memory_mb * (billed_ms - init_billed_ms)
        self._init_mb_ms += memory_mb * init_billed_ms
        usd = invocation_usd(self._rates, memory_mb=memory_mb, billed_ms=billed_ms)
        return usd + self._storage_per_ms * billed_ms if self._storage_mb else usd

    def bill(self) -> Bill:
        """The bill so far; its total is the sum of what `add` returned."""
        rates, count = self._rates, self._invocations
        measured = f"sum over {count:,} invocations of"
        lines = [
            BillLine.charge(
                "requests", Decimal(count), "requests", rates.request,
                how=f"{count:,} invocations", source=provenance(rates, "request"),
            ),
            self._duration_line("duration", self._duration_mb_ms, f"{measured} memory/1024 x billed_ms/1000"),
        ]  # fmt: skip
        if self._init_mb_ms:
            how = f"{measured} memory/1024 x (billed_ms - ceil(duration_ms))/1000, cold starts only"
            lines.append(
                self._duration_line("init", self._init_mb_ms, how, note="billed init of cold starts")
            )
        if self._storage_mb:
            quantity = _gb_s(self._storage_mb * self._billed_ms)
            lines.append(
                BillLine.charge(
                    "ephemeral_storage", quantity, "GB-s", rates.ephemeral_gb_s,
                    note=f"{self._storage_mb} MB above the free {FREE_EPHEMERAL_MB} MB",
                    how=f"{self._storage_mb}/1024 GB x {Decimal(self._billed_ms) / 1000} s billed",
                    source=provenance(rates, "ephemeral_gb_s"),
                )
            )  # fmt: skip
        return Bill(
            currency=rates.currency,
            prices_as_of=rates.as_of,
            invocations=count,
            billed_ms=Decimal(self._billed_ms) / count if count else Decimal(0),
            gb_seconds=_gb_s(self._duration_mb_ms + self._init_mb_ms),
            lines=tuple(lines),
        )

    def _duration_line(self, item: BillItem, mb_ms: int, how: str, note: str = "") -> BillLine:
        source = provenance(self._rates, "duration_gb_s")
        rate = self._rates.gb_second
        return BillLine.charge(item, _gb_s(mb_ms), "GB-s", rate, note=note, how=how, source=source)


def _gb_s(mb_ms: int) -> Decimal:
    return Decimal(mb_ms) / MB_MS_PER_GB_S
