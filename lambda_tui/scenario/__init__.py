"""What to run: one validated description of a workload, its concurrency, its function and its load."""

from lambda_tui.scenario.model import (
    CONCURRENCY_MODELS,
    CPU_WORKLOADS,
    MVP_WORKLOADS,
    OPERATIONS,
    PAYLOAD_FUNCTION_PREFIX,
    SERVICE_WORKLOADS,
    WAITING_WORKLOADS,
    Architecture,
    ConcurrencyModel,
    Runtime,
    Scenario,
    WorkloadKind,
    parse_scenario,
)

__all__ = [
    "CONCURRENCY_MODELS",
    "CPU_WORKLOADS",
    "MVP_WORKLOADS",
    "OPERATIONS",
    "PAYLOAD_FUNCTION_PREFIX",
    "SERVICE_WORKLOADS",
    "WAITING_WORKLOADS",
    "Architecture",
    "ConcurrencyModel",
    "Runtime",
    "Scenario",
    "WorkloadKind",
    "parse_scenario",
]
