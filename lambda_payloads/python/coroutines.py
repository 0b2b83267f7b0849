"""The models `asyncio` and `asyncio-blocking`."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from event import SERVICE_KINDS, Workload
from outcome import Outcome, TaskFailed
from workloads import blocking_task, primes, sha256, waited

AsyncTask = Callable[[int], Awaitable[bytes]]

# One loop for the life of the environment: connections kept from an earlier invocation belong to it.
_RUNNER = asyncio.Runner()


def gathered(workload: Workload, workers: int) -> list[Outcome]:
    """Coroutines that await, at most `workers` of them at a time."""
    if workload.kind in SERVICE_KINDS:
        return _gathered_in_threads(workload, workers)
    return _RUNNER.run(_gather(_awaiting_task(workload), workload.tasks, workers))


def _gathered_in_threads(workload: Workload, workers: int) -> list[Outcome]:
    """boto3 has no coroutines: each awaits a thread, of a pool as large as `workers`.

    The loop's own pool, which asyncio.to_thread uses, has 4 threads more than CPUs: six on most Lambdas.
    """
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  (only for these workloads)

    with blocking_task(workload) as task, ThreadPoolExecutor(workers) as pool:

        async def in_thread(index: int) -> bytes:
            return await asyncio.get_running_loop().run_in_executor(pool, task, index)

        return _RUNNER.run(_gather(in_thread, workload.tasks, workers))


def gathered_blocking(workload: Workload, workers: int) -> list[Outcome]:
    """The mistake: the same coroutines with blocking calls inside, so each one blocks the loop."""
    with blocking_task(workload) as task:

        async def blocked(index: int) -> bytes:
            return task(index)

        return _RUNNER.run(_gather(blocked, workload.tasks, workers))


async def _gather(task: AsyncTask, tasks: int, workers: int) -> list[Outcome]:
    semaphore = asyncio.Semaphore(workers)
    # Names rotate: this shows coroutines that do not overlap as a staircase.
    names = deque(f"coroutine-{number + 1}" for number in range(min(workers, tasks)))

    async def perform_in_turn(index: int) -> Outcome:
        async with semaphore:
            worker = names.popleft()
            outcome = await _perform(task, index, worker)
            names.append(worker)
            return outcome

    return await asyncio.gather(*map(perform_in_turn, range(tasks)))


async def _perform(task: AsyncTask, index: int, worker: str) -> Outcome:
    started_ns = time.monotonic_ns()
    result, error = None, None
    try:
        result = await task(index)
    except TaskFailed as failure:
        error = str(failure)
    return Outcome(index, worker, started_ns, time.monotonic_ns(), result, error)


def _awaiting_task(workload: Workload) -> AsyncTask:
    if workload.kind == "http":
        from async_upstream import fetch  # noqa: PLC0415  (httpx: only for this workload)

        return partial(fetch, workload)
    return partial(_AWAITING[workload.kind], workload)


async def _sleep(workload: Workload, index: int) -> bytes:
    await asyncio.sleep(workload.task_ms / 1000)
    return waited(index)


async def _sha256(workload: Workload, index: int) -> bytes:
    return sha256(workload, index)


async def _primes(workload: Workload, index: int) -> bytes:
    return primes(workload, index)


async def _mixed(workload: Workload, index: int) -> bytes:
    await asyncio.sleep(workload.task_ms / 1000)
    return primes(workload, index)


_AWAITING = {"sleep": _sleep, "sha256": _sha256, "primes": _primes, "mixed": _mixed}
