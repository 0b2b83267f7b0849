"""What can be chosen in a scenario: workloads, concurrency models, architectures, runtimes, arrivals."""

from __future__ import annotations

from typing import Literal, get_args

WorkloadKind = Literal["sleep", "http", "s3", "dynamodb", "sqs", "sha256", "primes", "mixed"]
ConcurrencyModel = Literal[
    "sequential", "threads", "thread-pool", "asyncio", "asyncio-blocking", "processes", "process-pool"
]
Operation = Literal["get", "put", "batch-put", "partial-batch", "whole-batch"]
Architecture = Literal["x86_64", "arm64"]
Runtime = Literal["python", "nodejs", "go", "rust", "java", "cpp"]
Init = Literal["eager", "lazy", "all-models"]
"""When the payload function loads what its workload needs: at INIT (for the model, or for all of them), or in
the first invocation that uses it."""
Arrivals = Literal["constant", "poisson", "ramp", "spike", "step"]

CONCURRENCY_MODELS: tuple[ConcurrencyModel, ...] = get_args(ConcurrencyModel)
MVP_WORKLOADS: tuple[WorkloadKind, ...] = (
    *("sleep", "http", "sha256", "primes", "mixed"),
    *("s3", "dynamodb", "sqs"),
)
"""The workloads that the Python payload function implements today."""

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
"""The operations of a workload; the first is the default."""

PAYLOAD_FUNCTION_PREFIX = "lambda-tui-"
"""The payload function of a runtime is called `lambda-tui-<runtime>`."""
