"""What an invocation costs at other memory sizes, in four lines under the bill."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING

from textual.content import Content

from lambda_tui.wording.numbers import format_ms, format_usd

if TYPE_CHECKING:
    from lambda_tui.forecast import Prediction

LEVELS = "▁▂▃▄▅▆▇█"
LEAST_RANGE = 4
"""Costs that differ by less do not fill the whole height."""


def memory_costs(costs: Sequence[Prediction], memory_mb: int, width: int) -> Content:
    """A bar a size, of the costs; `memory_mb` is the size of the run on screen."""
    cell = max(4, width // len(costs))
    levels = _levels([float(size.usd) for size in costs])
    bars, labels = [], []
    for size, level in zip(costs, levels, strict=True):
        ink = "bold $accent" if size.memory_mb == memory_mb else "$foreground" if size.measured else "$quiet"
        bars.append(Content.styled(f"{LEVELS[level] * (cell - 1):<{cell}}", ink))
        labels.append(Content.styled(f"{_short(size.memory_mb):<{cell}}", ink))
    best = min(costs, key=lambda size: (size.usd, size.duration_ms))
    price = f"{format_usd(best.per_million_usd)}, {format_ms(best.duration_ms)}"
    return Content("\n").join(
        [
            Content.assemble(("Cost by memory", "bold"), ("  dim: forecast", "$quiet")),
            Content.assemble(*bars),
            Content.assemble(*labels),
            Content.assemble((f"cheapest {best.memory_mb:,} MB: ", "$quiet"), price),
        ]
    )


def _levels(costs: Sequence[float]) -> list[int]:
    """Heights of the bars by the logarithm of the cost: the largest size would flatten all others."""
    lowest = min(costs)
    steps = max(log(max(costs) / lowest), log(LEAST_RANGE))
    return [round(log(cost / lowest) / steps * (len(LEVELS) - 1)) for cost in costs]


def _short(memory_mb: int) -> str:
    """`512`, `1k`, `1.8k`."""
    return str(memory_mb) if memory_mb < 1000 else f"{memory_mb / 1000:.1f}".removesuffix(".0") + "k"
