"""The one interface to a Lambda: the embedded one, AWS, any endpoint."""

from __future__ import annotations

from urllib.parse import urlsplit

from lambda_tui.errors import InvalidInput
from lambda_tui.targets.aws import AwsTarget
from lambda_tui.targets.endpoint import EndpointTarget
from lambda_tui.targets.local import LocalTarget
from lambda_tui.targets.protocol import (
    Credentials,
    Deployment,
    Progress,
    Target,
)

__all__ = [
    "AwsTarget",
    "Credentials",
    "Deployment",
    "EndpointTarget",
    "LocalTarget",
    "Progress",
    "Target",
    "parse_target",
]

_FORMS = "Use local, aws, aws:PROFILE, aws:PROFILE/REGION or http://127.0.0.1:PORT."


def parse_target(text: str) -> Target:
    """The target that `--target TEXT` means; nothing is started or reached yet.

    Raises:
        InvalidInput: for anything but the five forms.
    """
    if text == "local":
        return LocalTarget()
    if text == "aws":
        return AwsTarget()
    kind, colon, rest = text.partition(":")
    if kind == "aws" and rest:
        profile, slash, region = rest.partition("/")
        if bool(slash) == bool(region) and "/" not in region:
            return AwsTarget(profile or None, region or None)
    if kind in ("http", "https") and colon:
        return _endpoint(text)
    raise InvalidInput("target", f"target cannot be {text!r}.", hint=_FORMS)


def _endpoint(text: str) -> EndpointTarget:
    try:
        url = urlsplit(text)
        url_is_plain = bool(url.hostname) and url.port != 0 and url.path in ("", "/")
    except ValueError:
        url_is_plain = False
    if not url_is_plain or url.query or url.fragment or url.username is not None:
        raise InvalidInput(
            "target",
            f"target {text!r} is not a plain address.",
            hint="Give http://HOST:PORT and nothing more.",
        )
    return EndpointTarget(text.rstrip("/"))
