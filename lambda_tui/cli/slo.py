"""Objectives on the command line: `p95<500ms`, `errors<1%`, `cold<5%`, `usd_per_million<5`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import le, lt

from lambda_tui.billing import Bill
from lambda_tui.errors import InvalidInput, SloMissed
from lambda_tui.results import Summary
from lambda_tui.results.intervals import small_sample_warning

_EXPRESSION = re.compile(
    r"\s*(?:(?P<time>p50|p90|p95|p99|p99\.?9|mean|max)|(?P<share>errors|throttled|cold)"
    r"|(?P<usd>usd_per_million))"
    r"\s*(?P<operator><=?)\s*(?P<bound>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|%)?\s*"
)
_UNITS: dict[str, dict[str | None, Decimal]] = {
    "time": {"ms": Decimal(1), "s": Decimal(1000)},
    "share": {"%": Decimal("0.01")},
    "usd": {None: Decimal(1)},
}


@dataclass(frozen=True, slots=True)
class Objective:
    """One upper bound. Times are `latency_ms`, what a caller waits, cold starts included; `errors` is
    the share of invocations that were not ok, `throttled` and `cold` are shares of all invocations too."""

    text: str
    kind: str
    metric: str
    allows_equal: bool
    bound: Decimal

    def is_met(self, summary: Summary, bill: Bill) -> bool:
        """False also if there is nothing to judge: no invocation succeeded."""
        value = self._value(summary, bill)
        return value is not None and (le if self.allows_equal else lt)(value, self.bound)

    def warning(self, summary: Summary) -> str:
        """Why the sample was too small to judge the objective; empty if it was not."""
        times = summary.latency_ms
        if self.kind != "time" or times is None:
            return ""
        return small_sample_warning(times.count, self.metric.replace(".", ""))

    def _value(self, summary: Summary, bill: Bill) -> Decimal | None:
        if self.kind == "time":
            times = summary.latency_ms
            return None if times is None else Decimal(str(getattr(times, self.metric.replace(".", ""))))
        if not summary.invocations:
            return None
        if self.kind == "share":
            counts = {
                "errors": summary.invocations - summary.ok,
                "throttled": summary.throttled,
                "cold": summary.cold_starts,
            }
            return Decimal(counts[self.metric]) / summary.invocations
        return bill.per_million_usd


def parse_objective(text: str) -> Objective:
    """Read one expression.

    Raises:
        InvalidInput: it has none of the known forms.
    """
    match = _EXPRESSION.fullmatch(text)
    kind = next((name for name in _UNITS if match and match[name]), None)
    if match is None or kind is None or match["unit"] not in _UNITS[kind]:
        raise InvalidInput(
            "--slo",
            f"--slo cannot be {text!r}.",
            hint="Use p50, p90, p95, p99, p99.9, mean or max with ms or s, errors, throttled or cold with %, "
            "or usd_per_million.",
        )
    bound = Decimal(match["bound"]) * _UNITS[kind][match["unit"]]
    return Objective(text.strip(), kind, match[kind], match["operator"] == "<=", bound)


def missed(objectives: Sequence[Objective], summary: Summary, bill: Bill) -> SloMissed | None:
    """The error that names the objectives that were not met, if any."""
    lost = [objective for objective in objectives if not objective.is_met(summary, bill)]
    if not lost:
        return None
    warnings = dict.fromkeys(filter(None, (objective.warning(summary) for objective in lost)))
    texts = ", ".join(objective.text for objective in lost)
    return SloMissed(f"Not met: {texts}.", hint=" ".join(warnings))
