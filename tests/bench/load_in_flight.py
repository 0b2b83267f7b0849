"""A thousand invocations in flight at once, on one engine and on two."""

from __future__ import annotations

from tests.bench._engine import Driven, drive, plan, serving

TITLE = "Load engine: 1,000 callers of a 300 ms target (ideal 3,333/s)"
SECONDS = 5.0


def measure() -> dict[str, object]:
    """Rate of the answers between the first and the last second, so that the joint start does not count."""
    with serving(300) as server:
        one = drive(plan(server, callers=1000, connections=1000, max_seconds=SECONDS))
        two = drive(plan(server, callers=1000, connections=1000, max_seconds=SECONDS), engines=2)
    return {
        "per second": _steady_rate(one),
        "engine memory, MB": one.rss_mb,
        "engine CPU, % of a core": one.cpu_s / SECONDS * 100,
        "two engines: per second": _steady_rate(two),
    }


def _steady_rate(driven: Driven) -> float:
    inside = [done for done in driven.exchanges if 1000 <= done[4] < (SECONDS - 1) * 1000]
    return len(inside) / (SECONDS - 2)
