"""A run of 100,000 invocations: recorded, summarised, and read back from the history."""

from __future__ import annotations

import gc
import os
import tempfile
import time
from pathlib import Path

from lambda_tui.history import HistoryStore
from lambda_tui.load.run import Run
from lambda_tui.scenario import Scenario
from tests.bench._bench_target import BenchTarget
from tests.bench._engine import rss, serving

TITLE = "A run of 100,000 invocations, recorded"
INVOCATIONS = 100_000


def measure() -> dict[str, object]:
    """Wall times in seconds, memory of this process in MB."""
    scenario = Scenario(invocations=INVOCATIONS, callers=32, max_usd=None)
    with serving(0, awake=False) as server, tempfile.TemporaryDirectory() as folder:
        store = HistoryStore(Path(folder) / "history.sqlite3")
        before_mb = rss(os.getpid())
        began, cpu = time.perf_counter(), time.process_time()
        run = Run(scenario, BenchTarget(server.endpoint), history=store)
        half_mb = 0.0
        shown = 0
        for snapshot in run.snapshots():
            shown += 1
            if not half_mb and len(snapshot.invocations) >= INVOCATIONS / 2:
                half_mb = rss(os.getpid())
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        after_mb = rss(os.getpid())
        gc.collect()
        began = time.perf_counter()
        recorded = store.load(run.run_id)
        load_s = time.perf_counter() - began
        store.close()
        size_mb = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20
    assert len(recorded.invocations) == len(snapshot.invocations) == INVOCATIONS
    return {
        "run and record, s": took_s,
        "recorded a second": INVOCATIONS / took_s,
        "CPU of the parent an invocation, us": cpu_s / INVOCATIONS * 1e6,
        "snapshots": shown,
        "memory first half, bytes an invocation": (half_mb - before_mb) * 2**20 / (INVOCATIONS / 2),
        "memory second half, bytes an invocation": (after_mb - half_mb) * 2**20 / (INVOCATIONS / 2),
        "reopened from history, s": load_s,
        "file, MB": size_mb,
    }
