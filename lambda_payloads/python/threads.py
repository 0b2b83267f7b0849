"""The models `threads` and `thread-pool`."""

from __future__ import annotations

from collections import deque
from itertools import count
from threading import Thread, current_thread

from event import Workload
from outcome import Outcome, WorkerDied, perform
from workloads import blocking_task


def raw_threads(workload: Workload, workers: int) -> list[Outcome]:
    """`workers` threads, started and joined here; each takes the next task until none is left."""
    pending = deque(range(workload.tasks))
    outcomes: list[Outcome] = []
    with blocking_task(workload) as task:

        def work() -> None:
            worker = current_thread().name
            while True:
                try:
                    index = pending.popleft()
                except IndexError:
                    return
                outcomes.append(perform(task, index, worker))

        _start_and_join(
            [Thread(target=work, name=f"thread-{n + 1}") for n in range(min(workers, workload.tasks))]
        )
    if len(outcomes) < workload.tasks:
        raise WorkerDied("a thread ended before its work was done; its traceback is in the log")
    return outcomes


def _start_and_join(threads: list[Thread]) -> None:
    started = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
    finally:
        for thread in started:
            thread.join()


def thread_pool(workload: Workload, workers: int) -> list[Outcome]:
    """A ThreadPoolExecutor of `workers` threads, made for this invocation."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  (only for this model)

    numbers = count(1)

    def name_worker() -> None:
        current_thread().name = f"thread-{next(numbers)}"

    with blocking_task(workload) as task, ThreadPoolExecutor(workers, initializer=name_worker) as pool:
        return list(
            pool.map(lambda index: perform(task, index, current_thread().name), range(workload.tasks))
        )
