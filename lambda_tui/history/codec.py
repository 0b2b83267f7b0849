"""Between the database's JSON text and our records. Money stays decimal text, times stay exact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Self

from lambda_tui.billing import Bill, BillLine, RunBill, load_prices
from lambda_tui.errors import LambdaTuiError
from lambda_tui.results import Distribution, Invocation, RunStatistics, Summary
from lambda_tui.scenario import Architecture

DEFAULT_REGION = "us-east-1"


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
    return json.dumps(value, separators=(",", ":"))


def bill_to_text(bill: Bill) -> str:
    """All of a bill; the cost document would leave out the count and the explanations."""
    return json.dumps(asdict(bill), separators=(",", ":"), default=str)


def bill_from_text(text: str) -> Bill:
    """The inverse of `bill_to_text`; what an older lambda-tui did not write has its default."""
    document = json.loads(text)
    lines = tuple(
        BillLine(**_with_decimals(line, "quantity", "rate_usd", "usd")) for line in document["lines"]
    )
    return Bill(**{**_with_decimals(document, "billed_ms", "gb_seconds"), "lines": lines})


def _with_decimals(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**document, **{name: Decimal(document[name]) for name in names}}


def summary_to_text(summary: Summary) -> str:
    return to_text(summary.to_document())


def summary_from_text(text: str) -> Summary:
    document = json.loads(text)
    document["gb_seconds"] = Decimal(document["gb_seconds"])
    for entry in fields(Summary):
        value = document[entry.name]
        if isinstance(value, dict):
            document[entry.name] = Distribution(**value)
    return Summary(**document)


def recomputed(
    invocations: list[Invocation], target: Mapping[str, Any] | None, architecture: Architecture
) -> tuple[Summary, Bill]:
    """Summary and bill of a run that never got to write its own.

    Raises:
        InvalidInput: the price list no longer knows the run's region.
    """
    statistics = RunStatistics()
    region = target["region"] if target else DEFAULT_REGION
    bill = RunBill(load_prices().rates(region, architecture))
    for invocation in invocations:
        statistics.add(invocation)
        report = invocation.report
        if report is not None:
            bill.add(
                memory_mb=report.memory_mb,
                billed_ms=report.billed_ms,
                duration_ms=report.duration_ms,
                init_ms=report.init_ms,
            )
    return statistics.summary(), bill.bill()
