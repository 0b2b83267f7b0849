"""The options that make a scenario, shared by every command that runs one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from lambda_tui.aws_facts import MAX_MEMORY_MB, MIN_MEMORY_MB
from lambda_tui.errors import InvalidInput
from lambda_tui.scenario import (
    CONCURRENCY_MODELS,
    Architecture,
    Runtime,
    Scenario,
    WorkloadKind,
    parse_scenario,
)
from lambda_tui.scenario.choices import Arrivals, Operation

_Command = TypeVar("_Command", bound=Callable[..., Any])
_DEFAULTS = {field.name: field.default for field in fields(Scenario)}


def _option(flag: str, field: str, kind: Any, text: str, metavar: str | None = None) -> Any:
    default = _DEFAULTS[field]
    shown = "" if default is None or default == "" else f"  [default: {default}]"
    return click.option(flag, field, type=kind, metavar=metavar, help=f"{text}{shown}")


def _choice(values: Any) -> click.Choice[str]:
    return click.Choice(values)


WORKLOAD_OPTIONS = (
    _option("--workload", "workload", _choice(get_args(WorkloadKind)), "What one task does."),
    _option("--tasks", "tasks", int, "Tasks in one invocation.", "N"),
    _option("--task-ms", "task_ms", float, "Latency of a sleep or http task, in ms.", "MS"),
    _option("--work", "work", int, "CPU work units of a sha256, primes or mixed task.", "N"),
    _option("--url", "url", str, "What http fetches, instead of the latency server.", "URL"),
    _option("--operation", "operation", _choice(get_args(Operation)), "What dynamodb or sqs does."),
    _option("--concurrency", "concurrency", _choice(CONCURRENCY_MODELS), "How an invocation runs its tasks."),
    _option("--workers", "workers", int, "Threads, processes or coroutines at the same time.", "N"),
)
FUNCTION_OPTIONS = (
    _option("--memory", "memory_mb", int, f"Memory size in MB, {MIN_MEMORY_MB} to {MAX_MEMORY_MB}.", "MB"),
    _option("--architecture", "architecture", _choice(get_args(Architecture)), "Processor architecture."),
    _option("--runtime", "runtime", _choice(get_args(Runtime)), "Language of the payload function."),
    _option("--function", "function", str, "Your own function instead.", "NAME[:QUALIFIER]"),
    _option("--payload", "payload", str, "Event for your own function.", "JSON|@FILE"),
    _option("--timeout", "timeout_s", int, "Function timeout in seconds.", "S"),
    _option("--init", "init", _choice(("eager", "lazy")), "Load what the workload needs at INIT, or late."),
)
LOAD_OPTIONS = (
    _option("--invocations", "invocations", int, "Closed loop: invocations in total.", "N"),
    _option("--callers", "callers", int, "Closed loop: callers, each waiting for its answer.", "C"),
    _option("--rate", "rate", float, "Open loop: invocations started per second.", "R"),
    _option("--seconds", "seconds", float, "Open loop: for how long.", "S"),
    _option("--arrivals", "arrivals", _choice(get_args(Arrivals)), "Open loop: how starts are spread."),
    click.option("--cold", is_flag=True, default=None, help="Force a new environment for each invocation."),
    _option("--warmup", "warmup", int, "Warm-up invocations: billed, but not measured.", "N"),
    _option("--seed", "seed", int, "Seed of the random numbers.", "N"),
)
LIMIT_OPTIONS = (
    _option("--max-usd", "max_usd", str, "Stop before more than this is spent; 0 for no limit.", "USD"),
    _option("--max-invocations", "max_invocations", int, "Stop after this many.", "N"),
    _option("--max-seconds", "max_seconds", float, "Stop after this time.", "S"),
    click.option(
        "--slo",
        multiple=True,
        metavar="EXPR",
        help="An objective such as 'p95<500ms', 'errors<1%' or 'usd_per_million<5'; may be repeated.",
    ),
    _option("--name", "name", str, "A name to find the run by.", "TEXT"),
)


def scenario_options(command: _Command) -> _Command:
    """Add every option of the contract's "Scenario options" except those for output."""
    for option in reversed((*WORKLOAD_OPTIONS, *FUNCTION_OPTIONS, *LOAD_OPTIONS, *LIMIT_OPTIONS)):
        command = option(command)
    return command


FLAGS = {"memory_mb": "--memory", "timeout_s": "--timeout"}
"""Fields whose option is not the field's name with dashes."""


def scenario_from(given: Mapping[str, Any]) -> Scenario:
    """The scenario given by the options; the others keep the scenario's defaults.

    Raises:
        InvalidInput: naming the option.
    """
    values = {name: value for name, value in given.items() if value is not None}
    if "payload" in values:
        values["payload"] = _payload(values["payload"])
    if values.get("max_usd") == "0":
        values["max_usd"] = None
    try:
        return parse_scenario(values)
    except InvalidInput as error:
        flag = FLAGS.get(error.field, f"--{error.field.replace('_', '-')}")
        rest = error.message.removeprefix(error.field)
        message = f"{flag}{rest}" if rest != error.message else error.message
        raise InvalidInput(flag, message, hint=error.hint) from None


def _payload(text: str) -> Any:
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput("--payload", f"--payload {text} cannot be read: {error}.") from None
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput("--payload", f"--payload is not valid JSON: {error}.") from None
