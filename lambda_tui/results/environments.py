"""Execution environments over time, from invocation records: one lane each; inferred values are marked.

All times are milliseconds from the start of the run on the client's clock. A client cannot see inside
Lambda, so a lane is put together from what it can see: the answer ends the busy part, REPORT's Duration is
its length, Init Duration lies before it, and a gap between two invocations is the frozen time. Invocations
whose environment is not named (errors, the user's own functions) are put into as few lanes as can hold them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

from lambda_tui.results.invocation import Invocation
from lambda_tui.results.occupancy import Occupancy

RECLAIMED_AFTER_MS = 360_000.0
"""None of 100 environments was still warm after this long without an invocation (AWS, 2025, measured in
"Demystifying Serverless Costs on Public Platforms", arXiv 2506.01283)."""

Span = tuple[float, float]
"""Start and end, in ms."""

MomentKind = Literal["before", "init", "busy", "frozen", "after"]


@dataclass(frozen=True, slots=True)
class Moment:
    """What an environment did at a time. `position` is the invocation of the lane it belongs to: the
    current one while busy, the next one before and between, the last one after."""

    kind: MomentKind
    position: int


def occupied(invocation: Invocation, free_from_ms: float = 0.0) -> Span:
    """When an invocation started to occupy its environment, and when its handler started.

    Neither can be before the request was sent or before the environment was free; this corrects answers
    that overtook each other. Without a REPORT the whole service time counts as busy.
    """
    report, ended_ms, sent_ms = invocation.report, invocation.ended_ms, invocation.started_ms
    # Comparisons instead of min and max: this is done for every invocation of a run, live.
    earliest_ms = sent_ms if sent_ms > free_from_ms else free_from_ms
    earliest_ms = earliest_ms if earliest_ms < ended_ms else ended_ms
    if report is None:
        return earliest_ms, earliest_ms
    handler_ms = ended_ms - report.duration_ms
    if handler_ms < earliest_ms:
        return earliest_ms, earliest_ms
    begin_ms = handler_ms - (report.init_ms or 0.0) - (report.restore_ms or 0.0)
    return (begin_ms if begin_ms > earliest_ms else earliest_ms), handler_ms


_order = attrgetter("ended_ms", "index")


class Lane:
    """One environment: its invocations in order of their ends, busy from `begins_ms[i]` to `ends_ms[i]`."""

    __slots__ = ("_busy_ms", "begins_ms", "ends_ms", "environment_id", "errors_ms", "inits_ms", "invocations")

    def __init__(self, environment_id: str | None) -> None:
        self.environment_id = environment_id
        """None if the lane is inferred: see the module's docstring."""
        self._clear()

    def _clear(self) -> None:
        self.invocations: list[Invocation] = []
        self.begins_ms = array("d")
        self.ends_ms = array("d")
        self.inits_ms: list[Span] = []
        """The init phases of cold starts; of zero length if unknown."""
        self.errors_ms: list[float] = []
        """When invocations ended with a function error."""
        self._busy_ms = array("d", [0.0])

    def __len__(self) -> int:
        return len(self.invocations)

    @property
    def busy_ms(self) -> float:
        """Time in invocations, init included."""
        return self._busy_ms[-1]

    def add(self, invocation: Invocation) -> Span | None:
        """Add an invocation and return when it was busy.

        None if it ended before the last one and the lane was rebuilt.
        """
        is_older = bool(self.ends_ms) and invocation.ended_ms <= self.ends_ms[-1]
        if is_older and _order(invocation) < _order(self.invocations[-1]):
            invocations = sorted([*self.invocations, invocation], key=_order)
            self._clear()
            for each in invocations:
                self._append(each)
            return None
        return self._append(invocation)

    def _append(self, invocation: Invocation) -> Span:
        ended_ms, ends_ms, busy_ms = invocation.ended_ms, self.ends_ms, self._busy_ms
        begin_ms, handler_ms = occupied(invocation, ends_ms[-1] if ends_ms else 0.0)
        self.invocations.append(invocation)
        self.begins_ms.append(begin_ms)
        ends_ms.append(ended_ms)
        busy_ms.append(busy_ms[-1] + ended_ms - begin_ms)
        if invocation.cold or handler_ms > begin_ms:
            self.inits_ms.append((begin_ms, handler_ms))
        if invocation.status == "function_error":
            self.errors_ms.append(invocation.ended_ms)
        return begin_ms, ended_ms

    def spans(self) -> Iterator[Span]:
        """When the environment was busy, invocation by invocation."""
        return zip(self.begins_ms, self.ends_ms, strict=True)

    def busy_until(self, times_ms: Iterable[float]) -> list[float]:
        """Milliseconds busy from the start to each of some ascending times."""
        ends, begins, busy, count = self.ends_ms, self.begins_ms, self._busy_ms, len(self.ends_ms)
        position, sums = 0, []
        for time_ms in times_ms:
            position = bisect_right(ends, time_ms, position)
            since = 0.0 if position == count else time_ms - begins[position]
            sums.append(busy[position] + since if since > 0 else busy[position])
        return sums

    def end_ms(self, now_ms: float, idle_limit_ms: float = RECLAIMED_AFTER_MS) -> float:
        """When the environment is assumed gone: after its idle limit; `now_ms` if that is not reached."""
        last_ms = self.ends_ms[-1]
        gone_ms = last_ms + idle_limit_ms
        return gone_ms if gone_ms < now_ms else max(last_ms, now_ms)

    def at(self, time_ms: float) -> Moment:
        """What the environment did at a time."""
        position = bisect_right(self.ends_ms, time_ms)
        if position == len(self.ends_ms):
            return Moment("after", position - 1)
        if time_ms < self.begins_ms[position]:
            return Moment("frozen" if position else "before", position)
        begin = bisect_right(self.inits_ms, time_ms, key=lambda init: init[0]) - 1
        in_init = begin >= 0 and time_ms < self.inits_ms[begin][1]
        return Moment("init" if in_init else "busy", position)


class UnnamedLanes:
    """Lanes for invocations without an environment's name: as few as can hold them.

    In order of their ends, each goes to the lane that became free last before it started, which needs no
    more lanes than the most invocations that overlapped. A cold start always makes a new lane.
    """

    def __init__(self) -> None:
        self.lanes: list[Lane] = []
        self._free: list[tuple[float, int]] = []
        self._invocations: list[Invocation] = []

    def add(self, batch: Sequence[Invocation]) -> list[Span] | None:
        """Add invocations in order of their ends and return when each was busy.

        None if some were out of order and all lanes were rebuilt.
        """
        late = bool(batch and self._invocations) and _order(batch[0]) < _order(self._invocations[-1])
        self._invocations += batch
        if not late:
            return [self._place(invocation) for invocation in batch]
        self._invocations.sort(key=_order)
        self.lanes, self._free = [], []
        for invocation in self._invocations:
            self._place(invocation)
        return None

    def _place(self, invocation: Invocation) -> Span:
        begin_ms, _ = occupied(invocation)
        position = 0 if invocation.cold else bisect_right(self._free, (begin_ms, len(self.lanes)))
        if position:
            _, number = self._free.pop(position - 1)
        else:
            number = len(self.lanes)
            self.lanes.append(Lane(None))
        insort(self._free, (invocation.ended_ms, number))
        span = self.lanes[number].add(invocation)
        assert span is not None
        return span


@dataclass(frozen=True, slots=True)
class EnvironmentCounts:
    """A run's environments in numbers."""

    environments: int = 0
    unnamed: int = 0
    """Of these, lanes that are inferred."""
    invocations: int = 0
    """Invocations that ran: throttled ones and transport failures did not, as far as the client knows."""
    cold_starts: int = 0
    function_errors: int = 0
    throttled: int = 0
    failed: int = 0
    peak: int = 0
    busy_ms: float = 0.0
    """Time in invocations, init included, of all environments together."""
    lived_ms: float = 0.0
    """Time from each environment's first use until it is assumed gone, or now."""

    @property
    def busy_share(self) -> float | None:
        """Busy time as a share of the time since each environment was first used."""
        return self.busy_ms / self.lived_ms if self.lived_ms > 0 else None

    @property
    def cold_share(self) -> float | None:
        """Cold starts as a share of the invocations that ran."""
        return self.cold_starts / self.invocations if self.invocations else None


class EnvironmentTimeline:
    """Lanes, occupancy, throttles and failures of a run, extended as invocations arrive."""

    def __init__(self, invocations: Iterable[Invocation] = ()) -> None:
        self.occupancy = Occupancy()
        self.throttled_ms: list[float] = []
        """When throttled requests were sent."""
        self.failed_ms: list[float] = []
        """When requests that ended in a transport failure were sent."""
        self._named: dict[str, Lane] = {}
        self._unnamed = UnnamedLanes()
        self._lanes: list[Lane] | None = []
        self._ran = 0
        self._cold_starts = 0
        self._function_errors = 0
        self.extend(invocations)

    @property
    def requests(self) -> int:
        """How many invocations were added, whatever their outcome."""
        return self._ran + len(self.throttled_ms) + len(self.failed_ms)

    @property
    def lanes(self) -> Sequence[Lane]:
        """All lanes, by the start of their first invocation."""
        if self._lanes is None:
            lanes = [*self._named.values(), *self._unnamed.lanes]
            self._lanes = sorted(lanes, key=lambda lane: (lane.begins_ms[0], lane.invocations[0].index))
        return self._lanes

    def extend(self, invocations: Iterable[Invocation]) -> None:
        """Add invocations; the result does not depend on how they were batched."""
        spans: list[Span | None] = []
        unnamed: list[Invocation] = []
        for invocation in sorted(invocations, key=_order):
            if invocation.status in ("throttled", "failed"):
                times = self.throttled_ms if invocation.status == "throttled" else self.failed_ms
                insort(times, invocation.started_ms)
                continue
            self._ran += 1
            self._cold_starts += invocation.cold
            self._function_errors += invocation.status == "function_error"
            if invocation.environment_id is None:
                unnamed.append(invocation)
            else:
                spans.append(self._lane_of(invocation.environment_id).add(invocation))
        if unnamed:
            self._lanes = None
            spans += self._unnamed.add(unnamed) or [None]
        if None in spans:
            self._lanes = None
            self.occupancy = Occupancy(span for lane in self.lanes for span in lane.spans())
        else:
            self.occupancy.add(span for span in spans if span is not None)

    def counts(self, now_ms: float, idle_limit_ms: float = RECLAIMED_AFTER_MS) -> EnvironmentCounts:
        """The numbers for everything added so far."""
        lanes = self.lanes
        lived_ms, busy_ms = 0.0, 0.0
        for lane in lanes:
            lived_ms += lane.end_ms(now_ms, idle_limit_ms) - lane.begins_ms[0]
            busy_ms += lane.busy_ms
        return EnvironmentCounts(
            environments=len(lanes),
            unnamed=len(self._unnamed.lanes),
            invocations=self._ran,
            cold_starts=self._cold_starts,
            function_errors=self._function_errors,
            throttled=len(self.throttled_ms),
            failed=len(self.failed_ms),
            peak=self.occupancy.peak,
            busy_ms=busy_ms,
            lived_ms=lived_ms,
        )

    def _lane_of(self, environment_id: str) -> Lane:
        lane = self._named.get(environment_id)
        if lane is None:
            lane = self._named[environment_id] = Lane(environment_id)
            self._lanes = None
        return lane
