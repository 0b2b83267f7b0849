"""The question before money is spent."""

from __future__ import annotations

import sys

import click

from lambda_tui.billing import load_prices
from lambda_tui.errors import Interrupted, InvalidInput
from lambda_tui.load.estimate import estimate_spend
from lambda_tui.scenario import Scenario
from lambda_tui.targets import Target
from lambda_tui.targets.functions import is_loopback
from lambda_tui.wording.numbers import format_usd, plural


def confirm_spending(text: str, target: Target, scenario: Scenario, *, yes: bool) -> None:
    """Ask before invoking anything but this machine; `text` is what the user called the target.

    Raises:
        InvalidInput: nobody is there to be asked and `yes` was not given.
        Interrupted: the answer is no.
        TargetError: the target cannot be reached, or refuses.
    """
    if yes or target.kind == "local" or is_loopback(text):
        return
    if not sys.stdin.isatty():
        raise InvalidInput(
            "--yes", f"Running on {text} can cost money and there is no terminal to ask.", hint="Give --yes."
        )
    target.open(lambda line: None)
    deployment = target.prepare(scenario)
    # A function of the user's own has its own memory and timeout, whatever the options say.
    real = scenario.with_changes(memory_mb=deployment.memory_mb, timeout_s=deployment.timeout_s)
    rates = load_prices().rates(deployment.region, deployment.architecture)
    estimate = estimate_spend(real, rates)
    limit = "no spend limit" if scenario.max_usd is None else f"spend limit {format_usd(scenario.max_usd)}"
    count = plural(scenario.planned_invocations, "invocation")
    question = (
        f"{count} of {deployment.function_name} on {target.label} for {format_usd(estimate.low_usd)} "
        f"to at most {format_usd(estimate.high_usd)} ({limit}). Go on?"
    )
    if not click.confirm(question, err=True):
        raise Interrupted("Nothing was invoked.")
