"""The command group: every command's name and help line, and click's errors in our own words."""

from __future__ import annotations

from importlib import import_module

import click

from lambda_tui import __version__
from lambda_tui.cli import DEBUG_OPTION
from lambda_tui.errors import Interrupted, InvalidInput, StorageError

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
"""Commands by section of the help; the module `lambda_tui.cli.commands.NAME` has each one as `command`."""


class LazyGroup(click.Group):
    """Imports only the chosen command's module: `--version` and `cost` need neither pydantic nor Textual."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"lambda_tui.cli.commands.{cmd_name}").command
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


def run_command(arguments: list[str]) -> int:
    """Run the command that the arguments name and return its exit code.

    Raises:
        InvalidInput: there is no such command or option, or an option cannot have that value.
        Interrupted: by Ctrl-C.
        StorageError: a file that an option names cannot be used.
    """
    try:
        code = cli.main(arguments, prog_name="lambda-tui", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.Abort as error:
        raise Interrupted("Stopped.") from error
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "lambda-tui"
        message = error.format_message().rstrip(".") + "."
        raise InvalidInput("arguments", message, hint=f"See `{path} --help`.") from error
    except click.ClickException as error:
        raise StorageError(error.format_message()) from error
    return code if isinstance(code, int) else 0
