"""A run as a short readable table."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from lambda_tui.billing import Bill
from lambda_tui.cli.run_notes import run_notes
from lambda_tui.results import Distribution, Summary
from lambda_tui.results.intervals import unreliable_percentiles
from lambda_tui.runs.measured import MeasuredRun, per_million_usd
from lambda_tui.wording.numbers import NOTHING, format_quantity, format_usd, ms_number, plural
from lambda_tui.wording.scenarios import load_line, scenario_line
from lambda_tui.wording.tables import aligned

TIME_COLUMNS = {
    "count": "count", "mean": "mean", "p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p999": "p99.9",
    "max": "max",
}  # fmt: skip
"""Fields of a distribution and their headings."""


def run_table(run: MeasuredRun) -> str:
    """Scenario, times, outcome, notes and bill, in 80 columns."""
    summary = run.summary
    what = [scenario_line(run.scenario), load_line(run.scenario), _target_line(run)]
    paragraphs = [_outcome(summary), *run_notes(run)]
    notes = [line for note in paragraphs for line in wrap(note, 79, subsequent_indent="  ")]
    times = _times(summary, is_open_loop=run.scenario.rate is not None)
    blocks = [what, times, notes, _bill(run), [f"run {run.run_id}"]]
    return "\n\n".join("\n".join(block) for block in blocks)


def _target_line(run: MeasuredRun) -> str:
    if run.target is None:
        return "no target was reached"
    target = run.target
    limited = " (more than this host has)" if target.host_limited else ""
    enforced = f"CPU by {target.cpu_enforcement}, memory by {target.memory_enforcement}"
    if target.kind == "endpoint":
        enforced = "CPU and memory: unknown"
    return f"{target.kind} {target.region}, {target.vcpus:.2f} vCPU{limited}, {enforced}"


def _times(summary: Summary, *, is_open_loop: bool) -> list[str]:
    metrics: list[tuple[str, Distribution | None]] = [("latency", summary.latency_ms)]
    if is_open_loop:
        metrics += [("service", summary.service_ms), ("start error", summary.start_error_ms)]
    metrics += [
        ("duration, warm", summary.duration_ms),
        ("handler, warm", summary.handler_ms),
        ("init, cold", summary.init_ms),
    ]
    rows: list[tuple[str, ...]] = [("ms", *TIME_COLUMNS.values())]
    rows += [(name, *_figures(times)) for name, times in metrics if times is not None]
    return aligned(rows)


def _figures(times: Distribution) -> Iterator[str]:
    """p99.9 only with enough samples to tell it from the largest."""
    for name in TIME_COLUMNS:
        value = getattr(times, name)
        if name == "count":
            yield f"{value:,}"
        elif name == "p999" and name in unreliable_percentiles(times.count):
            yield NOTHING
        else:
            yield ms_number(value)


def _outcome(summary: Summary) -> str:
    counts = {
        "errors": summary.function_errors,
        "throttled": summary.throttled,
        "failed": summary.failed,
        "dropped": summary.dropped,
    }
    parts = [plural(summary.invocations, "invocation"), f"{summary.cold_starts} cold"]
    parts += [f"{count:,} {name}" for name, count in counts.items() if count]
    return ", ".join(
        [*parts, plural(summary.environments, "environment"), f"{summary.throughput_per_s:.3g}/s"]
    )


def _per_million_of(bill: Bill) -> str:
    if bill.warm is None:
        return "per million"
    return "per million without init" if bill.warm.init_left_out else "per million warm"


def _bill(run: MeasuredRun) -> list[str]:
    bill = run.bill
    rows = [
        (line.item.replace("_", " "), f"{format_quantity(line.quantity)} {line.unit}", format_usd(line.usd))
        for line in bill.lines
    ]
    rows += [
        ("this run", "", format_usd(bill.total_usd)),
        (_per_million_of(bill), "", format_usd(per_million_usd(run))),
    ]
    return aligned(rows)
