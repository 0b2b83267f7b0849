"""What a screen or progress bar sees while a run goes on: frozen, at most ten a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self, overload

from lambda_tui.errors import Interrupted, LambdaTuiError
from lambda_tui.results import Invocation
from lambda_tui.runs.measured import MeasuredRun

if TYPE_CHECKING:
    from lambda_tui.history import RecordedRun

RunState = Literal["preparing", "running", "stopping", "finished"]


class InvocationLog(Sequence[Invocation]):
    """The first `length` entries of an append-only list: a frozen view that costs nothing to take."""

    __slots__ = ("_entries", "_length")

    def __init__(self, entries: list[Invocation], length: int | None = None) -> None:
        self._entries = entries
        self._length = len(entries) if length is None else length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Invocation: ...
    @overload
    def __getitem__(self, index: slice) -> list[Invocation]: ...
    def __getitem__(self, index: int | slice) -> Invocation | list[Invocation]:
        if isinstance(index, slice):
            return self._entries[slice(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(index)
        return self._entries[index if index >= 0 else self._length + index]

    def __iter__(self) -> Iterator[Invocation]:
        for position in range(self._length):
            yield self._entries[position]


@dataclass(frozen=True, slots=True)
class Snapshot(MeasuredRun):
    """The state of a live run: what was measured so far. `stopped_by` says why it ended early: a limit, the
    user, a lost target."""

    invocations: InvocationLog
    state: RunState
    elapsed_ms: float
    planned: int
    in_flight: int
    stopped_by: LambdaTuiError | None = None
    note: str = ""

    @classmethod
    def of_recorded(cls, run: RecordedRun) -> Self:
        """A run of the history, as it was at its end."""
        return cls(
            run_id=run.run_id,
            started_at=run.started_at,
            scenario=run.scenario,
            target=run.target,
            invocations=InvocationLog(list(run.invocations)),
            summary=run.summary,
            bill=run.bill,
            state="finished",
            elapsed_ms=max((invocation.ended_ms for invocation in run.invocations), default=0.0),
            planned=run.scenario.planned_invocations,
            in_flight=0,
            stopped_by=_recorded_reason(run),
        )

    @property
    def is_final(self) -> bool:
        return self.state == "finished"

    @property
    def client_limited(self) -> str:
        """Why the load generator may be what was measured; empty if it was not."""
        return self.summary.client_limited

    @property
    def engine_cpu_percent(self) -> float:
        """The load engine's busiest second so far, in percent of one core."""
        return self.summary.engine_cpu_percent


def _recorded_reason(run: RecordedRun) -> LambdaTuiError | None:
    if run.stopped_by is not None:
        return LambdaTuiError(run.stopped_by.message, hint=run.stopped_by.hint)
    if run.state == "finished":
        return None
    return Interrupted("The recording of this run does not reach its end.")
