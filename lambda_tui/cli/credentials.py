"""Whether there are AWS credentials: only this machine is searched, and they are never shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session

LOCAL_PROVIDERS = ("env", "shared-credentials-file", "config-file")
"""botocore's providers that only read variables and files; the others call out or run programs."""

REMOTE_SETTINGS = {
    "role_arn": "assumed role",
    "sso_session": "SSO",
    "sso_start_url": "SSO",
    "credential_process": "credential process",
    "web_identity_token_file": "web identity",
}
REMOTE_VARIABLES = {
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "container role",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "container role",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "web identity",
}


def credentials_report() -> dict[str, Any]:
    """Profile, region, and where credentials are or how they would be fetched."""
    import botocore.session  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    session = botocore.session.Session()
    try:
        source = _source(session)
        problem = None
    except BotoCoreError as error:
        source, problem = None, str(error)
    return {
        "credentials_present": source is not None,
        "credentials_source": source,
        "profile": session.profile,
        "region": None if problem else session.get_config_variable("region"),
        "problem": problem,
    }


def _source(session: Session) -> str | None:
    resolver = session.get_component("credential_provider")
    for name in LOCAL_PROVIDERS:
        if resolver.get_provider(name).load() is not None:
            return name
    settings = session.get_scoped_config()
    sources = [text for name, text in REMOTE_SETTINGS.items() if name in settings]
    sources += [text for name, text in REMOTE_VARIABLES.items() if os.environ.get(name)]
    return f"{sources[0]} (not tried)" if sources else None
