"""Why a run ended, from the engine's word to the error the user reads."""

from __future__ import annotations

from lambda_tui.errors import LambdaTuiError, LimitReached, TargetLost, TargetRefused, TargetUnreachable
from lambda_tui.load.limits import End
from lambda_tui.results import Invocation
from lambda_tui.targets.protocol import Deployment
from lambda_tui.targets.refusals import refusal


def error_of_end(
    end: End, deployment: Deployment, *, failed: Invocation | None, count: int
) -> LambdaTuiError | None:
    """The error for the engine's `end`; None when everything planned was done (or the user stopped it, which
    the run knows best). `failed` is the last invocation that failed, if any."""
    name = where(deployment)
    kind, message = end.kind, end.message
    if kind == "limit":
        unanswered = f" {end.abandoned} had not answered and may be billed." if end.abandoned else ""
        return LimitReached(f"{message}{unanswered}", hint=end.hint)
    if kind == "unreachable":
        return TargetUnreachable(
            f"{name} cannot be reached: {message}.", hint="Is it running, and the address right?"
        )
    if kind == "lost":
        why = f" ({message})" if message else ""
        again = "Run again to restart it." if deployment.description.kind == "local" else "Try again later."
        return TargetLost(
            f"{name[0].upper()}{name[1:]} went away after {count} invocations{why}; "
            "what was measured is kept.",
            hint=again,
        )
    if kind == "refused" and failed is not None and failed.error is not None and not message:
        return refusal(failed.error.type, failed.error.message, deployment.function_name, name)
    return TargetRefused(message) if kind == "refused" else None


def where(deployment: Deployment) -> str:
    """The target in words."""
    if deployment.description.kind == "local":
        return "the embedded Lambda"
    if deployment.description.kind == "aws":
        return f"AWS Lambda in {deployment.region}"
    return deployment.endpoint
