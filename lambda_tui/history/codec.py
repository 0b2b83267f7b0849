"""Between the database's JSON text and our records. Money stays decimal text, times stay exact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Self, TypeVar

from lambda_tui.billing import Bill, BillLine, RunBill, load_prices
from lambda_tui.errors import LambdaTuiError
from lambda_tui.results import Invocation, RunStatistics, Summary
from lambda_tui.runs.host import lawful_billed_ms
from lambda_tui.scenario import Scenario

_COMPACT = json.JSONEncoder(separators=(",", ":"))

_Record = TypeVar("_Record", Bill, BillLine)


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a run ended early: the error that stopped it, as text. `kind` is the error's class name."""

    kind: str
    title: str
    message: str
    hint: str
    exit_code: int

    @classmethod
    def of(cls, error: LambdaTuiError) -> Self:
        return cls(type(error).__name__, error.title, error.message, error.hint, error.exit_code)

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


def to_text(value: object) -> str:
    """Compact JSON."""
    return _COMPACT.encode(value)


def bill_to_text(bill: Bill) -> str:
    """The whole bill; the cost document would omit the count and the explanations."""
    return json.dumps(asdict(bill), separators=(",", ":"), default=str)


def bill_from_text(text: str) -> Bill:
    """The inverse of `bill_to_text`."""
    return _bill(json.loads(text))


def _bill(document: Mapping[str, Any]) -> Bill:
    lines = tuple(_record(BillLine, line, "quantity", "rate_usd", "usd") for line in document["lines"])
    warm = None if document.get("warm") is None else _bill(document["warm"])
    return _record(Bill, {**document, "lines": lines, "warm": warm}, "billed_ms", "gb_seconds")


def summary_to_text(summary: Summary) -> str:
    return to_text(summary.to_document())


def summary_from_text(text: str) -> Summary:
    """The inverse of `summary_to_text`."""
    return Summary.from_document(json.loads(text))


def _record(kind: type[_Record], document: Mapping[str, Any], *decimals: str) -> _Record:
    """Build a record: fields that only a newer lambda-tui writes are dropped, those that an older one did not
    write get their defaults."""
    names = {entry.name for entry in fields(kind)}
    values = {name: value for name, value in document.items() if name in names}
    return kind(**{**values, **{name: Decimal(values[name]) for name in decimals}})


def recomputed(invocations: list[Invocation], region: str, scenario: Scenario) -> tuple[Summary, Bill]:
    """Summary and bill of a run that never got to write its own.

    Raises:
        InvalidInput: the price list no longer knows the run's region.
    """
    statistics = RunStatistics()
    rates = load_prices().rates(region, scenario.architecture)
    statistics.gb_ms_usd, statistics.request_usd = rates.gb_second / 1000, rates.request
    bill = RunBill(rates)
    for invocation in invocations:
        statistics.add(invocation)
        statistics.add_lawful(invocation, lawful_billed_ms(invocation, scenario))
        report = invocation.report
        if report is not None:
            bill.add(
                memory_mb=report.memory_mb,
                billed_ms=report.billed_ms,
                duration_ms=report.duration_ms,
                init_ms=report.init_ms,
                first_use=invocation.warmup,
            )
        elif invocation.status in ("ok", "function_error"):
            bill.add_unreported(memory_mb=scenario.memory_mb, at_most_ms=invocation.service_ms)
    statistics.unreported_usd = bill.unreported_at_most_usd
    return statistics.summary(), bill.bill()
