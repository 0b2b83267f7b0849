"""The real load engine against a stamping server, each on its own core if there are two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Any

from lambda_tui.load.engine.frames import Exchange
from lambda_tui.load.engine.limits import End
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine_group import Batch, EngineGroup, Started
from lambda_tui.results.statistics import percentile

KEEPS_AWAKE = """
import os
from lambda_tui.load.engine.process import die_with_parent
die_with_parent()
if not hasattr(os, "SCHED_IDLE"):
    raise SystemExit
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while True:
    pass
"""
"""Runs only while nothing else wants the core."""

HARDLY = 0.03
"""Of a core."""

EVENT = b'{"schema": 1, "workload": {}}'


@dataclass(frozen=True, slots=True)
class Server:
    """Its address, and its process for tests that stop it."""

    endpoint: str
    pid: int


@dataclass(frozen=True, slots=True)
class Driven:
    """The result of a drive."""

    exchanges: list[Exchange]
    dropped: int
    cpu_s: float
    elapsed_s: float
    rss_mb: float
    end: End
    foreign_cpu: float
    """Cores that others used meanwhile, without the server."""

    @property
    def per_cpu_second(self) -> float:
        return len(self.exchanges) / self.cpu_s

    def start_errors_ms(self) -> list[float]:
        """Ascending: actual start after intended start."""
        return sorted(exchange.started_ms - exchange.scheduled_ms for exchange in self.exchanges)

    def latency_errors_ms(self) -> list[float]:
        """Ascending: latency from the intended start, minus the time the server reports."""
        held = (json.loads(exchange.body)["t"] for exchange in self.exchanges)
        return sorted(
            exchange.ended_ms - exchange.scheduled_ms - (left - came) / 1e6
            for exchange, (came, left) in zip(self.exchanges, held, strict=True)
        )


@contextmanager
def serving(delay_ms: float, *, polling: bool = False, awake: bool = True) -> Iterator[Server]:
    """A stamping server on the first core; a `polling` one uses all of it and keeps a client busy that would
    otherwise sleep between two answers. Both cores are kept `awake`: waking one costs the sender, and shifts
    the stamps, as much as a whole request, and depends only on the machine. A server that answers after a
    delay waits for nobody on its core (real-time priority, if this user may)."""
    command = [sys.executable, "-m", "tests.bench._stamping_server", str(delay_ms)]
    command += ["polling"] if polling else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    spinning = [subprocess.Popen([sys.executable, "-c", KEEPS_AWAKE]) for _ in range(2 * awake)]
    try:
        port = int(process.stdout.readline())
        pin(process.pid, 0)
        for core, spinner in enumerate(spinning):
            pin(spinner.pid, core)
        if delay_ms and sys.platform == "linux":
            with suppress(PermissionError):
                os.sched_setscheduler(process.pid, os.SCHED_FIFO, os.sched_param(1))
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        started: list[subprocess.Popen[Any]] = [*spinning, process]
        for child in started:
            child.kill()
            child.wait()
        process.stdout.close()


def pin(pid: int, core: int) -> None:
    """Pin to one core, if the system supports it and has it."""
    if hasattr(os, "sched_setaffinity") and core < (os.cpu_count() or 1):
        os.sched_setaffinity(pid, {core})


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This process on one core inside, if the system supports it and has it."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    pin(0, core)
    try:
        yield
    finally:
        if before:
            os.sched_setaffinity(0, before)


def plan(server: Server, **changes: Any) -> EnginePlan:
    """A plan with a signed session token and a spend limit far away, like real runs."""
    values: dict[str, Any] = {
        "endpoint": server.endpoint, "region": "us-east-1", "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session_token": "t" * 400,
        "function_name": "lambda-tui-python", "qualifier": None, "event": EVENT, "invocations": 10_000_000,
        "callers": 1, "warmup": 0, "rate": None, "seconds": None, "cold_token": None, "read_timeout_s": 40.0,
        "request_usd": "0.0000002", "billed_ms_usd": "0.0000000083", "worst_case_usd": "0.00034",
        "max_usd": "100000", "max_invocations": None, "max_seconds": None, "max_result_bytes": None,
    }  # fmt: skip
    return EnginePlan.from_wire({**values, **changes})


def drive(plan: EnginePlan, *, engines: int = 1, on_started: Any = None) -> Driven:
    """Run it to its end, the engine on the second core."""
    began, others_s = time.monotonic(), _used_by_others_s()
    driven = _driven(plan, engines, on_started)
    used = (_used_by_others_s() - others_s) / (time.monotonic() - began)
    return replace(driven, foreign_cpu=used)


def undisturbed(drive_once: Callable[[], Driven], *, wanted: int, attempts: int) -> list[Driven]:
    """As many runs as wanted in which others hardly used the machine; if there are too few, those in which
    they used it least. A core that is busy with something else makes the engine wait up to 3 ms."""
    made: list[Driven] = []
    while sum(driven.foreign_cpu < HARDLY for driven in made) < wanted and len(made) < attempts:
        made.append(drive_once())
    return sorted(made, key=attrgetter("foreign_cpu"))[:wanted]


def _used_by_others_s() -> float:
    """CPU seconds used by all running processes and their ended children, except this one and its own."""
    ours = {os.getpid(), *_running_children()}
    return sum(_used_s(int(path.name)) for path in Path("/proc").glob("[0-9]*") if int(path.name) not in ours)


def _running_children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def _used_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _driven(plan: EnginePlan, engines: int, on_started: Any) -> Driven:
    exchanges: list[Exchange] = []
    dropped, last, rss_mb = 0, Batch([], 0, 0, 0, 0.0, 0.0, ()), 0.0
    with EngineGroup(engines) as group:
        for pid in group.pids:
            pin(pid, 1)
        group.start(plan)
        for message in group.messages():
            if isinstance(message, Started) and on_started is not None:
                on_started()
            if isinstance(message, Batch):
                exchanges += message.exchanges
                dropped += message.dropped
                last = message
                rss_mb = max(rss_mb, rss(group.pids[0]))
    assert isinstance(message, End)
    span_ms = max(exchange.ended_ms for exchange in exchanges) - min(
        exchange.started_ms for exchange in exchanges
    )
    return Driven(exchanges, dropped, sum(last.cpu_s), span_ms / 1000, rss_mb, message, 0.0)


def rss(pid: int) -> float:
    """Resident memory of a process in MB."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0.0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def of_runs(values: Iterable[float]) -> str:
    """The median of repeated runs and the range they lie in, as text."""
    ordered = sorted(values)
    return f"{median(ordered):.3f} ({ordered[0]:.3f} to {ordered[-1]:.3f})"


def p50_p99(ordered: list[float]) -> str:
    """Two percentiles in milliseconds, as text."""
    return f"{percentile(ordered, 0.5):.3f} / {percentile(ordered, 0.99):.3f}"
