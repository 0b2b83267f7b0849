"""The scenario: everything a user can choose about one run, as plain values.

Field names are the command line's option names with underscores and a unit (`--memory` is
`memory_mb`), and the JSON of a scenario is the `scenario` part of the run document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lambda_tui.scenario.choices import (
    CPU_WORKLOADS,
    OPERATIONS,
    PAYLOAD_FUNCTION_PREFIX,
    WAITING_WORKLOADS,
    Architecture,
    Arrivals,
    ConcurrencyModel,
    Init,
    Operation,
    Runtime,
    WorkloadKind,
)

if TYPE_CHECKING:
    from pydantic import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One run: workload, concurrency inside the invocation, function configuration, load and limits.

    `parse_scenario` and `with_changes` validate; the constructor is for values the program itself chose.
    """

    workload: WorkloadKind = "http"
    tasks: int = 3
    task_ms: float = 300.0
    work: int = 1
    url: str | None = None
    operation: Operation | None = None
    concurrency: ConcurrencyModel = "sequential"
    workers: int = 3

    memory_mb: int = 512
    architecture: Architecture = "x86_64"
    runtime: Runtime = "python"
    function: str | None = None
    payload: JsonValue = None
    timeout_s: int = 30
    init: Init = "eager"

    invocations: int = 20
    callers: int = 1
    rate: float | None = None
    seconds: float | None = None
    arrivals: Arrivals = "constant"
    cold: bool = False
    warmup: int = 0
    seed: int = 0

    max_usd: Decimal | None = Decimal("0.05")
    max_invocations: int | None = None
    max_seconds: float | None = None
    slo: tuple[str, ...] = ()
    name: str = ""

    @property
    def function_name(self) -> str:
        """Name of the function to invoke, without its qualifier."""
        own = (self.function or "").partition(":")[0]
        return own or f"{PAYLOAD_FUNCTION_PREFIX}{self.runtime}"

    @property
    def qualifier(self) -> str | None:
        """Version or alias after the colon of `function`, if one was given."""
        return (self.function or "").partition(":")[2] or None

    @property
    def actual_operation(self) -> Operation | None:
        """`operation`, or the default of a workload that has several; None for the others."""
        choices = OPERATIONS.get(self.workload)
        return (self.operation or choices[0]) if choices else None

    @property
    def sized_by_time(self) -> bool:
        """Whether `task_ms` counts."""
        return self.workload in WAITING_WORKLOADS

    @property
    def sized_by_work(self) -> bool:
        """Whether `work` counts."""
        return self.workload in CPU_WORKLOADS

    @property
    def planned_invocations(self) -> int:
        """Invocations this run will start if nothing stops it, warm-up included."""
        if self.rate is not None and self.seconds is not None:
            return self.warmup + max(1, round(self.rate * self.seconds))
        return self.warmup + self.invocations

    def event(self) -> JsonValue:
        """The JSON event every invocation of this run carries (contract: the payload functions).

        Without a `url` the payload takes the latency server's address from its environment, as it does the
        names of buckets, tables and queues. An sqs batch has one record that fails, in the middle.
        """
        if self.function is not None:
            return self.payload
        workload: dict[str, JsonValue] = {
            "kind": self.workload,
            "tasks": self.tasks,
            "task_ms": self.task_ms,
            "work": self.work,
            "url": self.url,
        }
        if self.actual_operation is not None:
            workload["operation"] = self.actual_operation
        if self.workload == "sqs":
            workload["poison"] = self.tasks // 2
        return {
            "schema": 1,
            "workload": workload,
            "concurrency": {"model": self.concurrency, "workers": self.workers},
        }

    def with_changes(self, **changes: object) -> Scenario:
        """A validated copy with some fields changed; raises InvalidInput like `parse_scenario`."""
        return parse_scenario({**asdict(self), **changes})

    def to_document(self) -> dict[str, Any]:
        """JSON-ready; money as decimal text."""
        limit = None if self.max_usd is None else format(self.max_usd, "f")
        return {**asdict(self), "max_usd": limit, "slo": list(self.slo)}


def parse_scenario(values: Mapping[str, Any]) -> Scenario:
    """Validate user input into a Scenario.

    Raises:
        InvalidInput: for the first invalid field, with a sentence naming it.
    """
    from lambda_tui.scenario.validation import validated  # noqa: PLC0415  (pydantic: 80 ms of every start)

    return validated(Scenario, values)


def prepare_validation() -> None:
    """Import and build what `parse_scenario` needs, which would delay the first edit by 80 ms."""
    from lambda_tui.scenario.validation import input_model  # noqa: PLC0415

    input_model(Scenario)
