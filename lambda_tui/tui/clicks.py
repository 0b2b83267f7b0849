"""The same invocations twice: all at once, then spread over time. (The example of 1,000 clicks is from Ryan
Jones, "AWS Lambda Concurrency: A Perspective", 2021.)"""

from __future__ import annotations

from typing import Literal

from lambda_tui.aws_facts import MAX_TIMEOUT_S
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import TargetKind
from lambda_tui.tui.threads import Post, RunFactory, RunThread

Side = Literal["at-once", "spread"]
SIDES: tuple[Side, Side] = ("at-once", "spread")

DEFAULT_CLICKS = 200
MAX_CLICKS = 1_000
DEFAULT_SECONDS = 30.0
LEAVE_WITHIN_S = 0.8


def clicks_scenarios(
    scenario: Scenario, clicks: int, seconds: float, kind: TargetKind
) -> dict[Side, Scenario]:
    """The two runs. On this machine each gets a timeout of its own: a changed configuration means new
    environments, so neither half finds warm ones of an earlier run. No money is spent there either, of which
    a limit would hold back what shall start at the same moment.

    Raises:
        InvalidInput: no such numbers can be run.
    """
    base = scenario.with_changes(warmup=0, cold=False, arrivals="constant", rate=None, seconds=None)
    if kind == "local":
        base = base.with_changes(max_usd=None)
    first, second = (0, 0) if kind != "local" else _timeouts(scenario.timeout_s)
    return {
        "at-once": base.with_changes(
            callers=clicks, invocations=clicks, timeout_s=base.timeout_s + first, name=f"{clicks:,} at once"
        ),
        "spread": base.with_changes(
            callers=1,
            invocations=clicks,
            rate=clicks / seconds,
            seconds=seconds,
            timeout_s=base.timeout_s + second,
            name=f"{clicks:,} over {seconds:g} s",
        ),
    }


def _timeouts(timeout_s: int) -> tuple[int, int]:
    return (1, 2) if timeout_s + 2 <= MAX_TIMEOUT_S else (-1, -2)


class ClicksSession:
    """Runs both halves, one after the other; at most one pair at a time."""

    def __init__(self, start_run: RunFactory, post: Post) -> None:
        self.scenarios: dict[Side, Scenario] = {}
        self.runs: dict[Side, Snapshot] = {}
        self.running: Side | None = None
        self._start_run = start_run
        self._post = post
        self._thread: RunThread | None = None
        self._generation = 0

    def start(self, scenarios: dict[Side, Scenario]) -> None:
        """Run these, all at once first."""
        self.scenarios, self.runs = scenarios, {}
        self._next("at-once")

    def take(self, snapshot: Snapshot, generation: int) -> Side | None:
        """Accept a snapshot and say whose it is; None if it is a late one."""
        side = self.running
        if generation != self._generation or side is None:
            return None
        self.runs[side] = snapshot
        if snapshot.is_final:
            self.running = self._thread = None
            if side == "at-once" and snapshot.stopped_by is None:
                self._next("spread")
        return side

    def fail(self, generation: int) -> bool:
        """The run ended without a last snapshot; False if it is not the current one."""
        if generation == self._generation:
            self.running = self._thread = None
            return True
        return False

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.stop()

    def leave(self) -> None:
        """Stop, and wait a moment for what was measured to be recorded."""
        thread = self._thread
        self.stop()
        if thread is not None:
            thread.join(LEAVE_WITHIN_S)

    def _next(self, side: Side) -> None:
        self._generation += 1
        self.running = side
        self._thread = RunThread(self._start_run(self.scenarios[side]), self._generation, self._post)
        self._thread.start()
