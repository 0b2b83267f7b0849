"""Percentiles and counts of a run in two lines, its price and what changed in a third."""

from __future__ import annotations

from textual.content import Content

from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Summary
from lambda_tui.results.intervals import unreliable_percentiles
from lambda_tui.runs.measured import per_million_usd
from lambda_tui.runs.ranking import compare_runs
from lambda_tui.tui.widgets.flat_text import FlatText
from lambda_tui.wording.numbers import format_change, format_ms, format_usd, ms_number


class StatisticsLines(FlatText):
    """p50 to p99 of the warm durations, init, and counts; never warm and cold mixed."""

    DEFAULT_CSS = "StatisticsLines { height: auto; padding: 0 1; }"

    def show_run(self, snapshot: Snapshot | None) -> None:
        summary = snapshot.summary if snapshot else Summary()
        self.show(Content("\n").join([_percentiles(summary), _counts(summary)]))


class MoneyLine(FlatText):
    """Dollars beside the durations, so that both are seen at once where the bill has no room."""

    DEFAULT_CSS = "MoneyLine { height: 1; padding: 0 1; }"

    def show_run(self, snapshot: Snapshot | None, previous: Snapshot | None) -> None:
        self.show(Content("") if snapshot is None else _money(snapshot, previous))


def change_content(change: float | None, noun: str) -> Content:
    """`▼ −66% time`: less is good here, so a fall is green and a rise red; arrow and sign say the same."""
    style = "$quiet"
    if change is not None and round(change * 100):
        style = "bold $success" if change < 0 else "bold $error"
    return Content.assemble((format_change(change), style), (f" {noun}", "$quiet"))


def _percentiles(summary: Summary) -> Content:
    parts: list[tuple[str, str]] = []
    unreliable = unreliable_percentiles(summary.duration_ms.count) if summary.duration_ms else ()
    for name in ("p50", "p90", "p95", "p99"):
        value = getattr(summary.duration_ms, name) if summary.duration_ms else None
        parts += [
            (f"{name} ", "$quiet"),
            (f"{ms_number(value)}  ", "$quiet" if name in unreliable else "bold"),
        ]
    return Content.assemble(*parts, ("ms warm", "$quiet"))


def _counts(summary: Summary) -> Content:
    failed = summary.function_errors + summary.failed
    values = [
        ("◆ cold", f"{summary.cold_starts:,}", "bold $cold"),
        ("init", format_ms(summary.init_ms.p50 if summary.init_ms else None), "bold $cold"),
        ("warm", f"{summary.duration_ms.count if summary.duration_ms else 0:,}", "bold"),
        ("throttled", f"{summary.throttled:,}", "bold $error" if summary.throttled else ""),
        ("errors", f"{failed:,}", "bold $error" if failed else ""),
    ]
    parts = [[(f"{name} ", "$quiet"), (f"{value}  ", style)] for name, value, style in values]
    return Content.assemble(*(part for pair in parts for part in pair))


def _money(snapshot: Snapshot, previous: Snapshot | None) -> Content:
    parts: list[Content | str] = [
        Content.styled(format_usd(per_million_usd(snapshot)), "bold $accent"),
        (Content.styled(" per million", "$quiet")),
    ]
    if previous is not None:
        change = compare_runs(previous, snapshot)
        if change.differs:
            return Content.assemble(*parts, (f"   before: {change.differs}", "$quiet"))
        parts += ["   ", change_content(change.duration, "time"), "   ", change_content(change.cost, "cost")]
        parts.append(Content.styled(f"  vs {previous.scenario.concurrency}", "$quiet"))
    return Content.assemble(*parts)
