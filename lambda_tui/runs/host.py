"""What an invocation on this machine lost to this machine, which Lambda would not have taken from it.

The law is Lambda's: an environment has memory / 1769 vCPUs (AWS documentation, "Configure Lambda function
memory"), so the CPU time that an invocation used and the waits its workload asks for say how long it takes
there. What it took longer here, it waited for a CPU that others had.
"""

from __future__ import annotations

import math

from lambda_tui.aws_facts import vcpus_of
from lambda_tui.results import Invocation
from lambda_tui.scenario import SERVICE_WORKLOADS, Scenario

TOLERANCE = 0.15
TOLERANCE_MS = 25.0
"""The quota works in periods of 20 ms: invocations that lost nothing stay within a period of the law."""


def lawful_ms(invocation: Invocation, scenario: Scenario) -> float | None:
    """The most that the invocation's waits and CPU time take at its memory size, in milliseconds.

    None where that cannot be known: not measured by the embedded Lambda, a function of the user's own, or a
    workload whose service takes its own time.
    """
    report, cpu = invocation.report, invocation.cpu
    if report is None or cpu is None or scenario.function is not None:
        return None
    if scenario.workload in SERVICE_WORKLOADS or invocation.status != "ok":
        return None
    return _wait_ms(scenario) + cpu.used_ms / min(vcpus_of(report.memory_mb), _cpus_at_once(scenario))


def is_host_limited(invocation: Invocation, scenario: Scenario) -> bool:
    """The invocation took clearly longer than Lambda's law allows for."""
    lawful = lawful_ms(invocation, scenario)
    return lawful is not None and _exceeds(invocation, lawful)


def lawful_billed_ms(invocation: Invocation, scenario: Scenario) -> int | None:
    """What a warm invocation would have been billed without this host's limits: less than it was only where
    it is host-limited. None without a REPORT."""
    report, lawful = invocation.report, lawful_ms(invocation, scenario)
    if report is None:
        return None
    if lawful is None or not _exceeds(invocation, lawful):
        return report.billed_ms
    return min(report.billed_ms, math.ceil(lawful))


def wanted_cpus(scenario: Scenario) -> float:
    """CPUs that a load keeps busy at its memory size while it computes; 0 for work that waits."""
    if scenario.function is not None or not scenario.sized_by_work:
        return 0.0
    return scenario.callers * min(vcpus_of(scenario.memory_mb), _cpus_at_once(scenario))


def _exceeds(invocation: Invocation, lawful: float) -> bool:
    duration_ms = invocation.duration_ms
    return duration_ms is not None and duration_ms > lawful + max(TOLERANCE_MS, TOLERANCE * lawful)


def _wait_ms(scenario: Scenario) -> float:
    if not scenario.sized_by_time:
        return 0.0
    side_by_side = scenario.workers if scenario.concurrency not in ("sequential", "asyncio-blocking") else 1
    return math.ceil(scenario.tasks / side_by_side) * scenario.task_ms


def _cpus_at_once(scenario: Scenario) -> float:
    """How many CPUs the tasks can use: processes as many as they are, threads only while hashing (hashlib
    releases the GIL), everything else one."""
    is_parallel = scenario.concurrency == "processes" or (
        scenario.workload == "sha256" and scenario.concurrency in ("threads", "thread-pool")
    )
    if not is_parallel:
        return 1.0
    return scenario.tasks / math.ceil(scenario.tasks / scenario.workers)
