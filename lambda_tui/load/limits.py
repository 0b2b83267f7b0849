"""Limits that hold: asked before each send, with what is in flight priced at its worst case."""

from __future__ import annotations

import math
import re
from base64 import b64decode
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from lambda_tui.load.plan import EnginePlan

EndKind = Literal["done", "stopped", "limit", "unreachable", "lost", "refused"]

_BILLED = re.compile(rb"Billed Duration: (\d+) ms|\"billedDurationMs\": ?(\d+)")


@dataclass(frozen=True, slots=True)
class End:
    """Why a run ended, in a sentence; `abandoned` invocations were sent and never answered."""

    kind: EndKind
    message: str = ""
    hint: str = ""
    abandoned: int = 0

    def to_wire(self) -> tuple[str, str, str, int]:
        return (self.kind, self.message, self.hint, self.abandoned)


class Limits:
    """What was spent and what may still be sent. Throttles cost nothing; what may have run and left no
    REPORT counts as its whole service time, or as its worst case if it never answered."""

    def __init__(self, plan: EnginePlan) -> None:
        self._max_usd = None if plan.max_usd is None else Decimal(plan.max_usd)
        self._max_invocations = plan.max_invocations
        self._request_usd = Decimal(plan.request_usd)
        self._billed_ms_usd = Decimal(plan.billed_ms_usd)
        self._worst_case_usd = Decimal(plan.worst_case_usd)
        self.spent_usd = Decimal(0)

    def refuse(self, sent: int, in_flight: int) -> End | None:
        """None if one more invocation fits into every limit."""
        if self._max_invocations is not None and sent >= self._max_invocations:
            return End("limit", f"The limit of {self._max_invocations} invocations is reached.")
        if self._max_usd is None:
            return None
        if self.spent_usd + self._worst_case_usd * (in_flight + 1) <= self._max_usd:
            return None
        return self._spend_limit(sent, in_flight)

    def _spend_limit(self, sent: int, in_flight: int) -> End:
        return End(
            "limit",
            f"The spend limit of ${self._max_usd} has no room for another invocation: "
            f"{sent - in_flight} cost ${self.spent_usd:.8f}, and each of the {in_flight + 1} "
            f"that would be in flight could cost ${self._worst_case_usd:.8f} before its timeout.",
            hint="Raise the limit, or lower the function's timeout, its memory or the number of callers.",
        )

    def settle(self, status: int, log_tail: bytes, service_ms: float) -> None:
        """Book one answer (`status` 0: it was sent and none came)."""
        if status == 200:
            billed_ms = billed_ms_of(log_tail)
            self.spent_usd += self._request_usd + self._billed_ms_usd * (
                math.ceil(service_ms) if billed_ms is None else billed_ms
            )
        elif status == 0:
            self.spent_usd += self._worst_case_usd


def billed_ms_of(log_tail: bytes) -> int | None:
    """The billed milliseconds in a base64 log tail, if its REPORT is there."""
    # The last match: the function itself may have logged something like a REPORT before it.
    found = _BILLED.findall(b64decode(log_tail)) if log_tail else []
    return int(found[-1][0] or found[-1][1]) if found else None


def time_limit(seconds: float, sent: int) -> End:
    """The end of a run that used up its time."""
    return End("limit", f"The limit of {seconds:g} s is reached after {sent} invocations were started.")
