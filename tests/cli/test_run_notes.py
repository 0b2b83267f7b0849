"""The sentences under the table of `lambda-tui run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from lambda_tui.cli.run_notes import run_notes
from lambda_tui.cli.run_table import run_table
from lambda_tui.results import InvocationError, Summary
from lambda_tui.runs.measured import MeasuredRun
from lambda_tui.scenario import Scenario
from tests.runs.made_runs import invocation, measured

OPEN_LOOP = Scenario(rate=20, seconds=3, arrivals="poisson", warmup=2)
MANY = [invocation(index) for index in range(1000)]


def with_summary(run: MeasuredRun, **changes: object) -> MeasuredRun:
    summary: Summary = replace(run.summary, **changes)  # type: ignore[arg-type]
    return replace(run, summary=summary)


def test_a_large_closed_loop_without_failures_needs_none() -> None:
    run = measured(MANY)
    assert run_notes(run) == []
    assert "closed loop: 1 caller, 20 invocations" in run_table(run)
    assert "service" not in run_table(run)


@pytest.mark.parametrize(
    ("cold", "label"),
    [
        ((False, False, False), "per million "),
        ((True, False, False), "per million warm "),
        ((True, True, True), "per million without init "),
    ],
)
def test_the_price_of_a_million_says_what_it_is_of(cold: Sequence[bool], label: str) -> None:
    run = measured([invocation(index, cold=each) for index, each in enumerate(cold)])
    assert any(row.startswith(label) for row in run_table(run).splitlines())


def test_an_open_loop_shows_both_times_and_explains_them() -> None:
    run = measured(MANY, scenario=OPEN_LOOP)
    table = run_table(run)
    assert "open loop: 20/s for 3 s, poisson arrivals after 2 warm-up invocations" in table
    for line in ("latency ", "service ", "start error "):
        assert any(row.startswith(line) and "1,000" in row for row in table.splitlines())
    assert any("intended start" in note for note in run_notes(run))
    assert any("actual start" in note for note in run_notes(run))


def test_p999_is_shown_of_as_many_as_it_takes() -> None:
    def latency_row(count: int) -> list[str]:
        lines = run_table(measured(MANY[:count])).splitlines()
        return next(line.split() for line in lines if line.startswith("latency"))

    assert latency_row(1000)[-2] != "–"
    assert latency_row(999)[-2] == "–"


def test_a_small_sample_is_named() -> None:
    assert run_notes(measured(MANY[:50])) == ["p99 of 50 values: just the largest value measured."]
    assert run_notes(measured(MANY[:15]))[0].startswith("p95 and p99 of 15 values")


def test_doubts_and_failures_are_reported() -> None:
    throttle = replace(
        MANY[0],
        status="throttled",
        report=None,
        error=InvocationError("ConcurrentInvocationLimitExceeded", "x"),
    )
    timeout = replace(MANY[1], status="failed", report=None, error=InvocationError("ReadTimeout", "x"))
    run = with_summary(
        measured([*MANY, throttle, throttle, timeout]),
        client_limited="starts were 3.2 ms late (p99)",
        dropped=7,
        possibly_billed_usd=Decimal("0.0004"),
    )
    notes = run_notes(run)
    assert notes[0].startswith("client-limited: starts were 3.2 ms late (p99).")
    assert notes[1].startswith("7 planned starts dropped with 1,000 in flight")
    assert notes[2] == "1 invocation never answered: possibly billed, up to $0.0004 more."
    assert notes[3] == "2 × ConcurrentInvocationLimitExceeded, 1 × ReadTimeout."
    assert max(map(len, run_table(run).splitlines())) < 80
