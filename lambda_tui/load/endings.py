"""Why a run ended: from the engine's reason to the error the user reads."""

from __future__ import annotations

from decimal import Decimal

from lambda_tui.errors import (
    LambdaTuiError,
    LimitReached,
    TargetError,
    TargetLost,
    TargetRefused,
    TargetUnreachable,
)
from lambda_tui.load.engine.limits import End
from lambda_tui.results import Invocation, Summary
from lambda_tui.scenario import Scenario
from lambda_tui.targets.protocol import Deployment
from lambda_tui.targets.refusals import EMBEDDED_LAMBDA, EXPIRED, refusal
from lambda_tui.wording.numbers import format_usd, plural


def error_of_end(
    end: End,
    deployment: Deployment,
    *,
    failed: Invocation | None,
    count: int,
    not_renewed: TargetError | None = None,
) -> LambdaTuiError | None:
    """The error if the target ended the run; None for every other end. `failed` is the last failed
    invocation, if any; `not_renewed` is why the last renewal of credentials failed."""
    name = where(deployment)
    kind, message = end.kind, end.message
    if kind == "unreachable":
        return TargetUnreachable(
            f"{name} cannot be reached: {message}.", hint="Is it running, and the address right?"
        )
    if kind == "lost":
        return lost_error(deployment, count, message)
    if kind == "refused" and failed is not None and failed.error is not None and not message:
        refused = refusal(failed.error.type, failed.error.message, deployment.function_name, name)
        if failed.error.type in EXPIRED and not_renewed is not None:
            return TargetRefused(f"{refused.message} {not_renewed.message}", hint=not_renewed.hint)
        return refused
    return TargetRefused(message) if kind == "refused" else None


def lost_error(deployment: Deployment, count: int, why: str = "") -> TargetLost:
    """The target went away after `count` invocations."""
    name = where(deployment)
    again = "Run again to restart it." if deployment.description.kind == "local" else "Try again later."
    reason = f" ({why})" if why else ""
    return TargetLost(
        f"{name[0].upper()}{name[1:]} went away after {count} invocations{reason}; "
        "what was measured is kept.",
        hint=again,
    )


def limit_of_end(
    end: End,
    scenario: Scenario,
    summary: Summary,
    *,
    spent_usd: Decimal,
    worst_case_usd: Decimal,
    held_back: int,
    needed_usd: Decimal,
) -> LimitReached | None:
    """The error if a limit ended the run or slowed it; None for every other end. `needed_usd` is the spend
    limit that would not have."""
    unanswered = f" {end.abandoned} had not answered and may be billed." if end.abandoned else ""
    if end.kind == "invocations":
        return LimitReached(f"The limit of {scenario.max_invocations} invocations is reached.{unanswered}")
    if end.kind == "seconds":
        return LimitReached(
            f"The limit of {scenario.max_seconds:g} s is reached after {summary.invocations} invocations."
            f"{unanswered}"
        )
    if end.kind != "usd":
        return held_back_error(scenario, held_back, needed_usd) if held_back else None
    return LimitReached(
        f"The spend limit of ${scenario.max_usd} has no room for another invocation: "
        f"{summary.invocations} cost ${spent_usd:.8f}, and one more could cost ${worst_case_usd:.8f} before "
        f"its timeout.{unanswered}",
        hint="Raise the limit, or lower the function's timeout or its memory.",
    )


def held_back_error(scenario: Scenario, held_back: int, needed_usd: Decimal) -> LimitReached:
    """The run went slower than it was asked to: what it measured is another experiment."""
    return LimitReached(
        f"The spend limit of ${scenario.max_usd} held back {plural(held_back, 'start')}: "
        "the load was lower than asked for.",
        hint=f"Raise the limit to {format_usd(needed_usd)}, or lower the function's timeout or its memory.",
    )


def where(deployment: Deployment) -> str:
    """The target for use in a sentence."""
    if deployment.description.kind == "local":
        return EMBEDDED_LAMBDA
    if deployment.description.kind == "aws":
        return f"AWS Lambda in {deployment.region}"
    return deployment.endpoint
