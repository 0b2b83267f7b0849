"""The question before money is spent."""

from __future__ import annotations

import sys

import click

from lambda_tui.errors import Interrupted, InvalidInput
from lambda_tui.load.consent import consent_for
from lambda_tui.scenario import Scenario
from lambda_tui.targets import Target


def confirm_spending(target: Target, scenario: Scenario, *, yes: bool) -> None:
    """Ask before invoking anything that costs money.

    Raises:
        InvalidInput: nobody can be asked and `yes` was not given.
        Interrupted: the answer is no.
        TargetError: the target cannot be reached, or refuses.
    """
    if yes or not target.costs_money:
        return
    if not sys.stdin.isatty():
        raise InvalidInput(
            "--yes",
            f"Running on {target.label} can cost money and there is no terminal to ask.",
            hint="Give --yes.",
        )
    consent = consent_for(target, [scenario])
    if consent is not None and not click.confirm(f"{consent.doing} {consent.price} Go on?", err=True):
        raise Interrupted("Nothing was invoked.")
