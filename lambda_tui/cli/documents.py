"""Documents in and out of commands: JSON to a file or stdout, a document from a file or stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from lambda_tui.cli.output import open_output
from lambda_tui.errors import InvalidInput

_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """`--json`, `--json -` (stdout) or `--json FILE`; otherwise a terminal gets a table, a pipe JSON."""
    return click.option(
        "--json",
        "json_target",
        is_flag=False,
        flag_value="-",
        metavar="[FILE|-]",
        help="The JSON document, to stdout or a file. Output that is not a terminal is JSON anyway.",
    )(command)


def wants_table(json_target: str | None) -> bool:
    """True if JSON was not asked for and stdout is a terminal."""
    return json_target is None and sys.stdout.isatty()


def write_json(document: Any, json_target: str | None) -> None:
    """Print the document, or write it to the named file.

    Raises:
        StorageError: the file cannot be written.
    """
    with open_output(json_target or "-") as out:
        out.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(source: str, *, field: str) -> Any:
    """Read a JSON document from a file, or from stdin for `-`; numbers keep their decimal digits.

    Raises:
        InvalidInput: the file cannot be read or is not JSON; `field` names the option.
    """
    from decimal import Decimal  # noqa: PLC0415  (keeps `--help` quick)

    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise InvalidInput(field, f"{field}: {source} cannot be read: {error.strerror}.") from None
    try:
        return json.loads(
            raw.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_refuse_twice,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidInput(field, f"{field}: {source} is not valid JSON: {error}.") from None


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON lets a key come twice, and readers take either value: nobody could say which one was meant."""
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} comes twice")
    return document


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
