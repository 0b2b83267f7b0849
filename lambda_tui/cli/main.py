"""`lambda-tui`: the entry point, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from lambda_tui.cli import DEBUG_OPTION
from lambda_tui.errors import Interrupted, LambdaTuiError, StorageError


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with the contract's exit codes."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG_OPTION in given
    # Accepted anywhere on the line: it is usually appended to a command that just failed.
    sys.exit(exit_code_of([word for word in given if word != DEBUG_OPTION], debug=debug))


def exit_code_of(arguments: list[str], *, debug: bool) -> int:
    """Run one command; an error is one sentence on stderr, with its traceback only for `debug`."""
    try:
        return _run(arguments)
    except LambdaTuiError as error:
        prefix = "" if isinstance(error, Interrupted) else "error: "
        return _say(f"{prefix}{error}", error.exit_code, debug=debug)
    except KeyboardInterrupt:
        return _say("Stopped.", Interrupted.exit_code, debug=debug)
    except OSError as error:
        storage = StorageError(f"{error.filename or 'The system'}: {error.strerror or error}.")
        return _say(f"error: {storage}", storage.exit_code, debug=debug)
    except Exception as error:  # noqa: BLE001  (the end of the process: everything else is a bug)
        kind = type(error).__name__
        text = (
            f"error: this is a bug in lambda-tui ({kind}: {error}). Run it again with --debug to see where."
        )
        return _say(text, 1, debug=debug)


def _run(arguments: list[str]) -> int:
    # The most common call avoids click, which takes 25 ms; shell completion needs click.
    if not arguments and "_LAMBDA_TUI_COMPLETE" not in os.environ:
        from lambda_tui.cli.explore import explore  # noqa: PLC0415

        return explore(os.environ.get("LAMBDA_TUI_TARGET") or "local")
    from lambda_tui.cli.group import run_command  # noqa: PLC0415

    return run_command(arguments)


def _say(text: str, exit_code: int, *, debug: bool) -> int:
    if debug:
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    print(text, file=sys.stderr)
    return exit_code
