"""What to run: one validated description of a workload, its concurrency, its function and its load."""

from lambda_tui.scenario.choices import (
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
    WorkloadKind,
)
from lambda_tui.scenario.model import Scenario, parse_scenario, prepare_validation

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
    "prepare_validation",
]
