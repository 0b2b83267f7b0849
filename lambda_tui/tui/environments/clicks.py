"""The same invocations twice: all at once, then spread over time. (The example of 1,000 clicks is from Ryan
Jones, "AWS Lambda Concurrency: A Perspective", 2021.)"""

from __future__ import annotations

from typing import Literal

from lambda_tui.aws_facts import MAX_TIMEOUT_S
from lambda_tui.runs.target import TargetKind
from lambda_tui.scenario import Scenario

Side = Literal["at-once", "spread"]
SIDES: tuple[Side, Side] = ("at-once", "spread")

DEFAULT_CLICKS = 200
MAX_CLICKS = 1_000
DEFAULT_SECONDS = 30.0


def clicks_scenarios(
    scenario: Scenario, clicks: int, seconds: float, kind: TargetKind
) -> dict[Side, Scenario]:
    """The two runs. On this machine each gets a timeout of its own: a changed configuration means new
    environments, so neither half finds warm ones of an earlier run. No money is spent there either, of which
    a limit would hold back what should start at the same moment.

    Raises:
        InvalidInput: no such numbers can be run.
    """
    base = scenario.with_changes(warmup=0, cold=False, arrivals="constant", rate=None, seconds=None)
    if kind == "local":
        base = base.with_changes(max_usd=None)
    first, second = (0, 0) if kind != "local" else _timeouts(scenario.timeout_s)
    return {
        "at-once": base.with_changes(
            callers=clicks, invocations=clicks, timeout_s=base.timeout_s + first, name=f"{clicks:,} at once"
        ),
        "spread": base.with_changes(
            callers=1,
            invocations=clicks,
            rate=clicks / seconds,
            seconds=seconds,
            timeout_s=base.timeout_s + second,
            name=f"{clicks:,} over {seconds:g} s",
        ),
    }


def _timeouts(timeout_s: int) -> tuple[int, int]:
    return (1, 2) if timeout_s + 2 <= MAX_TIMEOUT_S else (-1, -2)
