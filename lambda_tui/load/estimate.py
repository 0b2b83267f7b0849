"""What a run may cost, before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from lambda_tui.aws_facts import MAX_BILLED_INIT_MS
from lambda_tui.billing.prices import Rates
from lambda_tui.billing.run_bill import invocation_usd
from lambda_tui.scenario import WAITING_WORKLOADS, Scenario


@dataclass(frozen=True, slots=True)
class SpendEstimate:
    """Dollars for a whole run: `low_usd` if every invocation takes its ideal time, `high_usd` if every one
    starts cold with the longest INIT and runs into its timeout."""

    low_usd: Decimal
    high_usd: Decimal


def estimate_spend(scenario: Scenario, rates: Rates) -> SpendEstimate:
    """Price all planned invocations, warm-up included; ignores the free tier and volume discounts."""
    planned = scenario.planned_invocations
    if scenario.max_invocations is not None:
        planned = min(planned, scenario.max_invocations)
    low = invocation_usd(rates, memory_mb=scenario.memory_mb, billed_ms=ideal_duration_ms(scenario))
    high = worst_case_usd(rates, memory_mb=scenario.memory_mb, timeout_s=scenario.timeout_s)
    return SpendEstimate(low_usd=low * planned, high_usd=high * planned)


def worst_case_usd(rates: Rates, *, memory_mb: int, timeout_s: int) -> Decimal:
    """One invocation that runs into its timeout, in an environment with the longest INIT."""
    return invocation_usd(rates, memory_mb=memory_mb, billed_ms=timeout_s * 1000 + MAX_BILLED_INIT_MS)


def ideal_duration_ms(scenario: Scenario) -> int:
    """The shortest time that an invocation's waits take: tasks x task_ms, in parallel where the model can.

    The durations of CPU work, services and the user's own functions are unknown in advance and count as
    nothing: the low end is then the request fee and one billed millisecond.
    """
    if scenario.function is not None or scenario.workload not in WAITING_WORKLOADS:
        return 1
    parallel = scenario.concurrency not in ("sequential", "asyncio-blocking")
    rounds = math.ceil(scenario.tasks / (scenario.workers if parallel else 1))
    return max(1, math.ceil(rounds * scenario.task_ms))
