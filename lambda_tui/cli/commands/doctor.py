"""`lambda-tui doctor`: what this host can enforce, and what is installed, reachable and writable."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import click

from lambda_tui import __version__
from lambda_tui.aws_facts import FULL_VCPU_MB
from lambda_tui.cli.credentials import credentials_report
from lambda_tui.cli.doctor_local import local_lambda_report
from lambda_tui.cli.documents import json_option, wants_table, write_json
from lambda_tui.errors import StorageError
from lambda_tui.folders import config_path, data_path
from lambda_tui.history import HistoryStore
from lambda_tui.wording.tables import aligned

DOCTOR_SCHEMA = "lambda-tui/doctor@1"
PACKAGES = ("textual", "boto3", "botocore", "awslambdaric", "httptools", "uvloop")


@click.command("doctor")
@click.option("--quick", is_flag=True, help="Leave out the two-second measurement of the CPU share.")
@json_option
def command(json_target: str | None, quick: bool) -> None:
    """Look at this host; nothing is sent over the network and no credential is shown."""
    document = {
        "schema": DOCTOR_SCHEMA,
        "versions": _versions(),
        "host": _host(),
        "local_lambda": local_lambda_report(measured=not quick),
        "data": _data(),
        "aws": credentials_report(),
        "terminal": _terminal(),
    }
    if wants_table(json_target):
        click.echo("\n".join(aligned(_rows(document), left=3)))
    else:
        write_json(document, json_target)


def _versions() -> dict[str, str | None]:
    own = {"lambda-tui": __version__, "python": platform.python_version()}
    return {**own, **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _host() -> dict[str, Any]:
    from lambda_tui.local_lambda.sandbox.sandbox import usable_cpus  # noqa: PLC0415

    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": usable_cpus(),
        "largest_faithful_memory_mb": usable_cpus() * FULL_VCPU_MB,
    }


def _data() -> dict[str, Any]:
    problem = None
    try:
        HistoryStore().close()
    except StorageError as error:
        problem = str(error)
    return {
        "data_folder": str(data_path()),
        "config_folder": str(config_path()),
        "writable": problem is None,
        "problem": problem,
    }


def _terminal() -> dict[str, Any]:
    size = shutil.get_terminal_size()
    return {
        "is_terminal": sys.stdout.isatty(),
        "columns": size.columns,
        "lines": size.lines,
        "term": os.environ.get("TERM"),
        "colour": os.environ.get("COLORTERM"),
        "no_color": bool(os.environ.get("NO_COLOR")),
    }


def _rows(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for section, facts in document.items():
        if isinstance(facts, dict):
            for position, (name, value) in enumerate(facts.items()):
                yield section.replace("_", " ") if not position else "", name.replace("_", " "), _word(value)


def _word(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_word, value)) or "–"
    if isinstance(value, dict):
        if set(value) == {"enforcement", "note"}:
            return f"{value['enforcement']}: {value['note']}"
        return ", ".join(f"{name.replace('_', ' ')} {_word(item)}" for name, item in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)
