"""How exactly an open loop starts and measures, and what it does while its server stands still."""

from __future__ import annotations

import os
import signal
import threading
import time

from lambda_tui.results.statistics import percentile
from tests.bench._engine import drive, p50_p99, plan, serving

TITLE = "Load engine: open loop, 50 ms target (p50 / p99 in ms)"
RATES = (500, 1000, 2000)
SECONDS = 3.0
FREEZE_S = 0.5


def measure() -> dict[str, object]:
    """The latency error is against the server's own times."""
    results: dict[str, object] = {}
    with serving(50) as server:
        for rate in RATES:
            made = drive(plan(server, rate=float(rate), seconds=SECONDS, connections=rate // 5))
            results[f"{rate}/s: start error"] = p50_p99(made.start_errors_ms())
            results[f"{rate}/s: latency error"] = p50_p99(made.latency_errors_ms())
            results[f"{rate}/s: engine CPU, % of a core"] = made.cpu_s / SECONDS * 100

        def freeze() -> None:
            time.sleep(1.0)
            os.kill(server.pid, signal.SIGSTOP)
            time.sleep(FREEZE_S)
            os.kill(server.pid, signal.SIGCONT)

        freezing = threading.Thread(target=freeze)
        made = drive(plan(server, rate=500.0, seconds=SECONDS, connections=100), on_started=freezing.start)
        freezing.join()
    latencies = sorted(one[4] - one[2] for one in made.exchanges)
    services = sorted(one[4] - one[3] for one in made.exchanges)
    results["server frozen 500 ms at 500/s: starts made of 1,500"] = len(made.exchanges)
    results["... dropped"] = made.dropped
    results["... latency p50 / p99"] = p50_p99(latencies)
    results["... share of invocations over 100 ms, %"] = (
        100 * sum(one > 100 for one in latencies) / len(latencies)
    )
    results["... service time p99"] = percentile(services, 0.99)
    results["... start error"] = p50_p99(made.start_errors_ms())
    return results
