"""`lambda-tui run`: one scenario, headless."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from lambda_tui.cli.documents import write_json
from lambda_tui.cli.output import open_output, refuse_unwritable
from lambda_tui.cli.progress import run_progress
from lambda_tui.cli.recording import open_history
from lambda_tui.cli.run_table import run_table
from lambda_tui.cli.scenario_options import scenario_from, scenario_options
from lambda_tui.cli.slo import Objective, missed, parse_objective
from lambda_tui.cli.spending import confirm_spending
from lambda_tui.errors import InvalidInput
from lambda_tui.runs.csv_table import write_csv
from lambda_tui.runs.document import run_document
from lambda_tui.runs.measured import MeasuredRun
from lambda_tui.targets import parse_target

if TYPE_CHECKING:
    from lambda_tui.load.run import Run
    from lambda_tui.load.snapshot import Snapshot


@click.command("run")
@click.option("--target", metavar="TARGET", help="Like lambda-tui's --target.  [default: local]")
@scenario_options
@click.option("--yes", is_flag=True, help="Do not ask before spending money.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the run document; - is stdout.")
@click.option("--csv", "csv_file", metavar="FILE|-", help="Write one row per invocation; - is stdout.")
@click.option("--quiet", is_flag=True, help="No progress and no table.")
@click.pass_obj
def command(
    group_target: str | None,
    /,
    *,
    target: str | None,
    yes: bool,
    json_file: str | None,
    csv_file: str | None,
    quiet: bool,
    **scenario_values: Any,
) -> None:
    """Run one scenario and print what it took and cost.

    The result is a table, or JSON or CSV on request. Ctrl-C stops at once; what was measured until then is
    printed and kept in the history.

    Exit codes: 0 done, 2 usage, 3 target refused or unreachable, 4 objective missed, 5 limit reached,
    130 interrupted.
    """
    scenario = scenario_from(scenario_values)
    objectives = [parse_objective(text) for text in scenario.slo]
    if json_file == csv_file == "-":
        raise InvalidInput("--csv", "--json and --csv cannot both go to stdout.")
    refuse_unwritable(json_file)
    refuse_unwritable(csv_file)
    chosen = parse_target(target or group_target or "local")
    try:
        confirm_spending(chosen, scenario, yes=yes)
        from lambda_tui.load.run import Run  # noqa: PLC0415  (what was refused above needs no engine)

        with open_history() as history:
            final = _follow(Run(scenario, chosen, history=history), quiet=quiet)
    finally:
        chosen.close()
    if final.target is not None:
        _write(final, json_file=json_file, csv_file=csv_file, quiet=quiet)
    _judge(final, objectives)


def _judge(final: Snapshot, objectives: Sequence[Objective]) -> None:
    """Raise what ended the run early or the first objective it missed; warn of objectives on thin ground."""
    error = final.stopped_by or missed(objectives, final.summary, final.bill)
    if error is not None:
        raise error
    for warning in dict.fromkeys(filter(None, (each.warning(final.summary) for each in objectives))):
        click.echo(f"warning: {warning}", err=True)


def _follow(run: Run, *, quiet: bool) -> Snapshot:
    with _stopping_on_signals(run), run_progress(quiet=quiet) as show:
        for snapshot in run.snapshots():
            show(snapshot)
    return snapshot


@contextmanager
def _stopping_on_signals(run: Run) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM stops the run cleanly; a second one has its usual effect."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(_number: int, _frame: object) -> None:
        restore()
        # In a thread: the interrupted code may hold the locks that stopping needs.
        threading.Thread(target=run.stop, name="stop-run", daemon=True).start()

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()


def _write(run: MeasuredRun, *, json_file: str | None, csv_file: str | None, quiet: bool) -> None:
    if json_file is not None:
        write_json(run_document(run), json_file)
    if csv_file is not None:
        with open_output(csv_file) as file:
            write_csv(file, run)
    if not quiet and "-" not in (json_file, csv_file):
        click.echo(run_table(run))
