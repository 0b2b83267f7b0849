"""Limits that hold: checked before each send, with everything in flight priced at its worst case."""

from __future__ import annotations

import math
import re
from binascii import Error as BinasciiError
from binascii import a2b_base64
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import Any, Literal

from lambda_tui.load.engine.plan import EnginePlan

EndKind = Literal["done", "stopped", "invocations", "usd", "seconds", "unreachable", "lost", "refused"]

_TEXT, _JSON = b"Billed Duration:", b'"billedDurationMs":'
_NUMBER = re.compile(rb" ?(\d+)")
REPORT_TAIL = 400
"""The REPORT closes a log tail and is shorter than this many base64 characters, a multiple of four."""

HTTP_OK = 200
MAY_HAVE_RUN = frozenset({408, *range(500, 600)})
"""Statuses that leave open whether the function ran; other refusals come before it runs."""


@dataclass(frozen=True, slots=True)
class End:
    """Why a run ended; `abandoned` invocations were sent and never answered."""

    kind: EndKind
    message: str = ""
    abandoned: int = 0

    def to_wire(self) -> tuple[Any, ...]:
        return astuple(self)


class Limits:
    """What was spent and what may still be sent.

    Throttles cost nothing. An invocation that may have run but left no REPORT counts as its whole service
    time, or its worst case if it never answered: it cannot have run longer than we waited. Money is
    counted in whole 1e-30 of the currency, which is exact and a third of Decimal's cost per invocation.
    """

    def __init__(self, plan: EnginePlan) -> None:
        self._max = None if plan.max_usd is None else _units(plan.max_usd)
        self._max_invocations = plan.max_invocations
        self._request = _units(plan.request_usd)
        self._billed_ms = _units(plan.billed_ms_usd)
        self._worst_case = _units(plan.worst_case_usd)
        self._spent = 0

    @property
    def spent_usd(self) -> Decimal:
        return Decimal(self._spent).scaleb(-30)

    def refuse(self, sent: int, in_flight: int) -> End | None:
        """Why no further invocation can ever be sent; None if one can, now or after the next answer."""
        if self._max_invocations is not None and sent >= self._max_invocations:
            return End("invocations")
        return None if in_flight or self._has_room(0) else End("usd")

    def must_wait(self, in_flight: int) -> bool:
        """True while one more worst case fits only if something in flight costs less than its own."""
        return in_flight > 0 and not self._has_room(in_flight)

    def settle(self, status: int, log_tail: bytes, service_ms: float) -> None:
        """Book one answer (`status` 0: it was sent and none came)."""
        if self._max is None:
            return
        if status == 0:
            self._spent += self._worst_case
        elif status == HTTP_OK or status in MAY_HAVE_RUN:
            self._spent += self._cost(billed_ms_of(log_tail), service_ms)

    def _cost(self, billed_ms: int | None, service_ms: float) -> int:
        if billed_ms is not None:
            return self._request + self._billed_ms * billed_ms
        return min(self._worst_case, self._request + self._billed_ms * math.ceil(service_ms))

    def _has_room(self, in_flight: int) -> bool:
        return self._max is None or self._spent + self._worst_case * (in_flight + 1) <= self._max


def billed_ms_of(log_tail: bytes) -> int | None:
    """The billed milliseconds in a base64 log tail, if its REPORT is there."""
    return _last_billed_ms(log_tail[-REPORT_TAIL:]) or _last_billed_ms(log_tail)


def _last_billed_ms(encoded: bytes) -> int | None:
    # The last one: the function itself may have logged something like a REPORT before it. Searching from the
    # end takes 0.6 us of each invocation's 20; a regular expression over the text took 7.
    try:
        text = a2b_base64(encoded)
    except BinasciiError:
        return None
    in_text, in_json = text.rfind(_TEXT), text.rfind(_JSON)
    if in_text == in_json:  # both are missing
        return None
    place = in_text + len(_TEXT) if in_text > in_json else in_json + len(_JSON)
    number = _NUMBER.match(text, place)
    return int(number[1]) if number else None


def _units(usd: str) -> int:
    return int(Decimal(usd).scaleb(30).to_integral_value())
