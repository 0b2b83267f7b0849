"""Documents as files of the current folder, and a summary as text for the clipboard."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from lambda_tui.errors import StorageError
from lambda_tui.runs.document import run_document
from lambda_tui.runs.measured import MeasuredRun, per_million_usd, typical_duration_ms
from lambda_tui.wording.numbers import format_ms, format_usd, plural

Document = tuple[str, Mapping[str, Any]]
"""The name of the file, without its ending, and what is written."""


def run_export(run: MeasuredRun) -> Document:
    """The run document (contract: `run` document)."""
    scenario = run.scenario
    return f"run-{run.run_id}-{scenario.concurrency}-{scenario.memory_mb}MB", run_document(run)


def export_document(document: Document, folder: Path) -> Path:
    """Write a document and return where; a file that is there already is kept, the new one gets a number.

    Raises:
        StorageError: the folder cannot be written.
    """
    name, content = document
    stem = re.sub(r"[^A-Za-z0-9.-]+", "-", name)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    for number in count(1):
        path = folder / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written: {error.strerror}.", hint="Start lambda-tui in a folder of yours."
            ) from None
        return path
    raise AssertionError("unreachable: numbers do not end")


def summary_text(run: MeasuredRun) -> str:
    """One line with the figures people paste into a chat."""
    scenario = run.scenario
    return (
        f"{scenario.workload} × {scenario.tasks}, {scenario.concurrency} × {scenario.workers}, "
        f"{scenario.memory_mb} MB {scenario.architecture}: "
        f"p50 {format_ms(typical_duration_ms(run))}, "
        f"{format_usd(per_million_usd(run))} per million, "
        f"{plural(run.bill.invocations, 'billed invocation')}"
    )
