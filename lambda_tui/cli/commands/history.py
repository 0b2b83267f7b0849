"""`lambda-tui history`: earlier runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from lambda_tui.cli.documents import json_option, wants_table, write_json
from lambda_tui.cli.output import open_output
from lambda_tui.cli.run_table import run_table
from lambda_tui.errors import InvalidInput
from lambda_tui.history import HistoryStore, RecordedRun, RunListing
from lambda_tui.runs.comparison import (
    Comparison,
    compare_invocations,
    comparison_document,
    per_million_difference_usd,
)
from lambda_tui.runs.csv_table import write_csv
from lambda_tui.runs.document import run_document
from lambda_tui.runs.measured import per_million_usd
from lambda_tui.wording.numbers import NOTHING, format_ms, format_usd, ms_number
from lambda_tui.wording.scenarios import model_text, scenario_line
from lambda_tui.wording.tables import aligned

HISTORY_SCHEMA = "lambda-tui/history@1"


@click.group("history")
def command() -> None:
    """The runs recorded on this machine. Name a run by its id or the start of it."""


@command.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N")
@json_option
def list_runs(limit: int, json_target: str | None) -> None:
    """The newest runs."""
    with _store() as store:
        runs = store.runs(limit)
    if wants_table(json_target):
        click.echo(_table(runs) if runs else "No run has been recorded yet.")
    else:
        write_json({"schema": HISTORY_SCHEMA, "runs": [run.to_document() for run in runs]}, json_target)


@command.command("show")
@click.argument("run_id", metavar="[ID]", required=False)
@json_option
def show_run(run_id: str | None, json_target: str | None) -> None:
    """One run, the newest if no ID is given."""
    run = _load(run_id)
    if wants_table(json_target):
        click.echo(run_table(run))
        click.echo(_ending(run))
    else:
        write_json(run_document(run), json_target)


@command.command("compare")
@click.argument("before_id", metavar="A")
@click.argument("after_id", metavar="B")
@json_option
def compare_runs(before_id: str, after_id: str, json_target: str | None) -> None:
    """How B differs from A: times and cost per million invocations."""
    with _store() as store:
        before, after = store.load(before_id), store.load(after_id)
    metrics = compare_invocations(before.invocations, after.invocations)
    if wants_table(json_target):
        click.echo(_comparison_table(before, after, metrics))
    else:
        write_json(comparison_document(before, after, metrics), json_target)


@command.command("export")
@click.argument("run_id", metavar="[ID]", required=False)
@click.option(
    "--format", "file_format", type=click.Choice(["json", "csv"]), default="json", show_default=True
)
@click.option(
    "--output", default="-", metavar="FILE|-", help="Where to write; - is stdout.", show_default=True
)
def export_run(run_id: str | None, file_format: str, output: str) -> None:
    """Write one run, the newest if no ID is given, as JSON or CSV."""
    run = _load(run_id)
    if file_format == "json":
        write_json(run_document(run), output)
    else:
        with open_output(output) as file:
            write_csv(file, run)


@contextmanager
def _store() -> Iterator[HistoryStore]:
    store = HistoryStore()
    try:
        yield store
    finally:
        store.close()


def _load(run_id: str | None) -> RecordedRun:
    with _store() as store:
        run = store.latest() if run_id is None else store.load(run_id)
    if run is None:
        raise InvalidInput(
            "run", "No run has been recorded yet.", hint="`lambda-tui run` or `lambda-tui` makes one."
        )
    return run


def _table(runs: list[RunListing]) -> str:
    head = ("id", "started (UTC)", "workload", "model", "MB", "n", "p50 warm", "cost", "ended")
    return "\n".join(aligned([head, *map(_row, runs)], left=4))


def _row(run: RunListing) -> tuple[str, ...]:
    scenario = run.scenario
    return (
        run.run_id,
        run.started_at[:19].replace("T", " "),
        scenario.function or scenario.workload,
        "" if scenario.function else model_text(scenario),
        str(scenario.memory_mb),
        f"{run.invocations:,}",
        format_ms(run.p50_ms),
        format_usd(run.total_usd),
        run.state if run.stopped_by is None else run.stopped_by.title.lower(),
    )


def _comparison_table(before: RecordedRun, after: RecordedRun, metrics: Mapping[str, Comparison]) -> str:
    rows: list[tuple[str, ...]] = [("p50, ms", "A", "B", "B / A", "95% interval", "Cliff's delta", "B is")]
    rows += [_metric_row(metric) for metric in metrics.values()]
    usd = [per_million_usd(before), per_million_usd(after), per_million_difference_usd(before, after)]
    a_usd, b_usd, difference = map(format_usd, usd)
    sides = (
        f"{name}  {run.run_id}  {scenario_line(run.scenario)}" for name, run in (("A", before), ("B", after))
    )
    times = aligned(rows) if metrics else ["No invocation succeeded in both runs: no times to compare."]
    cost = f"per million: {a_usd} → {b_usd}, difference {difference}"
    return "\n".join([*sides, "", *times, "", cost])


def _metric_row(metric: Comparison) -> tuple[str, ...]:
    bounds = metric.ratio_interval
    return (
        metric.metric.removesuffix("_ms"),
        ms_number(metric.before_p50),
        ms_number(metric.after_p50),
        NOTHING if metric.ratio is None else f"{metric.ratio:.2f}",
        NOTHING if bounds is None else f"{bounds.low:.2f} to {bounds.high:.2f}",
        f"{metric.cliffs_delta:+.2f}",
        metric.verdict,
    )


def _ending(run: RecordedRun) -> str:
    reason = run.state if run.stopped_by is None else run.stopped_by.message
    name = f" ({run.scenario.name})" if run.scenario.name else ""
    return f"started {run.started_at}{name}: {reason}"
