"""How much of the traffic finds every provisioned environment busy, and runs on demand instead."""

from __future__ import annotations

import math
from typing import Literal

ArrivalPattern = Literal["even", "poisson"]
"""Spread evenly over the month, or independent of one another (a Poisson process)."""

NEGLIGIBLE = 1e-18
"""A term this small beside the sum, and all that follow it, change no digit that is shown."""


def erlang_b(environments: int, busy: float) -> float:
    """The share of independent arrivals that find `environments` all busy.

    `busy` is the offered load: arrivals per second times seconds each, or how many would be busy on average
    if there were enough. What finds no room goes elsewhere and does not wait: this is Erlang's loss formula,
    which holds for durations of any distribution (Kleinrock, Queueing Systems I, 3.6; Sevastyanov, 1957). Its
    reciprocal is the sum of N! / (N - k)! / busy^k for k from 0 to N: summed from k = 0, it can end as soon
    as further terms change nothing, which a slider over a fleet of 100,000 environments needs.
    """
    if busy <= 0:
        return 0.0
    total = term = 1.0
    for free in range(environments, 0, -1):
        term *= free / busy
        total += term
        if math.isinf(total) or (free < busy and term < total * NEGLIGIBLE):
            break
    return 1 / total


def spilled_share(environments: int, busy: float, arrivals: ArrivalPattern) -> float:
    """The share of the traffic that runs on demand beside `environments` provisioned ones."""
    if busy <= 0:
        return 0.0
    if arrivals == "poisson":
        return erlang_b(environments, busy)
    return max(0.0, 1.0 - environments / busy)
