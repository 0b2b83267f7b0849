"""The spend limit holds for any mix of outcomes in any order, and never stops what would have fitted."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_tui.aws_facts import MAX_BILLED_INIT_MS
from lambda_tui.billing import load_prices
from lambda_tui.load.engine.limits import End, Limits
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine.session import Session
from lambda_tui.load.planning import plan_of
from lambda_tui.runs.target import TargetDescription
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Deployment
from tests.targets.fake import FAKE_KEYS

RATES = load_prices().rates("us-east-1", "x86_64")
TIMEOUT_S = 3
WORST_MS = TIMEOUT_S * 1000 + MAX_BILLED_INIT_MS


@dataclass(frozen=True, slots=True)
class Settled:
    """How one invocation ended, and what it really cost (in billed ms; None: nothing)."""

    status: int
    billed_ms: int | None
    report: bool = True


outcomes = st.one_of(
    st.builds(Settled, st.just(200), st.integers(1, WORST_MS)),
    st.builds(Settled, st.just(200), st.integers(1, WORST_MS), st.just(False)),
    st.builds(Settled, st.sampled_from([0, 500, 502, 504]), st.integers(1, WORST_MS)),
    st.builds(Settled, st.sampled_from([429, 503]), st.none()),
)


def plan(scenario: Scenario) -> EnginePlan:
    description = TargetDescription("endpoint", "us-east-1", "http://h", "none", "none", 1, 0.29, False)
    name, memory = scenario.function_name, scenario.memory_mb
    deployment = Deployment(
        "http://h", "us-east-1", FAKE_KEYS, name, None, memory, "x86_64", TIMEOUT_S, description
    )
    return plan_of(scenario, deployment, RATES, "run-1")


def cost(settled: Settled, plan: EnginePlan) -> Decimal:
    if settled.billed_ms is None:
        return Decimal(0)
    return Decimal(plan.request_usd) + Decimal(plan.billed_ms_usd) * settled.billed_ms


class ScriptedSender:
    """Replaces the network: `answer` settles one invocation in flight as the script says."""

    def __init__(
        self,
        script: list[Settled],
        limits: Limits,
        settled: Callable[[], None],
        ended: Callable[[End], None],
    ) -> None:
        self.launched = self.pending = self.unanswered = 0
        self.zero = 0.0
        self.in_flight: list[Settled] = []
        self.done: list[Settled] = []
        self._script, self._limits, self._settled = script, limits, settled

    async def open_connections(self) -> None:
        pass

    def now_ms(self) -> float:
        return 0.0

    @property
    def recorded(self) -> int:
        return 0

    def take_batch(self) -> list[object]:
        return []

    def drop_overdue(self) -> None:
        pass

    def abandon(self) -> None:
        pass

    def launch(self, scheduled_ms: float | None) -> None:
        self.in_flight.append(self._script[self.launched])
        self.launched += 1
        self.pending += 1

    def answer(self, place: int) -> None:
        settled = self.in_flight.pop(place % len(self.in_flight))
        self.done.append(settled)
        tail = (
            f"REPORT\tBilled Duration: {settled.billed_ms} ms\t"
            if settled.report and settled.status == 200
            else ""
        )
        # An invocation without a REPORT was waited for at least as long as it ran.
        self._limits.settle(settled.status, b64encode(tail.encode()), float(settled.billed_ms or 0))
        self.pending -= 1
        self._settled()


async def run(plan: EnginePlan, script: list[Settled], order: list[int]) -> tuple[ScriptedSender, str]:
    """Run a session on the scripted network, checking after every event that the limit holds."""
    frames: list[tuple[object, ...]] = []
    made: list[ScriptedSender] = []

    def make(
        plan: EnginePlan, limits: Limits, *, settled: Callable[[], None], ended: Callable[[End], None]
    ) -> ScriptedSender:
        made.append(ScriptedSender(script, limits, settled, ended))
        return made[0]

    with patch("lambda_tui.load.engine.session.Sender", make):
        session = Session(plan, frames.append)
        sender = made[0]
        running = asyncio.get_running_loop().create_task(session.run())
        while ("ready",) not in frames:  # noqa: ASYNC110 - frames come without an event
            await asyncio.sleep(0)
        session.go(0.0)
        picks = iter(order)
        while not running.done():
            await asyncio.sleep(0)
            exposed = sum((cost(entry, plan) for entry in sender.done), Decimal(0))
            exposed += Decimal(plan.worst_case_usd) * sender.pending
            assert plan.max_usd is None or exposed <= Decimal(plan.max_usd)
            if sender.in_flight:
                sender.answer(next(picks, 0))
        await running
    return sender, str(frames[-1][1])


@settings(deadline=None, max_examples=60)
@given(
    script=st.lists(outcomes, min_size=1, max_size=25),
    callers=st.integers(1, 8),
    room=st.integers(0, 8 * WORST_MS),
    order=st.lists(st.integers(0, 7), max_size=25),
)
def test_the_limit_holds_and_stops_only_what_would_not_fit_one_after_the_other(
    script: list[Settled], callers: int, room: int, order: list[int]
) -> None:
    whole = plan(Scenario(invocations=len(script), callers=callers, memory_mb=512, timeout_s=TIMEOUT_S))
    limit = Decimal(whole.worst_case_usd) / 2 + Decimal(whole.billed_ms_usd) * room
    limited = plan(Scenario(invocations=len(script), callers=callers, timeout_s=TIMEOUT_S, max_usd=limit))
    sender, end = asyncio.run(run(limited, script, order))

    booked = Limits(limited)
    fits = 0
    for settled in script:
        if booked.refuse(fits, 0) is not None:
            break
        fits += 1
        tail = f"Billed Duration: {settled.billed_ms} ms" if settled.report and settled.status == 200 else ""
        booked.settle(settled.status, b64encode(tail.encode()), float(settled.billed_ms or 0))
    assert sender.launched == fits
    assert end == ("done" if fits == len(script) else "usd")


def test_waiting_starts_of_an_open_loop_are_sent_when_there_is_room_and_reported() -> None:
    worst = Decimal(plan(Scenario(timeout_s=TIMEOUT_S)).worst_case_usd)
    paced = plan(Scenario(rate=10, seconds=1.0, timeout_s=TIMEOUT_S, max_usd=worst * 2))
    script = [Settled(200, 5)] * 10

    class Clock(ScriptedSender):
        def now_ms(self) -> float:
            return 1000.0

    with patch(f"{__name__}.ScriptedSender", Clock):
        sender, end = asyncio.run(run(paced, script, []))
    assert (sender.launched, end) == (10, "done")
