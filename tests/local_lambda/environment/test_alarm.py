"""A timer that is moved often: it rings once, at the time it was last set to."""

from __future__ import annotations

import asyncio

from lambda_tui.local_lambda.environment.alarm import Alarm

NEVER_S = 3600.0


class Rung:
    """Counts rings, and can be waited for."""

    def __init__(self) -> None:
        self.count = 0
        self.event = asyncio.Event()
        self.alarm = Alarm(self.ring)

    def ring(self) -> None:
        self.count += 1
        self.event.set()


async def test_rings_once() -> None:
    rung = Rung()
    rung.alarm.set(0.001)
    await asyncio.wait_for(rung.event.wait(), 10)
    await asyncio.sleep(0.01)
    assert rung.count == 1


async def test_set_later_it_does_not_ring_at_the_time_before() -> None:
    rung, reference = Rung(), Rung()
    rung.alarm.set(0.005)
    rung.alarm.set(NEVER_S)
    reference.alarm.set(0.02)
    await asyncio.wait_for(reference.event.wait(), 10)
    assert rung.count == 0
    rung.alarm.end()


async def test_moved_while_its_timer_runs_it_still_rings() -> None:
    rung = Rung()
    rung.alarm.set(0.002)
    rung.alarm.set(0.01)
    await asyncio.wait_for(rung.event.wait(), 10)
    assert rung.count == 1


async def test_set_sooner_it_does_not_wait_for_the_time_before() -> None:
    rung = Rung()
    rung.alarm.set(NEVER_S)
    rung.alarm.set(0.001)
    await asyncio.wait_for(rung.event.wait(), 10)


async def test_cleared_it_does_not_ring_and_can_be_set_again() -> None:
    rung = Rung()
    rung.alarm.set(0.002)
    rung.alarm.clear()
    await asyncio.sleep(0.02)
    assert rung.count == 0
    rung.alarm.set(0.001)
    await asyncio.wait_for(rung.event.wait(), 10)


async def test_ended_it_does_not_ring() -> None:
    rung = Rung()
    rung.alarm.set(0.002)
    rung.alarm.end()
    rung.alarm.end()
    await asyncio.sleep(0.02)
    assert rung.count == 0
