"""A thousand invocations in flight at once, on one engine and on two."""

from __future__ import annotations

from tests.bench._engine import Driven, drive, plan, serving

TITLE = "Load engine: 1,000 callers of a 300 ms target (ideal 3,333/s)"
SECONDS = 5.0


def measure() -> dict[str, object]:
    """Answers per second from the first start to the last answer."""
    with serving(300, awake=False) as server:
        single = drive(plan(server, callers=1000, connections=1000, max_seconds=SECONDS))
        pair = drive(plan(server, callers=1000, connections=1000, max_seconds=SECONDS), engines=2)
    return {
        "per second": _rate(single),
        "engine memory, MB": single.rss_mb,
        "engine CPU, % of a core": single.cpu_s / SECONDS * 100,
        "two engines: per second": _rate(pair),
    }


def _rate(driven: Driven) -> float:
    # The callers go in waves of 300 ms: first start to last answer is a whole number of them.
    return len(driven.exchanges) / driven.elapsed_s
