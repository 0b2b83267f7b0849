"""Starts take turns, and an INIT that waits for something else does not keep the others waiting."""

from __future__ import annotations

import asyncio

import pytest

from lambda_tui.local_lambda.environment import start_gate
from lambda_tui.local_lambda.environment.start_gate import StartGate


async def most_at_once(gate: StartGate, starts: int = 10) -> int:
    inside, most = 0, 0

    async def start() -> None:
        nonlocal inside, most
        async with gate.slot():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.wait_for(asyncio.gather(*(start() for _ in range(starts))), 20)
    return most


async def test_only_so_many_start_at_once() -> None:
    assert await most_at_once(StartGate(3)) == 3


async def test_a_long_start_makes_way_and_gives_its_slot_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_gate, "LONGEST_HOLD_S", 0.05)
    gate = StartGate(1)

    async def hang() -> None:
        async with gate.slot():
            await asyncio.sleep(30)

    slow = asyncio.create_task(hang())
    await asyncio.sleep(0)
    assert await most_at_once(gate, 3) >= 1
    slow.cancel()
    await asyncio.wait({slow})
    monkeypatch.undo()
    assert await most_at_once(gate) == 1
