"""Lambda's refusals as one sentence each, for the control plane and the load engine."""

from __future__ import annotations

from lambda_tui.errors import TargetRefused
from lambda_tui.scenario import PAYLOAD_FUNCTION_PREFIX

EMBEDDED_LAMBDA = "the embedded Lambda"
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
BAD_KEYS = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "InvalidClientTokenId",
        "IncompleteSignatureException",
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
    }
)


def refusal(code: str, message: str, function_name: str, where: str) -> TargetRefused:
    """The error for an API error `code` that came with `message`; `where` names the target."""
    if code == "ResourceNotFoundException":
        return _unknown_function(function_name, where)
    if code in EXPIRED:
        return TargetRefused(
            f"The credentials for {where} have expired.",
            hint="Log in again, for example with `aws sso login`.",
        )
    if code in BAD_KEYS:
        return TargetRefused(
            f"The credentials are not accepted by {where}: {message}", hint="Check the keys or the profile."
        )
    if code.startswith("AccessDenied"):
        return TargetRefused(
            f"Access denied on {where}: {message}",
            hint="The identity needs lambda:InvokeFunction and lambda:GetFunctionConfiguration.",
        )
    if message.lstrip().startswith("<"):
        return not_lambda(where, f"a web page ({code})")
    return TargetRefused(f"{where} refused with {code}: {message}")


def not_lambda(where: str, answer: str) -> TargetRefused:
    """The error for an address where something other than Lambda answers."""
    return TargetRefused(
        f"{where} answers with {answer}, not as Lambda does.", hint="Is it the address of a Lambda endpoint?"
    )


def _unknown_function(function_name: str, where: str) -> TargetRefused:
    sentence = f"There is no function called {function_name} on {where}."
    if where != EMBEDDED_LAMBDA:
        hint = "Check the name, the region and the account."
    elif function_name.startswith(PAYLOAD_FUNCTION_PREFIX):
        hint = "It brings the Python payload only: leave --runtime at python."
    else:
        hint = (
            "It starts with the payload alone: create yours on `lambda-tui local serve` and give --target "
            "its address."
        )
    return TargetRefused(sentence, hint=hint)
