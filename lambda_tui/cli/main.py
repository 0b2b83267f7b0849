"""`lambda-tui`: the command group, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from lambda_tui import __version__
from lambda_tui.errors import Interrupted, LambdaTuiError, StorageError

SECTIONS: dict[str, dict[str, str]] = {
    "Measure": {
        "run": "Run one scenario, headless.",
        "report": "Read REPORT lines from stdin, print JSON.",
    },
    "Price": {
        "cost": "Price a usage without invoking anything.",
        "forecast": "Predict duration and cost at sizes not measured.",
        "prices": "Show the prices in use, or update them from AWS.",
    },
    "Keep": {
        "history": "List, show and export recorded runs.",
    },
    "Set up": {
        "local": "The embedded Lambda for any AWS client.",
        "doctor": "What this host can enforce, credentials, versions.",
    },
}
"""Commands by section of the help. `lambda_tui.cli.NAME` holds each one's click command as `command`."""

DEBUG_OPTION = "--debug"
EXIT_INTERRUPTED = Interrupted.exit_code


class LazyGroup(click.Group):
    """Imports only the chosen command's module: `--version` and `cost` need neither pydantic nor Textual."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"lambda_tui.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Explore"):
            formatter.write_dl([("(no command)", "Open the terminal user interface.")])
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "LAMBDA_TUI"},
    epilog="Every option can be set in the environment too: LAMBDA_TUI_TARGET, LAMBDA_TUI_RUN_MEMORY_MB ...",
)
@click.option(
    "--target",
    default="local",
    show_default=True,
    metavar="TARGET",
    help="local, aws, aws:PROFILE, aws:PROFILE/REGION or http://127.0.0.1:PORT.",
)
@click.option(DEBUG_OPTION, is_flag=True, expose_value=False, help="Show the traceback of an error.")
@click.version_option(__version__, message="lambda-tui %(version)s")
@click.pass_context
def cli(ctx: click.Context, target: str) -> None:
    """Explore what concurrency costs on AWS Lambda.

    Without a command, the terminal user interface opens on the embedded local Lambda: no account, no cost.
    """
    ctx.obj = target
    if ctx.invoked_subcommand is None:
        from lambda_tui.cli.explore import explore  # noqa: PLC0415  (Textual only where it is shown)

        ctx.exit(explore(target))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with the contract's exit codes."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG_OPTION in given
    # Accepted anywhere on the line: it is usually added to the end of what just failed.
    sys.exit(exit_code_of([word for word in given if word != DEBUG_OPTION], debug=debug))


def exit_code_of(arguments: list[str], *, debug: bool) -> int:
    """Run one command; what goes wrong is one sentence on stderr, with its traceback only for `debug`."""
    try:
        code = cli.main(arguments, prog_name="lambda-tui", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.Abort:
        return _say("Stopped.", EXIT_INTERRUPTED, debug=debug)
    except click.ClickException as error:
        return _say(f"error: {_usage_sentence(error)}", error.exit_code, debug=debug)
    except LambdaTuiError as error:
        prefix = "" if isinstance(error, Interrupted) else "error: "
        return _say(f"{prefix}{error}", error.exit_code, debug=debug)
    except OSError as error:
        storage = StorageError(f"{error.filename or 'The system'}: {error.strerror or error}.")
        return _say(f"error: {storage}", storage.exit_code, debug=debug)
    except Exception as error:  # noqa: BLE001  (the end of the process: everything else is a bug)
        kind = type(error).__name__
        text = (
            f"error: this is a bug in lambda-tui ({kind}: {error}). Run it again with --debug to see where."
        )
        return _say(text, 1, debug=debug)


def _usage_sentence(error: click.ClickException) -> str:
    sentence = error.format_message()
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "lambda-tui"
    return f"{sentence} See `{path} --help`." if isinstance(error, click.UsageError) else sentence


def _say(text: str, exit_code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    click.echo(text, err=True)
    return exit_code
