"""How long execution environments live: the chance of being warm after some idle time, and their age.

Idle times: measured on AWS in 2025, 100 trials per idle time ("Demystifying Serverless Costs on Public
Platforms", arXiv 2506.01283, keep-alive data): all environments survive 240 s, none 360 s. Age: the AWS
documentation says that environments are ended every few hours even when busy, without figures.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import dataclass, field

SURVIVAL = (
    (240.0, 1.00),
    (270.0, 0.97),
    (300.0, 0.92),
    (315.0, 0.57),
    (330.0, 0.32),
    (345.0, 0.06),
    (360.0, 0.00),
)
"""Idle seconds, and the share of environments that are still warm then."""

MAX_AGE_S = 2 * 3600.0
"""Our assumption for "every few hours"."""

_RECLAIMED = [1 - share for _, share in SURVIVAL]


def idle_seconds(reclaimed_share: float) -> float:
    """The idle time by which this share of environments is reclaimed (0 to 1), along the measured curve."""
    index = max(1, min(bisect_left(_RECLAIMED, reclaimed_share), len(_RECLAIMED) - 1))
    before_s, after_s = SURVIVAL[index - 1][0], SURVIVAL[index][0]
    before, after = _RECLAIMED[index - 1], _RECLAIMED[index]
    return before_s + (after_s - before_s) * (reclaimed_share - before) / (after - before)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Draws lifetimes. `idle_s` replaces the curve with one time; `time_scale` makes everything faster."""

    idle_s: float | None = None
    max_age_s: float = MAX_AGE_S
    time_scale: float = 1.0
    random: random.Random = field(default_factory=random.Random, repr=False)

    def idle(self) -> float:
        """How many seconds an environment that becomes idle now will be kept, if nobody calls."""
        if self.idle_s is not None:
            return self.idle_s
        return idle_seconds(self.random.random()) / self.time_scale

    @property
    def age(self) -> float:
        """Seconds after which an environment is ended between two invocations."""
        return self.max_age_s / self.time_scale
