"""The engines of one run: one, or several if one core is not enough, merged into one stream of batches."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter
from types import TracebackType
from typing import Any, Self

from lambda_tui.load.engine.frames import Exchange, Tick
from lambda_tui.load.engine.limits import End, EndKind
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine_process import EngineProcess
from lambda_tui.targets.protocol import Credentials

HEAD_START_S = 0.005
"""From `go` to the first start: enough time for it to reach every engine."""

HEAD_START_OF_MANY_S = 0.02

ENDS_ALL: frozenset[EndKind] = frozenset({"refused", "lost", "unreachable"})
"""Reasons to end one engine that apply to the others too."""

SEVERITY: tuple[EndKind, ...] = (
    "refused", "lost", "unreachable", "usd", "invocations", "seconds", "stopped", "done",
)  # fmt: skip

_ended_ms = attrgetter("ended_ms")


@dataclass(frozen=True, slots=True)
class Started:
    """All engines have opened their connections and go."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What ended since the last one, in order of its end. `cpu_s` is CPU time since the start, by engine."""

    exchanges: list[Exchange]
    in_flight: int
    dropped: int
    held_back: int
    recorder_behind_s: float
    now_ms: float
    cpu_s: tuple[float, ...]


@dataclass(slots=True)
class _Part:
    """One engine and what it has reported since the last merged batch."""

    engine: EngineProcess
    ready: bool = False
    end: End | None = None
    fresh: bool = False
    in_flight: int = 0
    now_ms: float = 0.0
    cpu_s: float = 0.0


@dataclass(slots=True)
class _Collected:
    """The contents of the next merged batch."""

    exchanges: list[Exchange] = field(default_factory=list)
    dropped: int = 0
    held_back: int = 0
    recorder_behind_s: float = 0.0


class EngineGroup:
    """Starts the engines immediately, so that they are warm when the plan is known. `stop` and
    `use_credentials` may be called from any thread."""

    def __init__(self, count: int = 1) -> None:
        self._parts: list[_Part] = []
        self._used: list[_Part] = []
        self._lock = threading.Lock()
        try:
            for _ in range(count):
                self._parts.append(_Part(EngineProcess()))
        except BaseException:
            self.close()
            raise
        self._collected = _Collected()

    @property
    def pids(self) -> list[int]:
        """Process ids, the first engine's first."""
        return [part.engine.pid for part in self._parts]

    def start(self, plan: EnginePlan) -> None:
        """Divide the plan among as many engines as it allows; the others stay idle."""
        count = min(len(self._parts), plan.max_engines)
        self._used = self._parts[:count]
        for number, part in enumerate(self._used):
            part.engine.start(plan.share(number, count))

    def messages(self) -> Iterator[Started | Batch | End]:
        """Every message, up to the one End.

        Raises:
            LambdaTuiError: an engine is gone without having ended its run.
        """
        started = False
        with selectors.DefaultSelector() as selector:
            for part in self._used:
                selector.register(part.engine.fileno(), selectors.EVENT_READ, part)
            while selector.get_map():
                for key, _ in selector.select():
                    self._take(key.data, key.data.engine.next_message())
                    if key.data.end is not None:
                        selector.unregister(key.fileobj)
                if self._all_ready():
                    self._go()
                    if not started:
                        started = True
                        yield Started()
                if all(part.fresh or part.end is not None for part in self._used):
                    yield self._merged()
        yield self._common_end()

    def finish(self) -> None:
        """Have all engines of a closed loop send nothing more and wait for what is in flight."""
        for part in self._used:
            part.engine.finish()

    def stop(self) -> None:
        """Make all engines end their run at once."""
        for part in self._parts:
            part.engine.stop()

    def use_credentials(self, keys: Credentials) -> None:
        """Make all engines sign with fresh keys."""
        for part in self._parts:
            part.engine.use_credentials(keys)

    def close(self) -> None:
        """End the processes that are still running."""
        for part in self._parts:
            part.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, part: _Part, message: tuple[Any, ...]) -> None:
        kind, *values = message
        if kind == "ready":
            part.ready = True
        elif kind == "part":
            self._collected.exchanges += map(Exchange._make, *values)
        elif kind == "batch":
            tick = Tick(*values)
            part.in_flight, part.now_ms, part.cpu_s = tick.in_flight, tick.now_ms, tick.cpu_s
            self._collected.exchanges += map(Exchange._make, tick.exchanges)
            self._collected.dropped += tick.dropped
            self._collected.held_back += tick.held_back
            self._collected.recorder_behind_s += tick.recorder_behind_s
            part.fresh = True
        else:
            part.end = End(*values)
            if part.end.kind in ENDS_ALL:
                self._stop_others()

    def _stop_others(self) -> None:
        for part in self._used:
            if part.end is None:
                part.engine.stop()

    def _all_ready(self) -> bool:
        waiting = [part for part in self._used if part.end is None]
        return bool(waiting) and all(part.ready for part in waiting)

    def _go(self) -> None:
        at_s = time.perf_counter() + (HEAD_START_S if len(self._used) == 1 else HEAD_START_OF_MANY_S)
        for part in self._used:
            part.ready = False
            if part.end is None:
                part.engine.go(at_s)

    def _merged(self) -> Batch:
        """One batch of all; what ended after the latest moment that every engine has reported waits for the
        next."""
        live = [part.now_ms for part in self._used if part.end is None]
        collected, self._collected = self._collected, _Collected()
        exchanges = collected.exchanges
        if len(self._used) > 1:
            exchanges.sort(key=_ended_ms)
            known_ms = min(live, default=float("inf"))
            self._collected.exchanges = [each for each in exchanges if each.ended_ms > known_ms]
            exchanges = exchanges[: len(exchanges) - len(self._collected.exchanges)]
        for part in self._used:
            part.fresh = False
        return Batch(
            exchanges=exchanges,
            in_flight=sum(part.in_flight for part in self._used if part.end is None),
            dropped=collected.dropped,
            held_back=collected.held_back,
            recorder_behind_s=collected.recorder_behind_s,
            now_ms=max(part.now_ms for part in self._used),
            cpu_s=tuple(part.cpu_s for part in self._used),
        )

    def _common_end(self) -> End:
        ends = [part.end for part in self._used if part.end is not None]
        worst = min(ends, key=lambda end: SEVERITY.index(end.kind))
        return replace(worst, abandoned=sum(end.abandoned for end in ends))
