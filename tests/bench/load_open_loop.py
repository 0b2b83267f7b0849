"""How exactly an open loop starts and measures, and what it does while its server stands still."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial

from lambda_tui.results.statistics import percentile
from tests.bench._engine import drive, of_runs, on_core, p50_p99, plan, serving, undisturbed

TITLE = "Load engine: open loop, 50 ms target (ms; medians of the 5 quietest runs and their range)"
RATES = (500, 1000, 2000)
RUNS, ATTEMPTS = 5, 15
SECONDS = 2.0
FREEZE_AT_RATE, FREEZE_RUN_S, FREEZE_S = 500, 3.0, 0.5


def measure() -> dict[str, object]:
    """The latency error is against the server's own times."""
    results: dict[str, object] = {}
    with serving(50) as server, on_core(0):  # the engine has the other one for itself
        for rate in RATES:
            asked = plan(server, rate=float(rate), seconds=SECONDS, connections=rate // 5)
            made = undisturbed(partial(drive, asked), wanted=RUNS, attempts=ATTEMPTS)
            starts = [driven.start_errors_ms() for driven in made]
            latencies = [driven.latency_errors_ms() for driven in made]
            for label, fraction in (("p50", 0.5), ("p99", 0.99)):
                results[f"{rate}/s: start error {label}"] = of_runs(
                    percentile(errors, fraction) for errors in starts
                )
                results[f"{rate}/s: latency error {label}"] = of_runs(
                    percentile(errors, fraction) for errors in latencies
                )
            results[f"{rate}/s: engine CPU, % of a core"] = of_runs(
                driven.cpu_s / SECONDS * 100 for driven in made
            )
            results[f"{rate}/s: CPU of other programs, % of a core"] = of_runs(
                driven.foreign_cpu * 100 for driven in made
            )
    return {**results, **_frozen()}


def _frozen() -> dict[str, object]:
    with serving(50) as server:

        def freeze() -> None:
            time.sleep(1.0)
            os.kill(server.pid, signal.SIGSTOP)
            time.sleep(FREEZE_S)
            os.kill(server.pid, signal.SIGCONT)

        freezing = threading.Thread(target=freeze)
        made = drive(
            plan(server, rate=float(FREEZE_AT_RATE), seconds=FREEZE_RUN_S, connections=100),
            on_started=freezing.start,
        )
        freezing.join()
    latencies = sorted(exchange.ended_ms - exchange.scheduled_ms for exchange in made.exchanges)
    services = sorted(exchange.ended_ms - exchange.started_ms for exchange in made.exchanges)
    return {
        "server frozen 500 ms at 500/s: starts made of 1,500": len(made.exchanges),
        "... dropped": made.dropped,
        "... latency p50 / p99": p50_p99(latencies),
        "... share of invocations over 100 ms, %": 100 * sum(ms > 100 for ms in latencies) / len(latencies),
        "... service time p99": percentile(services, 0.99),
        "... start error p50 / p99": p50_p99(made.start_errors_ms()),
    }
