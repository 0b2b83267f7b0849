"""Run documents as files, and a summary as text for the clipboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from textual.screen import Screen

from lambda_tui.errors import StorageError
from lambda_tui.runs.document import run_document
from lambda_tui.runs.measured import MeasuredRun, typical_duration_ms
from lambda_tui.wording.numbers import format_ms, format_usd, plural


def export_run(run: MeasuredRun, folder: Path) -> Path:
    """Write the run document (contract: `run` document) and return where.

    Raises:
        StorageError: the folder cannot be written.
    """
    scenario = run.scenario
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", f"run-{run.run_id}-{scenario.concurrency}-{scenario.memory_mb}MB")
    path = folder / f"{name}.json"
    document = run_document(run)
    try:
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}.", hint="Start lambda-tui in a folder of yours."
        ) from None
    return path


def export_and_tell(screen: Screen[None], runs: Iterable[MeasuredRun]) -> None:
    """Write the documents of these runs into the current folder, and say which and where, or why not."""
    try:
        paths = [export_run(run, Path.cwd()) for run in runs]
    except StorageError as error:
        screen.notify(str(error), title=error.title, severity="error", markup=False)
        return
    if not paths:
        screen.notify("Nothing was run yet.", severity="warning")
        return
    names = "\n".join(path.name for path in paths)
    screen.notify(f"{names}\nin {Path.cwd()}", title="Exported", markup=False)


def summary_text(run: MeasuredRun) -> str:
    """One line with the figures people paste into a chat."""
    scenario = run.scenario
    return (
        f"{scenario.workload} × {scenario.tasks}, {scenario.concurrency} × {scenario.workers}, "
        f"{scenario.memory_mb} MB {scenario.architecture}: "
        f"p50 {format_ms(typical_duration_ms(run))}, "
        f"{format_usd(run.bill.per_million_usd)} per million, "
        f"{plural(run.bill.invocations, 'billed invocation')}"
    )
