"""Spill-over of provisioned concurrency against a simulation, and break-evens against brute force."""

from __future__ import annotations

import heapq
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_tui.billing import Usage, load_prices, price
from lambda_tui.billing.month_curve import month_curve
from lambda_tui.billing.monthly import MONTH_HOURS, MONTH_SECONDS
from lambda_tui.billing.spill_over import erlang_b, spilled_share
from lambda_tui.billing.traffic import TrafficAssumptions, cost_by_traffic
from lambda_tui.billing.usage import Provisioned
from lambda_tui.billing.whatif import chart_steps

BOOK = load_prices()


def simulated(environments: int, busy: float, *, spread: bool, seed: int, arrivals: int = 60_000) -> float:
    """The share of independent arrivals that finds all environments busy; durations fixed or exponential."""
    random = Random(seed)
    ends: list[float] = []
    now = spilled = 0.0
    for _ in range(arrivals):
        now += random.expovariate(busy)
        while ends and ends[0] <= now:
            heapq.heappop(ends)
        if len(ends) >= environments:
            spilled += 1
        else:
            heapq.heappush(ends, now + (random.expovariate(1) if spread else 1.0))
    return spilled / arrivals


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize(("environments", "busy"), [(1, 0.5), (2, 1.4), (5, 3.5), (10, 12.0), (50, 35.0)])
def test_erlangs_formula_is_what_a_simulation_shows(environments: int, busy: float, spread: bool) -> None:
    share = simulated(environments, busy, spread=spread, seed=environments)
    assert erlang_b(environments, busy) == pytest.approx(share, abs=0.012)


def recursion(environments: int, busy: float) -> float:
    """Erlang's formula step by step (ITU-T, Teletraffic Engineering Handbook, 7.3)."""
    blocked = 1.0
    for count in range(1, environments + 1):
        blocked = busy * blocked / (count + busy * blocked)
    return blocked


@given(environments=st.integers(0, 3_000), use=st.floats(0.01, 20))
def test_erlangs_formula_is_that_of_the_recursion(environments: int, use: float) -> None:
    busy = use * max(1, environments)
    assert erlang_b(environments, busy) == pytest.approx(recursion(environments, busy), rel=1e-9, abs=1e-300)


def test_even_arrivals_spill_only_what_does_not_fit() -> None:
    assert spilled_share(10, 7.0, "even") == 0.0
    assert spilled_share(5, 10.0, "even") == 0.5
    assert spilled_share(3, 0.0, "poisson") == 0.0
    assert erlang_b(0, 2.0) == 1.0


usages = st.fixed_dictionaries(
    {
        "memory_mb": st.sampled_from([128, 512, 1769, 10_240]),
        "duration_ms": st.integers(1, 5_000).map(Decimal),
        "invocations": st.integers(1, 300_000_000),
    }
)


@settings(max_examples=1000)
@given(usages, st.integers(1, 100))
def test_environments_are_as_many_as_a_month_needs_step_by_step(
    values: dict[str, object], percent: int
) -> None:
    usage = Usage(**values)  # type: ignore[arg-type]
    curve = month_curve(usage, BOOK)
    busy_ms = usage.invocations * (usage.duration_ms or Decimal(0))
    each_ms = MONTH_SECONDS * 1000 * Decimal(percent) / 100
    guess = int(busy_ms / each_ms)
    count = max(1, guess - 2)
    while count * each_ms < busy_ms:
        count += 1
    assert curve.concurrency_for(usage.invocations, Decimal(percent) / 100) == count
    kept = Provisioned(count, Decimal(MONTH_HOURS))
    by_price = price(Usage(**values, provisioned=kept), BOOK).total_usd  # type: ignore[arg-type]
    assert curve.provisioned_usd(usage.invocations, count) == by_price


@settings(max_examples=60)
@given(usages, st.sampled_from([None, 1, 5, 40]), st.sampled_from(["even", "poisson"]))
def test_at_a_break_even_the_cheaper_way_costs_less_and_one_invocation_before_it_does_not(
    values: dict[str, object], concurrency: int | None, arrivals: str
) -> None:
    usage = Usage(**values)  # type: ignore[arg-type]
    assumptions = TrafficAssumptions(concurrency=concurrency, arrivals=arrivals)  # type: ignore[arg-type]
    chart = cost_by_traffic(usage, chart_steps(usage.invocations), assumptions, BOOK)
    for crossing in chart.break_evens:
        around = [crossing.invocations - 1, crossing.invocations]
        near = cost_by_traffic(usage, around, assumptions, BOOK)
        usd = {line.name: line.usd for line in near.lines}
        before = usd[crossing.cheaper][0] - usd[crossing.dearer][0]
        after = usd[crossing.cheaper][1] - usd[crossing.dearer][1]
        assert before >= 0 >= after


def test_bursts_make_provisioned_concurrency_spill_and_cost_more() -> None:
    usage = Usage(memory_mb=1024, duration_ms=Decimal(200), invocations=100_000_000)
    curve = month_curve(usage, BOOK)
    busy = 100_000_000 * 0.2 / MONTH_SECONDS
    count = int(busy) + 1
    assert curve.inside(100_000_000, count) == 100_000_000
    spilled = 100_000_000 - curve.inside(100_000_000, count, "poisson")
    assert spilled == pytest.approx(100_000_000 * erlang_b(count, busy), rel=1e-6)
    even, bursts = (curve.provisioned_usd(100_000_000, count, each) for each in ("even", "poisson"))
    assert even is not None
    assert bursts is not None
    assert bursts > even
