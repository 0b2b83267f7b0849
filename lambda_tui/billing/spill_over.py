"""How much of the traffic finds every provisioned environment busy, and runs on demand instead."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

ArrivalPattern = Literal["even", "poisson"]
"""Spread evenly over the month, or independent of one another (a Poisson process)."""


@lru_cache(maxsize=4096)
def erlang_b(environments: int, busy: float) -> float:
    """The share of independent arrivals that find `environments` all busy.

    `busy` is the offered load: arrivals per second times seconds each, or how many would be busy on average
    if there were enough. What finds no room goes elsewhere and does not wait: this is Erlang's loss formula,
    which holds for durations of any distribution (Kleinrock, Queueing Systems I, 3.6; Sevastyanov, 1957). The
    recursion is that of ITU-T, Teletraffic Engineering Handbook, 7.3.
    """
    if busy <= 0:
        return 0.0
    blocked = 1.0
    for count in range(1, environments + 1):
        blocked = busy * blocked / (count + busy * blocked)
    return blocked


def spilled_share(environments: int, busy: float, arrivals: ArrivalPattern) -> float:
    """The share of the traffic that runs on demand beside `environments` provisioned ones."""
    if busy <= 0:
        return 0.0
    if arrivals == "poisson":
        return erlang_b(environments, busy)
    return max(0.0, 1.0 - environments / busy)
