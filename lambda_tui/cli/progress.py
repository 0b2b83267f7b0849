"""Live progress of a run on standard error, if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lambda_tui.load.snapshot import Snapshot
from lambda_tui.wording.numbers import format_ms, format_usd

REFRESHES_PER_S = 10

Show = Callable[[Snapshot], None]


@contextmanager
def run_progress(*, quiet: bool) -> Iterator[Show]:
    """Yield a function that shows a snapshot; it shows nothing if `quiet` or without a terminal."""
    if quiet or not sys.stderr.isatty():
        yield _show_nothing
        return
    from rich.console import Console  # noqa: PLC0415  (a script's runs do without)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, refresh_per_second=REFRESHES_PER_S) as progress:
        task = progress.add_task("preparing", total=None, facts="")

        def show(snapshot: Snapshot) -> None:
            progress.update(
                task,
                description=snapshot.note or snapshot.state,
                total=snapshot.planned,
                completed=len(snapshot.invocations),
                facts=_facts(snapshot),
            )

        yield show


def _show_nothing(snapshot: Snapshot) -> None:
    del snapshot


def _facts(snapshot: Snapshot) -> str:
    times = snapshot.summary.latency_ms
    median = "" if times is None else f"p50 {format_ms(times.p50)} · "
    return f"{median}{format_usd(snapshot.bill.total_usd)}"
