"""Errors, exit codes and the help."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import click
import pytest

import lambda_tui
from lambda_tui.cli.group import SECTIONS, cli
from lambda_tui.cli.main import exit_code_of
from lambda_tui.errors import InvalidInput, LambdaTuiError, SloMissed, TargetUnreachable
from tests.cli.program import COMMAND, Program


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes a command `fail` that raises."""

    def install(error: BaseException) -> None:
        @click.command("fail")
        def command() -> None:
            raise error

        module = ModuleType("lambda_tui.cli.commands.fail")
        module.command = command  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(SECTIONS["Measure"], "fail", "")

    return install


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (InvalidInput("tasks", "Tasks cannot be 0.", hint="Use 1."), 2, "error: Tasks cannot be 0. Use 1.\n"),
        (TargetUnreachable("Nothing answers."), 3, "error: Nothing answers.\n"),
        (SloMissed("Not met."), 4, "error: Not met.\n"),
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "error: /x: Permission denied.\n"),
    ],
)
def test_a_foreseeable_failure_is_one_sentence(
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
    error: LambdaTuiError,
    code: int,
    sentence: str,
) -> None:
    failing(error)
    assert exit_code_of(["fail"], debug=False) == code
    assert capsys.readouterr() == ("", sentence)


def test_debug_shows_the_traceback(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(TargetUnreachable("Nothing answers."))
    assert exit_code_of(["fail"], debug=True) == 3
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert shown.endswith("error: Nothing answers.\n")


def test_a_bug_is_reported_as_one(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ZeroDivisionError("division by zero"))
    assert exit_code_of(["fail"], debug=False) == 1
    shown = capsys.readouterr().err
    assert "bug in lambda-tui (ZeroDivisionError: division by zero)" in shown
    assert "--debug" in shown
    assert "Traceback" not in shown


def test_the_help_groups_every_command_and_each_one_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["--help"], debug=False) == 0
    shown = capsys.readouterr().out
    order = [shown.index(f"\n{title}:") for title in ("Explore", *SECTIONS)]
    assert order == sorted(order)
    for name in cli.list_commands(click.Context(cli)):
        assert f"\n  {name} " in shown
        assert exit_code_of([name, "--help"], debug=False) == 0
        assert f"lambda-tui {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["history", "local", "prices"])
def test_a_group_without_its_command_shows_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of([name], debug=False) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"Usage: lambda-tui {name} ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "No such command 'frobnicate'. See `lambda-tui --help`."),
        (["run", "--memory", "lots"], "'lots' is not a valid integer. See `lambda-tui run --help`."),
        (["run", "--memory", "64"], "--memory cannot be 64: it must be at least 128."),
        (["run", "--tasks", "0"], "--tasks cannot be 0: it must be at least 1."),
        (["run", "--rate", "5"], "Rate and seconds belong together: give --rate R and --seconds S."),
        (["report", "file"], "Got unexpected extra argument (file). See `lambda-tui report --help`."),
        (["run", "--max-usd", "plenty"], "--max-usd cannot be 'plenty': it must be a number."),
        (["run", "--function", "f", "--payload", "{"], "--payload is not valid JSON"),
        (
            ["run", "--function", "f", "--payload", "@/no/such/file"],
            "--payload @/no/such/file cannot be read",
        ),
        (["run", "--slo", "p95<1%"], "--slo cannot be 'p95<1%'."),
        (["run", "--json", "-", "--csv", "-"], "--json and --csv cannot both go to stdout."),
        (["run", "--target", "mars"], "target cannot be 'mars'. Use local, aws"),
        (["--target", "mars", "run"], "target cannot be 'mars'."),
        (
            ["run", "--target", "aws"],
            "Running on aws can cost money and there is no terminal to ask. Give --yes.",
        ),
        (
            ["run", "--target", "http://192.0.2.1:80"],
            "Running on http://192.0.2.1:80 · us-east-1 can cost money",
        ),
        (["history", "show", "nothing"], "There is no run 'nothing'."),
        (["history", "show"], "No run has been recorded yet."),
        ([], "The interface needs a terminal."),
    ],
)
def test_a_usage_error_says_what_to_do_and_exits_with_2(
    program: Program,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", str(program.data))
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert exit_code_of(arguments, debug=False) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert words in shown.err
    assert shown.err.count("\n") == 1


def test_the_process_exits_with_the_code_and_prints_its_version(program: Program) -> None:
    assert program("--version").stdout == f"lambda-tui {lambda_tui.__version__}\n"
    refused = program("run", "--memory", "1", "--debug")
    assert refused.returncode == 2
    assert "Traceback" in refused.stderr
    assert "Traceback" not in program("run", "--memory", "1").stderr


def test_options_come_from_the_environment_too(program: Program) -> None:
    refused = Program(program.data, {"LAMBDA_TUI_RUN_MEMORY_MB": "1"})("run")
    assert refused.returncode == 2
    assert "--memory cannot be 1" in refused.stderr
    refused = Program(program.data, {"LAMBDA_TUI_TARGET": "venus"})("run")
    assert "target cannot be 'venus'" in refused.stderr


def test_a_reader_that_leaves_early_is_no_error(program: Program) -> None:
    lines = "REPORT RequestId: a\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\t\n" * 5000
    with subprocess.Popen(
        [*COMMAND, "report"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=program.environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        try:
            process.stdin.write(lines.encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == b""


def test_a_wrong_target_is_refused_before_the_interface_opens(program: Program) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*COMMAND, "--target", "mars"],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env=program.environment,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert "target cannot be 'mars'" in done.stderr
