"""Whole runs: the real engine process against a fake Lambda on real sockets."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from lambda_tui.billing import invocation_usd, load_prices
from lambda_tui.errors import (
    Interrupted,
    InvalidInput,
    LambdaTuiError,
    LimitReached,
    TargetLost,
    TargetRefused,
    TargetUnreachable,
)
from lambda_tui.load.engine.pacing import pacer_of
from lambda_tui.load.run import Run
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.scenario.choices import Arrivals
from lambda_tui.targets.protocol import Deployment
from tests.targets.fake import Answer, FakeTarget

RATES = load_prices().rates("us-east-1", "x86_64")


def finish(run: Run) -> Snapshot:
    return list(run.snapshots())[-1]


def test_every_planned_invocation_is_made_once_and_priced(fake: FakeTarget) -> None:
    last = finish(Run(Scenario(invocations=25, callers=4), fake))
    assert last.is_final
    assert last.stopped_by is None
    assert sorted(invocation.index for invocation in last.invocations) == list(range(25))
    assert fake.traffic.invocations == 25
    assert last.summary.ok == 25
    price = invocation_usd(RATES, memory_mb=512, billed_ms=3)
    assert all(invocation.usd == price for invocation in last.invocations)
    assert last.bill.total_usd == price * 25
    assert last.summary.gb_seconds == Decimal(512) / 1024 * 3 / 1000 * 25


def test_callers_are_the_concurrency_and_reuse_their_connections(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=30)
    last = finish(Run(Scenario(invocations=40, callers=8), fake))
    assert fake.traffic.max_in_flight == 8
    assert fake.traffic.connections == 8
    assert last.summary.latency_ms is not None
    assert last.summary.latency_ms.min >= 30


def test_warmup_comes_first_and_counts_only_in_the_bill(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=10, duration_ms=500 if number < 5 else 2.5)
    last = finish(Run(Scenario(invocations=10, callers=3, warmup=5), fake))
    assert [
        invocation.index
        for invocation in sorted(last.invocations, key=lambda invocation: invocation.index)
        if invocation.warmup
    ] == [*range(5)]
    assert max(invocation.ended_ms for invocation in last.invocations if invocation.warmup) <= min(
        invocation.started_ms for invocation in last.invocations if not invocation.warmup
    )
    assert last.summary.duration_ms is not None
    assert (last.summary.duration_ms.count, last.summary.duration_ms.max) == (10, 2.5)
    assert last.bill.invocations == 15


def test_throttles_and_errors_are_data(fake: FakeTarget) -> None:
    throttled = Answer(
        status=429,
        body=b'{"Type":"User","message":"Rate Exceeded.","Reason":"ConcurrentInvocationLimitExceeded"}',
    )
    broken = Answer(function_error="Unhandled", body=b'{"errorType":"KeyError","errorMessage":"no x"}')
    slow = Answer(function_error="Unhandled", body=b'{"errorMessage":"x Task timed out after 3.00 seconds"}')
    down = Answer(status=500, body=b'{"Type":"Service","Message":"try later"}')
    answers = [throttled, broken, slow, down, Answer(disconnect=True)]
    fake.answer = lambda number: answers[number] if number < len(answers) else Answer()
    last = finish(Run(Scenario(invocations=8), fake))
    assert last.stopped_by is None
    outcomes = [
        (invocation.status, invocation.error.type if invocation.error else None)
        for invocation in last.invocations
    ]
    assert outcomes[:5] == [
        ("throttled", "ConcurrentInvocationLimitExceeded"),
        ("function_error", "KeyError"),
        ("function_error", "Sandbox.Timedout"),
        ("failed", "HTTP 500"),
        ("failed", "ConnectionClosed"),
    ]
    assert [status for status, _ in outcomes[5:]] == ["ok"] * 3
    assert [invocation.usd is None for invocation in last.invocations[:5]] == [True, False, False, True, True]
    assert last.bill.invocations == 5
    assert last.summary.errors_by_type == {
        "ConcurrentInvocationLimitExceeded": 1,
        "KeyError": 1,
        "Sandbox.Timedout": 1,
        "HTTP 500": 1,
        "ConnectionClosed": 1,
    }
    assert last.summary.possibly_billed == 1


def test_a_redirect_is_refused_not_followed(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(status=302, location="http://127.0.0.1:1/")
    last = finish(Run(Scenario(invocations=1000), fake))
    assert isinstance(last.stopped_by, TargetRefused)
    assert "redirect to http://127.0.0.1:1/ is not followed" in last.stopped_by.message
    assert fake.traffic.invocations == 1


@pytest.mark.parametrize("arrivals", ["poisson", "ramp", "spike", "step"])
def test_every_kind_of_arrivals_makes_the_planned_starts(fake: FakeTarget, arrivals: Arrivals) -> None:
    scenario = Scenario(rate=200, seconds=0.5, arrivals=arrivals, seed=5)
    last = finish(Run(scenario, fake))
    pacer = pacer_of(arrivals, 200, 0.5, 5)
    due = sorted(invocation.scheduled_ms for invocation in last.invocations)
    assert due == pytest.approx([pacer.start_ms(hits) for hits in range(100)], abs=0.01)
    assert last.summary.start_error_ms is not None
    assert last.summary.start_error_ms.min >= 0


def test_starts_beyond_the_in_flight_cap_are_dropped_and_counted(
    fake: FakeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_tui.load.planning.MAX_IN_FLIGHT", 5)
    fake.answer = lambda number: Answer(delay_ms=300)
    last = finish(Run(Scenario(rate=200, seconds=0.5), fake))
    assert fake.traffic.max_in_flight == 5
    assert last.summary.dropped == 100 - len(last.invocations) > 50


def test_snapshots_are_frozen_and_at_most_ten_a_second(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=5)
    began = time.monotonic()
    snapshots = list(Run(Scenario(invocations=150), fake).snapshots())
    elapsed_s = time.monotonic() - began
    lengths = [len(list(snapshot.invocations)) for snapshot in snapshots]
    assert snapshots[0].state == "preparing"
    assert "running" in {snapshot.state for snapshot in snapshots}
    assert lengths == sorted(lengths)
    assert lengths[-1] == 150
    assert len(snapshots) <= elapsed_s * 10 + 2


def test_stop_keeps_what_was_measured_and_ends_at_once(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=1 if number < 20 else None)
    run = Run(Scenario(invocations=1000, callers=2), fake)
    last: Snapshot | None = None
    stopped_at = 0.0
    for last in run.snapshots():
        if len(last.invocations) == 20 and not stopped_at:
            stopped_at = time.monotonic()
            threading.Thread(target=run.stop).start()
    assert last is not None
    assert time.monotonic() - stopped_at < 5  # a tenth of a second on a quiet machine
    assert isinstance(last.stopped_by, Interrupted)
    assert "2 still running" in last.stopped_by.message
    assert len(last.invocations) == 20


def test_stop_does_not_wait_for_a_target_that_is_still_starting() -> None:
    class SlowTarget(FakeTarget):
        released = threading.Event()

        def open(self, progress: object) -> None:
            self.released.wait(10)

    target = SlowTarget()
    run = Run(Scenario(), target)
    began = time.monotonic()
    states = []
    for snapshot in run.snapshots():
        states.append(snapshot.state)
        run.stop()
    assert states[-1] == "finished"
    assert isinstance(snapshot.stopped_by, Interrupted)
    assert time.monotonic() - began < 3
    SlowTarget.released.set()


def test_an_abandoned_iterator_stops_the_run(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=5)
    run = Run(Scenario(invocations=100_000), fake)
    snapshots = run.snapshots()
    while next(snapshots).state != "running":
        pass
    snapshots.close()  # type: ignore[attr-defined]
    seen = fake.traffic.invocations
    time.sleep(0.1)
    assert fake.traffic.invocations == seen


def test_max_invocations_is_never_exceeded(fake: FakeTarget) -> None:
    last = finish(Run(Scenario(invocations=100, callers=8, warmup=3, max_invocations=17), fake))
    assert fake.traffic.invocations == 17
    assert len(last.invocations) == 17
    assert isinstance(last.stopped_by, LimitReached)
    assert "17" in last.stopped_by.message


def test_a_limit_that_is_just_enough_does_not_stop(fake: FakeTarget) -> None:
    last = finish(Run(Scenario(invocations=17, callers=8, max_invocations=17), fake))
    assert last.stopped_by is None


def test_spend_stays_below_its_limit_even_if_everything_in_flight_ran_to_its_timeout(
    charging: FakeTarget,
) -> None:
    charging.answer = lambda number: Answer(delay_ms=5, billed_ms=1000, duration_ms=999.5)
    cost = invocation_usd(RATES, memory_mb=512, billed_ms=1000)
    worst = invocation_usd(RATES, memory_mb=512, billed_ms=11_000)
    scenario = Scenario(
        workload="primes", invocations=100, callers=4, timeout_s=1, max_usd=cost * 8 + worst * 4
    )
    last = finish(Run(scenario, charging))
    assert isinstance(last.stopped_by, LimitReached)
    assert "no room for another invocation: 41 cost" in last.stopped_by.message
    assert last.bill.total_usd <= cost * 41
    assert charging.traffic.invocations == 41
    assert charging.traffic.max_in_flight == 4


def test_a_limit_that_would_slow_the_load_is_refused_before_anything_is_sent(charging: FakeTarget) -> None:
    worst = invocation_usd(RATES, memory_mb=512, billed_ms=11_000)
    scenario = Scenario(workload="primes", invocations=40, callers=8, timeout_s=1, max_usd=worst * 3)
    last = finish(Run(scenario, charging))
    assert isinstance(last.stopped_by, InvalidInput)
    assert "8 invocations at once" in last.stopped_by.message
    assert charging.traffic.invocations == 0
    needed = Decimal(re.findall(r"needs \$([0-9.]+)", last.stopped_by.hint)[0])
    assert worst * 8 < needed * Decimal("1.01")
    charging.answer = lambda number: Answer(delay_ms=5)
    enough = finish(Run(replace(scenario, max_usd=worst * 9), charging))
    assert enough.stopped_by is None
    assert charging.traffic.max_in_flight == 8


def test_a_run_that_its_limit_slowed_says_so_and_is_no_success(charging: FakeTarget) -> None:
    """It begins with room for all callers, and has it no more when the money is nearly spent."""
    charging.answer = lambda number: Answer(delay_ms=5, billed_ms=1000, duration_ms=999.5)
    cost = invocation_usd(RATES, memory_mb=512, billed_ms=1000)
    worst = invocation_usd(RATES, memory_mb=512, billed_ms=11_000)
    scenario = Scenario(
        workload="primes", invocations=30, callers=4, timeout_s=1, max_usd=cost * 30 + worst * 2
    )
    last = finish(Run(scenario, charging))
    assert last.summary.ok == 30
    assert isinstance(last.stopped_by, LimitReached)
    assert "held back" in last.stopped_by.message
    assert last.stopped_by.exit_code == 5
    assert "the spend limit held back" in last.summary.client_limited


def test_a_spend_limit_below_one_worst_case_sends_nothing(charging: FakeTarget) -> None:
    last = finish(Run(Scenario(max_usd=Decimal("0.0000001")), charging))
    assert charging.traffic.invocations == 0
    assert isinstance(last.stopped_by, InvalidInput)


def test_where_nothing_is_charged_a_spend_limit_slows_nothing(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=20)
    last = finish(Run(Scenario(invocations=40, callers=20, max_usd=Decimal("0.0000001")), fake))
    assert last.stopped_by is None
    assert fake.traffic.max_in_flight == 20
    assert not last.summary.client_limited


def test_max_seconds_stops_sending_and_takes_the_answers_in_flight(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=50)
    last = finish(Run(Scenario(invocations=10_000, callers=2, max_seconds=0.3), fake))
    assert isinstance(last.stopped_by, LimitReached)
    assert "0.3 s" in last.stopped_by.message
    assert len(last.invocations) == fake.traffic.invocations
    assert max(invocation.started_ms for invocation in last.invocations) < 400


def test_what_does_not_answer_in_overtime_is_reported_as_possibly_billed(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=None if number == 3 else 5)
    last = finish(Run(Scenario(invocations=10_000, callers=2, max_seconds=0.2), fake))
    assert isinstance(last.stopped_by, LimitReached)
    assert "1 had not answered and may be billed" in last.stopped_by.message
    assert last.summary.possibly_billed == 1
    assert last.summary.possibly_billed_usd == invocation_usd(RATES, memory_mb=512, billed_ms=40_000)
    assert last.bill.invocations == last.summary.ok


def test_a_server_that_dies_is_a_lost_target(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=5)
    last: Snapshot | None = None
    for last in Run(Scenario(invocations=100_000, callers=2), fake).snapshots():
        if len(last.invocations) > 20:
            fake.close()
    assert last is not None
    assert isinstance(last.stopped_by, TargetLost)
    assert last.summary.ok > 20


def test_an_endpoint_that_refuses_connections_is_unreachable(fake: FakeTarget) -> None:
    class Gone(FakeTarget):
        def prepare(self, scenario: Scenario) -> Deployment:
            deployment = super().prepare(scenario)
            self.close()
            self._alive = True
            return deployment

    target = Gone()
    last = finish(Run(Scenario(), target))
    target._alive = False
    assert isinstance(last.stopped_by, TargetUnreachable)
    assert "connection refused" in last.stopped_by.message


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (404, "ResourceNotFoundException", "no function called lambda-tui-python"),
        (403, "ExpiredTokenException", "have expired"),
        (403, "AccessDeniedException", "Access denied"),
        (403, "InvalidSignatureException", "not accepted"),
    ],
)
def test_a_refusal_ends_the_run_with_a_sentence(fake: FakeTarget, status: int, kind: str, says: str) -> None:
    body = json.dumps({"__type": kind, "message": "no."}).encode()
    fake.answer = lambda number: Answer(status=status, body=body)
    last = finish(Run(Scenario(invocations=1000), fake))
    assert isinstance(last.stopped_by, TargetRefused)
    assert says in last.stopped_by.message
    assert fake.traffic.invocations == 1


def test_a_killed_engine_is_one_error_and_the_data_stay(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=5)
    run = Run(Scenario(invocations=100_000), fake)
    last: Snapshot | None = None
    killed = False
    for last in run.snapshots():
        if len(last.invocations) > 10 and run._engines is not None and not killed:
            os.kill(run._engines.pids[0], signal.SIGKILL)
            killed = True
    assert last is not None
    assert type(last.stopped_by) is LambdaTuiError
    assert "engine ended unexpectedly (signal 9)" in last.stopped_by.message
    assert last.summary.ok > 10


def test_cold_makes_a_new_environment_for_each_and_keeps_the_other_variables(fake: FakeTarget) -> None:
    last = finish(Run(Scenario(invocations=6, callers=3, cold=True), fake))
    assert last.stopped_by is None
    assert len(last.invocations) == 6
    values = [variables["LAMBDA_TUI_COLD_START"] for variables in fake.traffic.variables]
    assert len(set(values)) == 6
    assert all(variables["KEPT"] == "yes" for variables in fake.traffic.variables)


def test_an_open_loop_keeps_its_rate_and_counts_latency_from_the_intended_start(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=100)
    last = finish(Run(Scenario(rate=200, seconds=0.5), fake))
    assert len(last.invocations) == 100
    assert fake.traffic.max_in_flight > 10
    ordered = sorted(last.invocations, key=lambda invocation: invocation.index)
    gaps = [later.scheduled_ms - earlier.scheduled_ms for earlier, later in pairwise(ordered)]
    assert gaps == pytest.approx([5.0] * 99, abs=0.001)
    assert all(invocation.started_ms >= invocation.scheduled_ms for invocation in ordered)
    assert all(invocation.latency_ms >= invocation.service_ms for invocation in ordered)


@pytest.mark.parametrize(
    ("scenario", "field"),
    [
        (Scenario(rate=1, seconds=1, cold=True), "cold"),
        (Scenario(function="mine:live", cold=True), "cold"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_starts(
    fake: FakeTarget, scenario: Scenario, field: str
) -> None:
    last = finish(Run(scenario, fake))
    assert isinstance(last.stopped_by, InvalidInput)
    assert last.stopped_by.field == field
    assert fake.endpoint == ""


def test_the_requests_are_signed_invocations_of_the_qualified_function(fake: FakeTarget) -> None:
    finish(Run(Scenario(function="mine:live", payload={"a": 1}, invocations=1), fake))
    assert fake.traffic.targets == ["/2015-03-31/functions/mine/invocations?Qualifier=live"]
    headers = fake.traffic.headers
    assert headers["x-amz-log-type"] == "Tail"
    assert headers["x-amz-invocation-type"] == "RequestResponse"
    assert headers["x-amz-security-token"] == "fake-token"
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type" in headers["authorization"]


def test_a_closing_server_costs_a_connection_not_an_invocation(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(last=True)
    last = finish(Run(Scenario(rate=50, seconds=0.4), fake))
    assert last.summary.ok == 20
    assert fake.traffic.invocations == 20
    assert fake.traffic.connections >= 20
