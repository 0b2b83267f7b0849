"""The host is never blamed on Lambda: what is marked, what is not, and what Lambda would have billed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from lambda_tui.billing import load_prices
from lambda_tui.history.codec import recomputed
from lambda_tui.results import CpuUse, Invocation, Report, RunStatistics
from lambda_tui.runs.host import is_host_limited, lawful_billed_ms, lawful_ms, wanted_cpus
from lambda_tui.scenario import Scenario
from tests.runs.made_runs import invocation

PRIMES = Scenario(workload="primes", memory_mb=1769)
TWO = Scenario(workload="primes", workers=2, tasks=2, memory_mb=3538)


def took(duration_ms: float, cpu_ms: float, memory_mb: int = 1769) -> Invocation:
    report = Report("r", duration_ms, int(duration_ms) + 1, memory_mb)
    return replace(invocation(0), report=report, cpu=CpuUse(cpu_ms, 0, 0.0))


@pytest.mark.parametrize(
    ("scenario", "duration_ms", "cpu_ms", "limited"),
    [
        # One caller and eight on two CPUs, as measured.
        (PRIMES, 96.0, 92.0, False),
        (PRIMES, 354.0, 92.0, True),
        # The quota alone: 0.29 vCPU takes 3.5 times the CPU time, within a period.
        (replace(PRIMES, memory_mb=512), 345.0, 96.0, False),
        (replace(PRIMES, memory_mb=512), 520.0, 96.0, True),
        # Waiting is no loss; a fetch that takes half as long again is one.
        (Scenario(), 905.0, 4.0, False),
        (Scenario(concurrency="threads"), 304.0, 4.0, False),
        (Scenario(concurrency="threads"), 470.0, 4.0, True),
        # Two processes may use two CPUs, where the memory size buys them.
        (
            Scenario(workload="primes", concurrency="processes", workers=2, tasks=2, memory_mb=3538),
            100.0,
            198.0,
            False,
        ),
        (
            Scenario(workload="primes", concurrency="processes", workers=2, tasks=2, memory_mb=3538),
            190.0,
            198.0,
            True,
        ),
        (
            Scenario(workload="primes", concurrency="threads", workers=2, tasks=2, memory_mb=3538),
            200.0,
            198.0,
            False,
        ),
    ],
)
def test_what_lambdas_law_does_not_explain_is_the_hosts(
    scenario: Scenario, duration_ms: float, cpu_ms: float, limited: bool
) -> None:
    measured = took(duration_ms, cpu_ms, scenario.memory_mb)
    assert is_host_limited(measured, scenario) is limited
    billed = lawful_billed_ms(measured, scenario)
    assert billed is not None
    assert measured.report is not None
    assert (billed < measured.report.billed_ms) is limited


def test_nothing_is_said_where_nothing_is_known() -> None:
    elsewhere = replace(took(354.0, 92.0), cpu=None)
    assert lawful_ms(elsewhere, PRIMES) is None
    assert not is_host_limited(elsewhere, PRIMES)
    assert lawful_ms(took(354.0, 92.0), Scenario(function="mine")) is None
    assert lawful_ms(took(354.0, 92.0), Scenario(workload="s3")) is None


def test_a_summary_has_the_share_and_what_a_million_would_cost() -> None:
    statistics = RunStatistics()
    statistics.gb_ms_usd, statistics.request_usd = Decimal("0.0000166667") / 1000, Decimal("0.0000002")
    for each in (took(96.0, 92.0), took(354.0, 92.0)):
        statistics.add(each)
        statistics.add_lawful(each, lawful_billed_ms(each, PRIMES))
    summary = statistics.summary()
    assert summary.host_limited == 1
    assert summary.to_document()["host_limited_share"] == 0.5
    gb_s = Decimal(1769) / 1024 * (97 + 92) / 2 / 1000
    expected = (Decimal("0.0000002") + gb_s * Decimal("0.0000166667")) * 1_000_000
    assert summary.lawful_per_million_usd == pytest.approx(expected)


def test_a_recording_without_an_end_has_the_same_marks() -> None:
    summary, _ = recomputed([took(96.0, 92.0), took(354.0, 92.0)], "us-east-1", PRIMES)
    rates = load_prices().rates("us-east-1", PRIMES.architecture)
    gb_s = Decimal(1769) / 1024 * (97 + 92) / 2 / 1000
    expected = (rates.request + gb_s * rates.gb_second) * 1_000_000
    assert summary.host_limited == 1
    assert summary.lawful_per_million_usd == pytest.approx(expected)


def test_a_load_says_how_many_cpus_it_keeps_busy() -> None:
    assert wanted_cpus(PRIMES.with_changes(callers=8)) == pytest.approx(8.0)
    assert wanted_cpus(PRIMES.with_changes(callers=8, memory_mb=512)) == pytest.approx(8 * 512 / 1769)
    assert wanted_cpus(Scenario(callers=100)) == 0.0
