"""`make bench`: measured claims, printed as tables and written to bench-results.json.

Every module in this folder that has a TITLE and a `measure() -> dict[str, object]` is a benchmark. Name
some on the command line to run only those.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path("bench-results.json")


def benchmarks(names: list[str]) -> list[ModuleType]:
    """The requested benchmark modules, all if none is named."""
    known = [info.name for info in pkgutil.iter_modules([str(Path(__file__).parent)]) if info.name[0] != "_"]
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(known)}.")
    modules = [importlib.import_module(f"tests.bench.{name}") for name in names or known]
    return [module for module in modules if hasattr(module, "TITLE")]


def host() -> dict[str, Any]:
    """What the numbers depend on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "load_average_1min": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def table_of(title: str, results: dict[str, object]) -> Table:
    """One row per figure."""
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in results.items():
        table.add_row(name, f"{value:.3f}" if isinstance(value, float) else str(value))
    return table


def main() -> None:
    console = Console()
    document: dict[str, Any] = {"schema": "lambda-tui/bench@1", "host": host(), "benchmarks": {}}
    for module in benchmarks(sys.argv[1:]):
        results = module.measure()
        document["benchmarks"][module.__name__.rpartition(".")[2]] = results
        console.print(table_of(module.TITLE, results))
        RESULTS.write_text(json.dumps(document, indent=2, default=str) + "\n")
    console.print(f"Written to {RESULTS}.")


if __name__ == "__main__":
    main()
