"""What the interface costs the measurement: the same open loop with the screen live and painting ten times a
second, in a real pseudo-terminal."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pexpect

from lambda_tui.history import HistoryStore
from lambda_tui.results import Invocation
from lambda_tui.results.statistics import percentile
from tests.bench._engine import of_runs, serving

TITLE = (
    "Load engine: open loop with the interface painting, 50 ms target (ms; medians of runs and their range)"
)
RATES = (500, 1000, 2000)
RUNS = 3
SECONDS = 4.0
SIZE = (45, 140)
SYNCHRONIZES = "\x1b[?2026;2$y"
"""A terminal's answer that it supports synchronized updates of the screen."""

PAINT = "\x1b[?2026l"
"""Ends a synchronized update."""


@dataclass(frozen=True, slots=True)
class Made:
    """One run: ascending errors in ms, and how often the screen was painted."""

    starts: list[float]
    latencies: list[float]
    paints_per_s: float


def measure() -> dict[str, object]:
    """The latency error is against the server's own times; nothing but the server is pinned."""
    results: dict[str, object] = {}
    # Cores that look busy would keep the kernel from moving the engine to the free one.
    with serving(50, awake=False) as server:
        for rate in RATES:
            made = [_run(server.endpoint, rate) for _ in range(RUNS)]
            for label, fraction in (("p50", 0.5), ("p99", 0.99)):
                results[f"{rate}/s: start error {label}"] = of_runs(
                    percentile(run.starts, fraction) for run in made
                )
                results[f"{rate}/s: latency error {label}"] = of_runs(
                    percentile(run.latencies, fraction) for run in made
                )
            results[f"{rate}/s: paints a second"] = of_runs(run.paints_per_s for run in made)
    return results


def _run(endpoint: str, rate: int) -> Made:
    with tempfile.TemporaryDirectory() as data_dir:
        painted = _drive(endpoint, rate, data_dir)
        store = HistoryStore(Path(data_dir) / "history.sqlite3")
        recorded = store.latest()
        store.close()
    assert recorded is not None
    assert len(recorded.invocations) == rate * SECONDS
    starts = sorted(invocation.started_ms - invocation.scheduled_ms for invocation in recorded.invocations)
    return Made(starts, sorted(map(_latency_error_ms, recorded.invocations)), painted / SECONDS)


def _latency_error_ms(invocation: Invocation) -> float:
    assert invocation.payload is not None
    came_ns, left_ns = map(int, invocation.payload["t"])
    return invocation.latency_ms - (left_ns - came_ns) / 1e6


def _drive(endpoint: str, rate: int, data_dir: str) -> int:
    """Open the interface, press Enter, wait, quit; returns how often it painted during the run."""
    arguments = ["-m", "tests.bench._interface", endpoint, str(rate), str(SECONDS)]
    environ = {**os.environ, "TERM": "xterm-256color", "LAMBDA_TUI_DATA_DIR": data_dir}
    child = pexpect.spawn(sys.executable, arguments, dimensions=SIZE, env=environ, encoding="utf-8")
    try:
        child.send(SYNCHRONIZES)
        _painted(child, 3.0)
        child.send("\r")
        painted = _painted(child, SECONDS)
        _painted(child, 1.5)
        child.send("q")
        child.expect(pexpect.EOF, timeout=20)
    finally:
        child.close(force=True)
    return painted


def _painted(child: pexpect.spawn[str], seconds: float) -> int:
    until, count = time.monotonic() + seconds, 0
    while (left_s := until - time.monotonic()) > 0:
        try:
            count += child.read_nonblocking(65536, timeout=left_s).count(PAINT)
        except pexpect.TIMEOUT:
            break
    return count
