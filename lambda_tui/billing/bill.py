"""A bill: lines, each with quantity, unit and rate, and their exact sum."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from lambda_tui.exact import exact_product, exact_sum

BillItem = Literal[
    "requests",
    "duration",
    "init",
    "ephemeral_storage",
    "provisioned_concurrency",
    "provisioned_duration",
    "snapstart_cache",
    "snapstart_restore",
    "streaming",
    "managed_instances",
    "managed_instances_fee",
    "durable_operations",
    "durable_data_written",
    "durable_data_retained",
    "tenant_environments",
    "event_pollers",
    "logs_ingestion",
    "step_functions",
]


@dataclass(frozen=True, slots=True)
class BillLine:
    """One charge: `usd` is exactly quantity x rate_usd (in the bill's currency), never rounded.

    `how` says where the quantity comes from, `source` where the rate was read; both are for `explain`.
    """

    item: BillItem
    quantity: Decimal
    unit: str
    rate_usd: Decimal
    usd: Decimal
    note: str = ""
    how: str = ""
    source: str = ""

    @classmethod
    def charge(
        cls,
        item: BillItem,
        quantity: Decimal,
        unit: str,
        rate: Decimal,
        *,
        note: str = "",
        how: str = "",
        source: str = "",
    ) -> BillLine:
        """A line whose amount is the exact product of quantity and rate."""
        return cls(item, quantity, unit, rate, exact_product(quantity, rate), note, how, source)

    def to_document(self) -> dict[str, Any]:
        return {
            "item": self.item,
            "quantity": money_text(self.quantity),
            "unit": self.unit,
            "rate_usd": money_text(self.rate_usd),
            "usd": money_text(self.usd),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Bill:
    """What given usage costs. `billed_ms` is per invocation (the mean where they differ).

    The bill of a run has a part `warm`, the bill of its warm invocations alone: what is extrapolated.
    """

    currency: str
    prices_as_of: str
    invocations: int
    billed_ms: Decimal
    gb_seconds: Decimal
    lines: tuple[BillLine, ...]
    warm: Bill | None = None
    """None where every invocation counts alike. Where none was warm, that of the cold ones without INIT."""
    init_left_out: bool = False
    """This is such a part of cold ones."""

    @property
    def total_usd(self) -> Decimal:
        return exact_sum(line.usd for line in self.lines)

    @property
    def typical(self) -> Bill:
        """What is extrapolated: the warm part where there is one."""
        return self if self.warm is None else self.warm

    @property
    def per_invocation_usd(self) -> Decimal:
        """The mean of what is extrapolated; zero when nothing was invoked."""
        typical = self.typical
        return typical.total_usd / typical.invocations if typical.invocations else Decimal(0)

    @property
    def per_million_usd(self) -> Decimal:
        return self.per_invocation_usd * 1_000_000

    def usd_of(self, item: BillItem) -> Decimal:
        """The sum of the lines of one item (volume tiers give several `duration` lines)."""
        return exact_sum(line.usd for line in self.lines if line.item == item)

    def to_document(self) -> dict[str, Any]:
        """The cost document (contract: `cost`); money and quantities are exact decimal strings."""
        return {
            "schema": "lambda-tui/cost@1",
            "currency": self.currency,
            "prices_as_of": self.prices_as_of,
            "billed_ms": money_text(self.billed_ms),
            "gb_seconds": money_text(self.gb_seconds),
            "lines": [line.to_document() for line in self.lines],
            "total_usd": money_text(self.total_usd),
            "per_invocation_usd": money_text(self.per_invocation_usd),
            "per_million_usd": money_text(self.per_million_usd),
        }


def money_text(value: Decimal) -> str:
    """Plain decimal notation, without an exponent and without trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
