"""How Lambda rounded and what it billed, then and now.

Sources: "New for AWS Lambda - 1ms Billing Granularity" (AWS News Blog, 2020-12-01) and "AWS Lambda
standardizes billing for INIT Phase" (AWS Compute Blog, 2025-04-29, in force since 2025-08-01).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from lambda_tui.exact import EXACT, ceil_to_step

EraName = Literal["today", "before-2025-08", "before-2020-12"]


@dataclass(frozen=True, slots=True)
class Era:
    """A period of billing rules. `init_billed` is about zip functions on managed runtimes."""

    name: EraName
    rounding_ms: int
    init_billed: bool
    has_volume_tiers: bool
    summary: str


ERAS: dict[str, Era] = {
    era.name: era
    for era in (
        Era("today", 1, True, True, "rounded up to 1 ms, init billed"),
        Era("before-2025-08", 1, False, True, "rounded up to 1 ms, init of zip functions free"),
        Era("before-2020-12", 100, False, False, "rounded up to 100 ms, init of zip functions free"),
    )
}


def billed_ms(duration_ms: Decimal, extra_ms: Decimal = Decimal(0), *, rounding_ms: int = 1) -> int:
    """One ceil on the sum of duration and billed init or restore, never a sum of ceils."""
    return ceil_to_step(EXACT.add(duration_ms, extra_ms), rounding_ms)
