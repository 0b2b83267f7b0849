"""What the Environments screen costs with 1,000 environments and 100,000 invocations, at 140x45."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from random import Random

from textual.pilot import Pilot

from lambda_tui.load.snapshot import InvocationLog
from lambda_tui.results import Invocation, Report
from lambda_tui.scenario import Scenario
from lambda_tui.tui.app import LambdaTui
from lambda_tui.tui.drawing.time_window import TimeView
from lambda_tui.tui.environments.lanes import Lanes
from lambda_tui.tui.environments.run_timeline import ShownRun
from lambda_tui.tui.environments.screen import EnvironmentsScreen
from tests.tui.synthetic import SilentTarget, SyntheticRuns

TITLE = "Environments redraw at 140x45, 1,000 environments, 100,000 invocations (CPU, ms)"
ENVIRONMENTS, USES, BATCH, ROUNDS = 1_000, 100, 100, 30


def measure() -> dict[str, object]:
    """Medians in milliseconds of CPU time, from the call to the last painted cell; a frame is 16 ms."""
    return asyncio.run(_measured())


def invocations() -> list[Invocation]:
    """A run of 1,000 callers, in order of the answers."""
    random = Random(5)
    answers: list[Invocation] = []
    for number in range(ENVIRONMENTS):
        now_ms = random.random() * 2_000
        for use in range(USES):
            duration_ms = 100 + random.random() * 200
            init_ms = 90.0 if use == 0 else None
            ended_ms = now_ms + duration_ms + (init_ms or 0) + 3
            report = Report(None, duration_ms, int(duration_ms) + 1, 512, init_ms=init_ms)
            name, cold = f"environment-{number:08d}", use == 0
            invocation = Invocation(
                number * USES + use, now_ms, now_ms, ended_ms, "ok", None, None, name, cold, False, report,
                None, None,
            )  # fmt: skip
            answers.append(invocation)
            now_ms = ended_ms + random.random() * 300
    return sorted(answers, key=lambda invocation: invocation.ended_ms)


async def _measured() -> dict[str, object]:
    app = LambdaTui(SilentTarget(), start_run=SyntheticRuns())
    async with app.run_test(size=(140, 45)) as pilot:
        await app.switch_mode("environments")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, EnvironmentsScreen)
        lanes = screen.query_one(Lanes)
        states = _states()
        for _ in range(300):
            screen._take(next(states))
        await pilot.pause()
        results: dict[str, object] = {}

        async def measured(name: str, once: Callable[[int], object]) -> None:
            results[name] = await _median_ms(pilot, once)

        async def still(_: int) -> None:
            return None

        await measured("nothing (the price of measuring)", still)
        await measured("100 more invocations, all of the run", lambda _: screen._take(next(states)))
        screen.action_dense()
        await measured("the same, two lanes a row", lambda _: screen._take(next(states)))
        screen.action_dense()
        await measured(
            "1,000 more invocations", lambda _: screen._take([next(states) for _ in range(10)][-1])
        )
        lanes.set_view(TimeView(3_000.0, 5_000.0, follow=False))
        await measured("a step of the cursor", lambda _: lanes.action_time(1))
        await measured("ten lanes down", lambda _: lanes.action_lane(10))
        await measured("every lane redrawn: the window pans", lambda _: lanes.action_pan(0.1))
        return results


def _states() -> Iterator[ShownRun]:
    first = next(SyntheticRuns()(Scenario()).snapshots())
    answers = invocations()
    for count in range(BATCH, len(answers) + 1, BATCH):
        source = replace(first, invocations=InvocationLog(answers, count))
        yield ShownRun(source, answers[count - 1].ended_ms, live=True)


async def _median_ms(pilot: Pilot[None], once: Callable[[int], object]) -> float:
    times = []
    for round_ in range(ROUNDS):
        began = time.process_time()
        outcome = once(round_)
        if isinstance(outcome, Awaitable):
            await outcome
        await pilot.pause()
        times.append(time.process_time() - began)
    return statistics.median(times) * 1000
