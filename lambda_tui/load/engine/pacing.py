"""When an open loop starts its invocations: pacers, each a value with two methods.

Every pacer makes `round(rate * seconds)` starts in `seconds`; they differ in how these are spread, so that
the same invocations can be compared under different arrivals.

    constant  ────────   ramp  ▁▂▃▄▅▆▇█   spike  ▁▁▁▁█▁▁▁▁   step  ▂▂▄▄▆▆██   poisson  by chance
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import accumulate
from random import Random
from typing import Protocol

SPIKE_SHARE, SPIKE_WIDTH = 0.5, 0.1
"""Half of all starts fall into the middle tenth of the time: nine times the rate of the rest."""

STEPS = 4


class Pacer(Protocol):
    """Intended start times of an open loop."""

    def start_ms(self, hits: int) -> float | None:
        """When start number `hits` (from 0) is due, from the start of the loop; None when all are made."""
        ...

    def rate(self, elapsed_ms: float) -> float:
        """Intended starts per second at that time."""
        ...


def count_of(rate: float, seconds: float) -> int:
    """Starts of every pacer with this mean rate."""
    return max(1, round(rate * seconds))


class ConstantPacer:
    """Evenly spaced starts: `rate` a second for `seconds`."""

    def __init__(self, rate: float, seconds: float) -> None:
        self._rate = rate
        self._count = count_of(rate, seconds)

    def start_ms(self, hits: int) -> float | None:
        return None if hits >= self._count else hits * 1000 / self._rate

    def rate(self, elapsed_ms: float) -> float:
        return self._rate


class PoissonPacer:
    """Independent users: a Poisson process given the number of its events, that is, sorted uniform instants
    (Ross, Introduction to Probability Models, 5.3). The count is fixed so that the cost estimate holds.

    Ask for the starts in order: each is drawn from the one before (memory stays constant at any length).
    """

    def __init__(self, rate: float, seconds: float, seed: int) -> None:
        self._rate = rate
        self._span_ms = seconds * 1000
        self._count = count_of(rate, seconds)
        self._random = Random(seed)  # noqa: S311 - chance, not secrecy
        self._drawn = 0
        self._log_rest = 0.0

    def start_ms(self, hits: int) -> float | None:
        if hits >= self._count:
            return None
        while self._drawn <= hits:
            # What the earliest of the n - k remaining instants leaves is distributed as V^(1/(n - k)).
            self._log_rest += math.log(1 - self._random.random()) / (self._count - self._drawn)
            self._drawn += 1
        return -math.expm1(self._log_rest) * self._span_ms

    def rate(self, elapsed_ms: float) -> float:
        return self._rate


class RampPacer:
    """From no starts to twice the mean rate, evenly rising."""

    def __init__(self, rate: float, seconds: float) -> None:
        self._rate = rate
        self._span_ms = seconds * 1000
        self._count = count_of(rate, seconds)

    def start_ms(self, hits: int) -> float | None:
        # The number of starts until t is count x (t / span)^2.
        return None if hits >= self._count else self._span_ms * math.sqrt(hits / self._count)

    def rate(self, elapsed_ms: float) -> float:
        return 2 * self._rate * elapsed_ms / self._span_ms


class PiecewisePacer:
    """Constant rates one after the other: `pieces` are shares of the starts and shares of the time."""

    def __init__(self, rate: float, seconds: float, pieces: Iterable[tuple[float, float]]) -> None:
        shares = list(pieces)
        self._mean = rate
        self._span_ms = seconds * 1000
        self._count = count_of(rate, seconds)
        starts, times = zip(*shares, strict=True)
        ends = zip(accumulate(starts), accumulate(times), strict=True)
        self._pieces: list[tuple[tuple[float, float], tuple[float, float]]] = list(
            zip(ends, shares, strict=True)
        )

    def start_ms(self, hits: int) -> float | None:
        if hits >= self._count:
            return None
        done = hits / self._count
        pieces = (piece for piece in self._pieces if done < piece[0][0])
        (starts_end, time_end), (starts, time) = next(pieces, self._pieces[-1])
        return self._span_ms * (time_end - time * (starts_end - done) / starts)

    def rate(self, elapsed_ms: float) -> float:
        passed = elapsed_ms / self._span_ms
        pieces = ((starts, time) for (_, time_end), (starts, time) in self._pieces if passed < time_end)
        starts, time = next(pieces, self._pieces[-1][1])
        return self._mean * starts / time


def spike_pacer(rate: float, seconds: float) -> PiecewisePacer:
    """Calm, a burst in the middle, then the same calm again."""
    calm = ((1 - SPIKE_SHARE) / 2, (1 - SPIKE_WIDTH) / 2)
    return PiecewisePacer(rate, seconds, [calm, (SPIKE_SHARE, SPIKE_WIDTH), calm])


def step_pacer(rate: float, seconds: float) -> PiecewisePacer:
    """Four levels, each held for a quarter of the time: 0.4, 0.8, 1.2 and 1.6 times the mean rate."""
    total = STEPS * (STEPS + 1) / 2
    return PiecewisePacer(rate, seconds, [(step / total, 1 / STEPS) for step in range(1, STEPS + 1)])


def pacer_of(arrivals: str, rate: float, seconds: float, seed: int) -> Pacer:
    """The pacer of a scenario's `arrivals`."""
    makers: dict[str, Callable[[], Pacer]] = {
        "constant": lambda: ConstantPacer(rate, seconds),
        "poisson": lambda: PoissonPacer(rate, seconds, seed),
        "ramp": lambda: RampPacer(rate, seconds),
        "spike": lambda: spike_pacer(rate, seconds),
        "step": lambda: step_pacer(rate, seconds),
    }
    return makers[arrivals]()


def peak_rate(arrivals: str, rate: float, seconds: float) -> float:
    """The highest intended rate."""
    pacer = pacer_of(arrivals, rate, seconds, 0)
    return max(pacer.rate(seconds * 1000 * part / 100) for part in range(101))
