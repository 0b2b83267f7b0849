"""What to know about the numbers of a run: one sentence each, only those that apply."""

from __future__ import annotations

from collections.abc import Iterator

from lambda_tui.load.engine.plan import MAX_IN_FLIGHT
from lambda_tui.results import Summary
from lambda_tui.results.intervals import unreliable_percentiles
from lambda_tui.runs.measured import MeasuredRun
from lambda_tui.wording.failures import failure_text
from lambda_tui.wording.numbers import format_usd, plural

OPEN_LOOP = (
    "latency counts from the intended start: how long a caller arriving then waits.",
    "service counts from the actual start: without the delay of the start.",
)


def run_notes(run: MeasuredRun) -> list[str]:
    """The most important first."""
    summary = run.summary
    return [*_doubts(summary), *_failures(run), *(OPEN_LOOP if run.scenario.rate is not None else ())]


def _doubts(summary: Summary) -> Iterator[str]:
    """Why the numbers may not be the function's alone, or may be incomplete."""
    if summary.client_limited:
        yield f"client-limited: {summary.client_limited}. The load generator is part of what was measured."
    if summary.host_limited:
        yield (
            f"host-limited: {summary.host_limited_share:.0%} of invocations waited for a CPU of this host. "
            f"On AWS about {format_usd(summary.lawful_per_million_usd)} per million."
        )
    if summary.dropped:
        yield (
            f"{plural(summary.dropped, 'planned start')} dropped with {MAX_IN_FLIGHT:,} in flight already: "
            "they are in no percentile."
        )
    if summary.possibly_billed:
        yield (
            f"{plural(summary.possibly_billed, 'invocation')} never answered: possibly billed, "
            f"up to {format_usd(summary.possibly_billed_usd)} more."
        )
    if summary.unreported:
        yield (
            f"{plural(summary.unreported, 'invocation')} left no REPORT: the requests are in the bill, "
            f"their durations are unknown, up to {format_usd(summary.unreported_usd)} more "
            "by the client's clock."
        )
    times = summary.latency_ms
    few = [name for name in unreliable_percentiles(times.count) if name != "p999"] if times else []
    if times and few:
        names = " and ".join(filter(None, (", ".join(few[:-1]), few[-1])))
        yield f"{names} of {plural(times.count, 'value')}: just the largest value measured."


def _failures(run: MeasuredRun) -> Iterator[str]:
    """Lambda's error types, Reasons of throttles and names of transport errors, most frequent first; and the
    last one in full."""
    summary = run.summary
    if summary.partial_batches:
        count = plural(summary.partial_batches, "invocation")
        yield f"{count} succeeded with failed items in the batch: Lambda delivers those again."
    if summary.errors_by_type:
        yield ", ".join(f"{count:,} × {kind}" for kind, count in summary.errors_by_type.items()) + "."
        last = next((each.error for each in reversed(run.invocations) if each.error is not None), None)
        if last is not None:
            yield f"the last: {failure_text(last.type, last.message)}."
