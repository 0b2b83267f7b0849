"""Several engines as one, and how busy they are."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.billing import invocation_usd, load_prices
from lambda_tui.errors import InvalidInput, LimitReached, TargetRefused
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine_cpu import EngineCpu
from lambda_tui.load.run import Run
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from tests.targets.fake import Answer, FakeTarget

RATES = load_prices().rates("us-east-1", "x86_64")


def finish(run: Run) -> Snapshot:
    return list(run.snapshots())[-1]


def a_plan(**changes: object) -> EnginePlan:
    values: dict[str, object] = {
        "endpoint": "http://127.0.0.1:1", "region": "us-east-1", "access_key_id": "k",
        "secret_access_key": "s", "session_token": None, "function_name": "f",
        "qualifier": None, "event": b"{}", "invocations": 10,
        "callers": 4, "warmup": 0, "rate": None, "seconds": None, "cold_token": None, "read_timeout_s": 1.0,
        "request_usd": "0.0000002", "billed_ms_usd": "0.00000001", "worst_case_usd": "0.0001",
        "max_usd": None, "max_invocations": None, "max_seconds": None, "max_result_bytes": None,
    }  # fmt: skip
    return EnginePlan.from_wire({**values, **changes})


@given(
    engines=st.integers(1, 5),
    invocations=st.integers(1, 60),
    warmup=st.integers(0, 20),
    callers=st.integers(5, 50),
    max_invocations=st.integers(1, 60),
    max_usd=st.decimals("0.01", "100", places=7),
)
def test_shares_add_up_to_the_whole_and_limits_to_no_more(
    engines: int, invocations: int, warmup: int, callers: int, max_invocations: int, max_usd: Decimal
) -> None:
    whole = a_plan(
        invocations=invocations,
        warmup=warmup,
        callers=callers,
        max_invocations=max_invocations,
        max_usd=str(max_usd),
    )
    shares = [whole.share(number, engines) for number in range(engines)]
    assert sum(share.own_invocations for share in shares) == invocations
    assert sum(share.own_warmup for share in shares) == warmup
    assert sum(share.callers for share in shares) == callers
    assert min(share.callers for share in shares) >= 1
    assert sum(share.max_invocations or 0 for share in shares) == max_invocations
    assert max_usd * Decimal("0.999") < sum(Decimal(share.max_usd or 0) for share in shares) <= max_usd
    indexes = [
        number + engines * place
        for number, share in enumerate(shares)
        for place in range(share.own_warmup + share.own_invocations)
    ]
    assert sorted(indexes) == list(range(warmup + invocations))


def test_a_plan_is_not_divided_further_than_it_can_be() -> None:
    assert a_plan(callers=3).max_engines == 3
    assert a_plan(callers=100, cold_token="t").max_engines == 1
    assert a_plan(callers=100, max_usd="0.0025").max_engines == 2  # 25 worst cases
    assert a_plan(callers=100, max_usd="0.00001").max_engines == 1


def test_two_engines_make_every_invocation_once_and_report_them_in_order(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=3)
    last = finish(Run(Scenario(invocations=300, callers=6, warmup=7), fake, engines=2))
    assert last.stopped_by is None
    assert fake.traffic.invocations == 307
    assert sorted(invocation.index for invocation in last.invocations) == list(range(307))
    assert {invocation.index for invocation in last.invocations if invocation.warmup} == set(range(7))
    ends = [invocation.ended_ms for invocation in last.invocations]
    assert ends == sorted(ends)
    assert fake.traffic.max_in_flight <= 6
    assert max(invocation.ended_ms for invocation in last.invocations if invocation.warmup) <= min(
        invocation.started_ms for invocation in last.invocations if not invocation.warmup
    )


def test_two_engines_follow_one_pacer(fake: FakeTarget) -> None:
    last = finish(Run(Scenario(rate=200, seconds=0.5, warmup=2), fake, engines=2))
    assert len(last.invocations) == 102
    due = sorted(invocation.scheduled_ms for invocation in last.invocations if not invocation.warmup)
    assert [later - earlier for earlier, later in pairwise(due)] == pytest.approx([5.0] * 99, abs=0.01)


def test_the_number_of_engines_is_a_setting(fake: FakeTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDA_TUI_ENGINES", "2")
    run = Run(Scenario(invocations=10, callers=2), fake)
    assert finish(run).summary.ok == 10
    assert run._engines is not None
    assert len(run._engines.pids) == 2
    for wrong in ("0", "many", "-1", "65"):
        monkeypatch.setenv("LAMBDA_TUI_ENGINES", wrong)
        last = finish(Run(Scenario(), fake))
        assert isinstance(last.stopped_by, InvalidInput)


def test_limits_hold_over_two_engines(charging: FakeTarget) -> None:
    last = finish(Run(Scenario(invocations=100, callers=8, max_invocations=17), charging, engines=2))
    assert charging.traffic.invocations == 17
    assert isinstance(last.stopped_by, LimitReached)
    charging.answer = lambda number: Answer(billed_ms=1000)
    worst = invocation_usd(RATES, memory_mb=512, billed_ms=11_000)
    last = finish(
        Run(
            Scenario(workload="primes", invocations=1000, callers=8, timeout_s=1, max_usd=worst * 20),
            charging,
            engines=2,
        )
    )
    assert isinstance(last.stopped_by, LimitReached)
    assert worst * 16 < last.bill.total_usd <= worst * 20


def test_what_ends_one_engine_ends_the_other(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=5, status=403 if number == 40 else 200, body=b"{}")
    last = finish(Run(Scenario(invocations=100_000, callers=2), fake, engines=2))
    assert isinstance(last.stopped_by, TargetRefused)
    assert fake.traffic.invocations < 1000


def test_engine_cpu_is_that_of_the_busiest_engine_over_a_second() -> None:
    cpu = EngineCpu()
    assert cpu.percent(100, (0.1, 0.0)) == 0.0  # too short to tell
    assert cpu.percent(1000, (0.5, 0.2)) == pytest.approx(50)
    assert cpu.percent(1500, (0.5, 0.6)) == pytest.approx((0.6 - 0.0) / 1.4 * 100)
    assert cpu.percent(2000, (0.5, 0.9)) == pytest.approx(70)
    assert cpu.percent(3000, (0.5, 0.9)) == 0.0


def test_a_run_at_full_speed_says_that_the_engine_is_the_limit(fake: FakeTarget) -> None:
    last = finish(Run(Scenario(invocations=1_000_000, callers=32, max_seconds=1.2, max_usd=None), fake))
    assert last.engine_cpu_percent > 5
    assert ("used" in last.client_limited) is (last.engine_cpu_percent > 70)
    assert last.summary.to_document()["client_limited"] == last.client_limited


def test_a_gentle_run_is_not_limited_by_the_engine(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=100)
    last = finish(Run(Scenario(invocations=6, callers=1), fake))
    assert last.client_limited == ""
    assert last.engine_cpu_percent < 50
