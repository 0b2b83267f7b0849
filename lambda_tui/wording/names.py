"""Labels and descriptions of workloads, concurrency models and fields."""

from __future__ import annotations

WORKLOADS: dict[str, str] = {
    "http": "fetch URLs: pure waiting",
    "sleep": "sleep: waiting without a network",
    "sha256": "hash in C: releases the GIL",
    "primes": "count primes: holds the GIL",
    "mixed": "fetch, then compute",
    "s3": "list a bucket, get objects: boto3",
    "dynamodb": "get items: boto3",
    "sqs": "a batch with one poison record",
}

MODELS: dict[str, str] = {
    "sequential": "One task after another: all their times add up.",
    "threads": "One thread a worker: waits overlap; Python code takes turns (the GIL).",
    "thread-pool": "ThreadPoolExecutor: a fixed set of threads takes tasks from a queue.",
    "asyncio": "One event loop: waits overlap in one thread, nothing computes in parallel.",
    "asyncio-blocking": "The classic mistake: blocking calls in coroutines stop the whole loop.",
    "processes": "Process and Pipe: true parallelism, if the memory size buys the CPUs.",
    "process-pool": "ProcessPoolExecutor: Lambda has no shared semaphores, so it fails there.",
}

FIELD_LABELS = {
    "workload": "Workload",
    "tasks": "Tasks",
    "task_ms": "Each takes",
    "work": "Work units",
    "workers": "Workers",
    "memory_mb": "Memory",
    "architecture": "CPU",
    "callers": "Callers",
    "invocations": "Invocations",
    "max_usd": "Spend limit",
}
"""Scenario fields with their names on screen."""
