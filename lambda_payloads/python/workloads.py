"""The work itself, blocking; one unit of CPU work is about 10 ms on a modern core.

Calibrated on a 2.x GHz Xeon with SHA extensions, Python 3.11: a sha256 unit takes 10.4 ms (1.6 GB/s; about
40 ms on cores without them), a primes unit 10 ms.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from event import SERVICE_KINDS, Workload
from outcome import Task

BLOCK = bytes(64 * 1024)
"""hashlib releases the GIL for every update longer than 2047 bytes."""

BLOCKS_PER_UNIT = 256
PRIMES_FROM = 10_000_000
NUMBERS_PER_UNIT = 2_300
PRIME_WINDOWS = 64
"""Units cycle through this many windows of numbers: all cost the same within a few percent, and no result can
be reused for the next."""


@contextmanager
def blocking_task(workload: Workload) -> Iterator[Task]:
    """The workload as a function that blocks its thread; usable from several threads at once."""
    if workload.kind in SERVICE_KINDS:
        from services import service_task  # noqa: PLC0415  (boto3: a quarter of a second of CPU)

        yield service_task(workload)
        return
    if workload.kind != "http":
        yield partial(_TASKS[workload.kind], workload)
        return
    from upstream import BlockingUpstream  # noqa: PLC0415  (http.client: 25 ms of CPU)

    with closing(BlockingUpstream(workload)) as upstream:
        yield upstream.fetch


def waited(index: int) -> bytes:
    """The result of a task that only waits; also what the upstream answers."""
    return b"task-%d\n" % index


def _sleep(workload: Workload, index: int) -> bytes:
    time.sleep(workload.task_ms / 1000)
    return waited(index)


def sha256(workload: Workload, index: int) -> bytes:
    """SHA-256 over the task's name and `work` units of zero bytes. Lets other threads run meanwhile."""
    digest = hashlib.sha256(waited(index))
    for _ in range(workload.work * BLOCKS_PER_UNIT):
        digest.update(BLOCK)
    return digest.hexdigest().encode()


def primes(workload: Workload, index: int) -> bytes:
    """Count primes by trial division in `work` windows of numbers. Holds the GIL throughout."""
    first_unit = index * workload.work
    return b"%d" % sum(
        _primes_in(unit % PRIME_WINDOWS) for unit in range(first_unit, first_unit + workload.work)
    )


def _primes_in(window: int) -> int:
    start = PRIMES_FROM + window * NUMBERS_PER_UNIT
    count = 0
    for number in range(start + 1, start + NUMBERS_PER_UNIT, 2):
        for divisor in range(3, math.isqrt(number) + 1, 2):
            if number % divisor == 0:
                break
        else:
            count += 1
    return count


def _mixed(workload: Workload, index: int) -> bytes:
    time.sleep(workload.task_ms / 1000)
    return primes(workload, index)


_TASKS = {"sleep": _sleep, "sha256": sha256, "primes": primes, "mixed": _mixed}
