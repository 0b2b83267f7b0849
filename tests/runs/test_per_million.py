"""Nothing from a cold start is extrapolated: per million and per month follow from warm invocations alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.billing import RunBill, invocation_usd, load_prices, monthly_usd
from lambda_tui.forecast.answer import answer
from lambda_tui.forecast.measured import measured_base
from lambda_tui.forecast.question import parse_question
from lambda_tui.history.codec import bill_from_text, bill_to_text
from tests.runs.made_runs import invocation, measured

BOOK = load_prices()
RATES = BOOK.rates("us-east-1", "x86_64")

INVOCATIONS = st.lists(
    st.tuples(
        st.integers(1, 20_000),
        st.one_of(st.none(), st.floats(1.0, 9_000.0)),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)
"""Duration in ms, Init Duration where cold, whether it was only to warm up."""


@given(INVOCATIONS, st.sampled_from([128, 512, 1769, 10_240]))
def test_per_million_is_the_warm_billed_mean_priced_exactly(
    invocations: list[tuple[int, float | None, bool]], memory_mb: int
) -> None:
    bill = RunBill(RATES)
    warm: list[int] = []
    cold: list[int] = []
    for duration_ms, init_ms, first_use in invocations:
        billed_ms = duration_ms + (0 if init_ms is None else int(init_ms) + 1)
        bill.add(
            memory_mb=memory_mb,
            billed_ms=billed_ms,
            duration_ms=duration_ms - 0.5,
            init_ms=init_ms,
            first_use=first_use,
        )
        (warm if init_ms is None and not first_use else cold).append(duration_ms)
    counted = warm or cold
    total = sum((invocation_usd(RATES, memory_mb=memory_mb, billed_ms=each) for each in counted), Decimal(0))
    expected = Fraction(total) / len(counted) * 1_000_000
    finished = bill.bill()
    # The last division is Decimal's, to 28 digits.
    assert abs(Fraction(finished.per_million_usd) - expected) <= expected / 10**26
    assert finished.invocations == len(invocations)
    assert bill_from_text(bill_to_text(finished)) == finished


@given(INVOCATIONS.filter(lambda made: any(init is None for _, init, _ in made)), st.integers(1, 10**9))
def test_a_month_scales_the_same_mean(
    invocations: list[tuple[int, float | None, bool]], per_month: int
) -> None:
    with_cold, without = RunBill(RATES), RunBill(RATES)
    for duration_ms, init_ms, _ in invocations:
        billed_ms = duration_ms + (0 if init_ms is None else int(init_ms) + 1)
        for bill in (with_cold, *([without] if init_ms is None else [])):
            bill.add(memory_mb=512, billed_ms=billed_ms, duration_ms=duration_ms - 0.5, init_ms=init_ms)
    month = monthly_usd(with_cold.bill(), RATES, invocations_per_month=per_month)
    assert month == monthly_usd(without.bill(), RATES, invocations_per_month=per_month)


def test_explore_and_what_if_agree_to_the_cent_on_the_same_run() -> None:
    run = measured(
        [invocation(index, duration_ms=300.2 + index * 1.37, cold=index % 7 == 0) for index in range(40)]
    )
    question = parse_question(
        {
            "memory_mb": run.scenario.memory_mb,
            "invocations": 26_280_000,
            "cold_start_percent": 0,
            "region": "eu-central-1",
        }
    )
    month = answer(question, measured_base(run), BOOK, date(2026, 11, 21)).bill.total_usd
    rates = BOOK.rates("eu-central-1", "x86_64")
    explore = monthly_usd(run.bill, rates, invocations_per_month=26_280_000)
    assert round(month, 2) == round(explore, 2)
