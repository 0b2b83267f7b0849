"""Objectives: what they accept, and when they are met."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambda_tui.cli.slo import missed, parse_objective
from lambda_tui.errors import InvalidInput
from lambda_tui.runs.measured import MeasuredRun
from tests.runs.made_runs import invocation, measured

# Latencies of 12, 22 ... 102 ms; the price of 0.512 GB-s is far below one dollar per million.
RUN = measured([invocation(index, duration_ms=10.0 * (index + 1)) for index in range(10)])


def is_met(text: str, run: MeasuredRun = RUN) -> bool:
    return missed([parse_objective(text)], run.summary, run.bill) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p50<=52ms", True),  # nearest rank: the fifth of ten
        ("p50<52ms", False),
        ("p95<102.5ms", True),
        ("p95 < 0.1 s", False),
        ("max<=0.102s", True),
        ("mean<57ms", False),  # the mean is 57
        ("mean<=57.01ms", True),
        ("errors<1%", True),
        ("usd_per_million<5", True),
        ("p99.9<=102ms", True),
        ("p999<102ms", False),
        ("cold<1%", True),
        ("throttled<0.1%", True),
        ("usd_per_million<0.1", False),
    ],
)
def test_objectives(text: str, expected: bool) -> None:
    assert is_met(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "p9999<1s",
        "cold<5",
        "cold<5ms",
        "throttled<1",
        "",
        "p95",
        "p95>1ms",
        "p96<1ms",
        "p95<1",
        "errors<1",
        "usd_per_million<1ms",
    ],
)
def test_other_expressions_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="--slo cannot be"):
        parse_objective(text)


def test_nothing_measured_meets_nothing() -> None:
    empty = measured([])
    assert not any(is_met(text, empty) for text in ("p95<1s", "errors<100%", "usd_per_million<5"))


def test_the_error_names_every_objective_that_was_missed() -> None:
    objectives = [parse_objective(text) for text in ("p50<1ms", "errors<1%", "usd_per_million<0.01")]
    error = missed(objectives, RUN.summary, RUN.bill)
    assert error is not None
    assert str(error) == "Not met: p50<1ms, usd_per_million<0.01."
    assert error.exit_code == 4


def test_shares_are_of_all_invocations() -> None:
    runs = [invocation(index, cold=index == 0) for index in range(4)]
    runs.append(replace(runs[1], status="throttled", report=None, payload=None))
    run = measured(runs)
    assert is_met("cold<=20%", run)
    assert not is_met("cold<20%", run)
    assert is_met("throttled<=20%", run)
    assert not is_met("errors<20%", run)


def test_a_percentile_of_too_few_is_judged_with_a_warning() -> None:
    error = missed([parse_objective("p99<1ms"), parse_objective("p50<1ms")], RUN.summary, RUN.bill)
    assert error is not None
    assert error.hint == "p99 of 10 is the largest value measured: it takes 100 to tell them apart."
    assert parse_objective("p90<1ms").warning(RUN.summary) == ""
    assert "takes 20" in parse_objective("p95<1s").warning(RUN.summary)
