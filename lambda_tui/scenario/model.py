"""The scenario: everything a user can choose about one run, validated once.

Field names are the command line's option names with underscores and a unit (`--memory` is
`memory_mb`), and the JSON of a scenario is the `scenario` part of the run document.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_serializer,
    model_validator,
)
from pydantic_core import ErrorDetails

from lambda_tui.errors import InvalidInput

WorkloadKind = Literal["sleep", "http", "s3", "dynamodb", "sqs", "sha256", "primes", "mixed"]
ConcurrencyModel = Literal[
    "sequential", "threads", "thread-pool", "asyncio", "asyncio-blocking", "processes", "process-pool"
]
Operation = Literal["get", "put", "batch-put", "partial-batch", "whole-batch"]
Architecture = Literal["x86_64", "arm64"]
Runtime = Literal["python", "nodejs", "go", "rust", "java", "cpp"]
Arrivals = Literal["constant", "poisson", "ramp", "spike", "step"]

CONCURRENCY_MODELS: tuple[ConcurrencyModel, ...] = get_args(ConcurrencyModel)
MVP_WORKLOADS: tuple[WorkloadKind, ...] = (
    *("sleep", "http", "sha256", "primes", "mixed"),
    *("s3", "dynamodb", "sqs"),
)
"""The workloads the Python payload function carries today."""

CPU_WORKLOADS: frozenset[WorkloadKind] = frozenset({"sha256", "primes", "mixed"})
"""Workloads sized by `work`."""

WAITING_WORKLOADS: frozenset[WorkloadKind] = frozenset({"sleep", "http", "mixed"})
"""Workloads sized by `task_ms`; `mixed` takes both sizes."""

SERVICE_WORKLOADS: frozenset[WorkloadKind] = frozenset({"s3", "dynamodb", "sqs"})
"""Workloads that call an AWS service, which takes its own time."""

OPERATIONS: dict[WorkloadKind, tuple[Operation, ...]] = {
    "dynamodb": ("get", "put", "batch-put"),
    "sqs": ("partial-batch", "whole-batch"),
}
"""What a workload can be asked to do; the first is the default."""

MIN_MEMORY_MB = 128
MAX_MEMORY_MB = 10240
"""Classic functions (AWS documentation, "Configure Lambda function memory"); the SDK model's 32768 is for
Managed Instances only."""

PAYLOAD_FUNCTION_PREFIX = "lambda-tui-"
"""The payload function of a runtime is called `lambda-tui-<runtime>`."""


class Scenario(BaseModel):
    """One run: workload, concurrency inside the invocation, function configuration, load and limits.

    Immutable; derive variations with `model_copy(update=...)` through `Scenario.with_changes`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    workload: WorkloadKind = "http"
    tasks: int = Field(default=3, ge=1, le=10_000)
    task_ms: float = Field(default=300.0, ge=0, le=900_000)
    work: int = Field(default=1, ge=1, le=1_000_000)
    operation: Operation | None = None
    concurrency: ConcurrencyModel = "sequential"
    workers: int = Field(default=3, ge=1, le=1_000)

    memory_mb: int = Field(default=512, ge=MIN_MEMORY_MB, le=MAX_MEMORY_MB)
    architecture: Architecture = "x86_64"
    runtime: Runtime = "python"
    function: str | None = Field(default=None, min_length=1, max_length=256, pattern=r"^[A-Za-z0-9_:$.-]+$")
    payload: JsonValue = None
    timeout_s: int = Field(default=30, ge=1, le=900)

    invocations: int = Field(default=20, ge=1, le=1_000_000)
    callers: int = Field(default=1, ge=1, le=10_000)
    rate: float | None = Field(default=None, gt=0, le=100_000)
    seconds: float | None = Field(default=None, gt=0, le=86_400)
    arrivals: Arrivals = "constant"
    cold: bool = False
    warmup: int = Field(default=0, ge=0, le=100_000)
    seed: int = Field(default=0, ge=0)

    max_usd: Decimal | None = Field(default=Decimal("0.05"), gt=0)
    max_invocations: int | None = Field(default=None, ge=1)
    max_seconds: float | None = Field(default=None, gt=0)
    slo: tuple[str, ...] = ()
    name: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _options_agree(self) -> Self:
        if (self.rate is None) != (self.seconds is None):
            raise ValueError("rate and seconds belong together: an open loop needs both")
        if self.payload is not None and self.function is None:
            raise ValueError("payload is for your own function: name it with function")
        choices = OPERATIONS.get(self.workload)
        if choices and self.operation is not None and self.operation not in choices:
            raise ValueError(f"operation of {self.workload} must be {', '.join(choices)}")
        return self

    @field_serializer("max_usd")
    def _money_as_text(self, value: Decimal | None) -> str | None:
        return None if value is None else format(value, "f")

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
    def planned_invocations(self) -> int:
        """Invocations this run will start if nothing stops it, warm-up included."""
        if self.rate is not None and self.seconds is not None:
            return self.warmup + max(1, round(self.rate * self.seconds))
        return self.warmup + self.invocations

    def event(self) -> JsonValue:
        """The JSON event every invocation of this run carries (contract: the payload functions).

        `url` stays null: the payload takes the latency server's address from its environment, as it does the
        names of buckets, tables and queues. A batch of sqs has one record that fails, in the middle.
        """
        if self.function is not None:
            return self.payload
        workload: dict[str, JsonValue] = {
            "kind": self.workload,
            "tasks": self.tasks,
            "task_ms": self.task_ms,
            "work": self.work,
            "url": None,
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
        return parse_scenario({**self.model_dump(), **changes})


def parse_scenario(values: Mapping[str, Any]) -> Scenario:
    """Validate user input into a Scenario.

    Raises:
        InvalidInput: for the first field that is not usable, with a sentence naming it.
    """
    try:
        return Scenario.model_validate(dict(values))
    except ValidationError as error:
        raise _as_invalid_input(error) from None


def _as_invalid_input(error: ValidationError) -> InvalidInput:
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        text = first["msg"].removeprefix("Value error, ")
        return InvalidInput(text.split()[0], f"{text[0].upper()}{text[1:]}.")
    field = str(first["loc"][0])
    return InvalidInput(field, f"{field} cannot be {first.get('input')!r}: {_reason(first)}.")


_REASONS = {
    "greater_than_equal": "it must be at least {ge:,}",
    "greater_than": "it must be more than {gt:,}",
    "less_than_equal": "it must be at most {le:,}",
    "literal_error": "choose {expected}",
    "extra_forbidden": "there is no such option",
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "it must be a whole number"),
    **dict.fromkeys(
        ("float_parsing", "float_type", "decimal_parsing", "decimal_type", "finite_number"),
        "it must be a number",
    ),
}


def _reason(detail: ErrorDetails) -> str:
    """Pydantic's reason as the end of a sentence for a person."""
    template = _REASONS.get(detail["type"])
    if template is None:
        message: str = detail["msg"]
        return message[0].lower() + message[1:]
    return template.format(**detail.get("ctx", {}))
