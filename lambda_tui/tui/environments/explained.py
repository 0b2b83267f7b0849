"""How every number of the Environments screen is calculated, with its actual values."""

from __future__ import annotations

from lambda_tui.billing.explain import explain
from lambda_tui.results.environments import Lane
from lambda_tui.tui.environments.run_timeline import RunTimeline
from lambda_tui.tui.environments.texts import counts_figures, duration_text, percent, seconds_text
from lambda_tui.wording.numbers import format_ms, format_usd, plural

Rows = list[tuple[str, str]]
"""Name and value, as `billing.explain` lays out its own."""


def run_explained(lanes: RunTimeline) -> str:
    """The figures above the lanes, then the bill."""
    counts, peak_at_ms = lanes.counts(), lanes.timeline.occupancy.peak_at_ms
    named = counts.environments - counts.unnamed
    parts = [
        _part(f"Environments: {counts.environments:,}", [
            ("named", f"{named:,} that the payload named in its answers"),
            ("inferred", f"{counts.unnamed:,} lanes, as few as can hold the answers without a name"),
        ]),
        _part(f"Cold starts: {counts.cold_starts:,}", [
            ("from", "answers whose REPORT line has an Init Duration"),
            ("share", f"{counts.cold_starts:,} / {counts.invocations:,} invocations that ran "
             f"= {percent(counts.cold_share)}"),
        ]),
        _part(f"Peak busy: {counts.peak:,}", [
            ("from", "the most environments in an invocation at the same moment"),
            ("first at", "no time yet" if peak_at_ms is None else duration_text(peak_at_ms)),
        ]),
        _part(f"Time busy: {percent(counts.busy_share)}", [
            ("busy", f"{seconds_text(counts.busy_ms)} in invocations, init included"),
            ("lived", f"{seconds_text(counts.lived_ms)} from each first use until now, or until reclaimed"),
            ("share", f"{seconds_text(counts.busy_ms)} / {seconds_text(counts.lived_ms)} "
             f"= {percent(counts.busy_share)}"),
        ]),
        _part(f"Throttled: {counts.throttled:,}", [("from", "answers 429: not run, and not billed")]),
        _part(f"Failed: {counts.failed + counts.function_errors:,}", [
            ("sum", f"{counts.failed:,} without an answer + {counts.function_errors:,} function errors"),
        ]),
    ]  # fmt: skip
    run = lanes.run
    if run is not None and run.source.bill.invocations:
        parts.append(explain(run.source.bill))
    return "\n\n".join(parts)


def moment_explained(lanes: RunTimeline, lane: Lane, number: int, time_ms: float) -> str:
    """The numbers of the pane at the cursor; empty where the environment ran nothing then."""
    moment = lane.at(time_ms)
    if moment.kind not in ("init", "busy"):
        return ""
    here = lane.invocations[moment.position]
    begin_ms, end_ms = lane.begins_ms[moment.position], lane.ends_ms[moment.position]
    rows = [("ended", f"at {seconds_text(end_ms)}, when the answer came, on the client's clock")]
    report = here.report
    if report is None:
        rows.append(("began", f"at {seconds_text(begin_ms)}, when it was sent: there is no REPORT line"))
    else:
        init = "" if report.init_ms is None else f" − Init Duration {format_ms(report.init_ms)}"
        rows += [
            ("began", f"at {seconds_text(begin_ms)} = the answer − Duration {format_ms(report.duration_ms)}"
             f"{init}, but not before it was sent and the environment was free"),
            ("billed", f"{report.billed_ms:,} ms: Duration{' + Init Duration' if init else ''}, rounded up"),
        ]  # fmt: skip
    rows.append(("waited", f"{format_ms(here.latency_ms)} from the intended start to the answer"))
    rates = {line.item: line for line in lanes.run.source.bill.lines} if lanes.run is not None else {}
    if report is not None and here.usd is not None and {"duration", "requests"} <= rates.keys():
        rows.append((
            "cost",
            f"{report.billed_ms:,} ms / 1000 x {report.memory_mb:,} MB / 1024 x {rates['duration'].rate_usd} "
            f"+ {rates['requests'].rate_usd} a request = {format_usd(here.usd)}",
        ))  # fmt: skip
    return _part(f"Environment {number:,}, invocation #{here.index + 1:,}", rows)


def run_summary(lanes: RunTimeline) -> str:
    """One line with the figures people paste into a chat."""
    run = lanes.run
    if run is None:
        return ""
    name = run.scenario.name or f"{run.scenario.concurrency}, {run.scenario.memory_mb:,} MB"
    figures = ", ".join(f"{value} {figure}" for figure, value, _ in counts_figures(lanes.counts()))
    return f"{name}: {plural(len(run.invocations), 'request')} in {duration_text(run.now_ms)}, {figures}"


def _part(title: str, rows: Rows) -> str:
    return "\n".join([title, *(f"  {name:<9} {value}" for name, value in rows)])
