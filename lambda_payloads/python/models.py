"""The concurrency models by name. A model's module is imported when the model is first used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from event import SERVICE_KINDS, Event, Workload
from outcome import Outcome, perform
from workloads import blocking_task

Model = Callable[[Workload, int], list[Outcome]]

_MODELS = {
    "sequential": ("models", "sequential"),
    "threads": ("threads", "raw_threads"),
    "thread-pool": ("threads", "thread_pool"),
    "asyncio": ("coroutines", "gathered"),
    "asyncio-blocking": ("coroutines", "gathered_blocking"),
    "processes": ("processes", "piped"),
    "process-pool": ("processes", "process_pool"),
}


MODULES = {name: module for name, (module, _) in _MODELS.items()}
"""The module that carries each model."""


def run_model(event: Event) -> list[Outcome]:
    """Carry out the event's tasks under its model; outcomes come in any order."""
    workload = event.workload
    if workload.kind in SERVICE_KINDS:
        from services import prepared  # noqa: PLC0415  (boto3: only for these workloads)

        workload = prepared(workload)
    module, function = _MODELS[event.model]
    model: Model = getattr(import_module(module), function)
    return model(workload, event.workers)


def sequential(workload: Workload, workers: int) -> list[Outcome]:
    """One task after another, whatever `workers` says."""
    with blocking_task(workload) as task:
        return [perform(task, index, "main") for index in range(workload.tasks)]
