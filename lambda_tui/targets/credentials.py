"""The user's AWS profile, region and keys, through botocore's providers; one sentence per failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lambda_tui.errors import TargetRefused, TargetUnreachable
from lambda_tui.targets.protocol import Credentials

if TYPE_CHECKING:
    from botocore.session import Session


def isolated_session() -> Session:
    """A botocore session that reads none of the user's AWS files: a broken profile cannot disturb it."""
    from botocore.session import Session  # noqa: PLC0415

    nowhere = (None, None, os.devnull, None)
    unset = (None, None, None, None)
    return Session(session_vars={"profile": unset, "config_file": nowhere, "credentials_file": nowhere})


def user_session(profile: str | None, where: str, region: str | None = None) -> Session:
    """A botocore session as every AWS tool sees it, in `region` if that is given.

    Raises:
        TargetRefused: unknown profile, or a file that cannot be read.
    """
    from botocore.session import Session  # noqa: PLC0415

    with credential_errors(where):
        session = Session(profile=profile)
        session.get_scoped_config()
        # botocore alone does not know AWS_REGION, and assumes no role without a region.
        chosen = region or os.environ.get("AWS_REGION")
        if chosen:
            session.set_config_variable("region", chosen)
        return session


def configured_region(session: Session) -> str | None:
    """The session's region, from whichever source has it."""
    region: str | None = session.get_config_variable("region")
    return region


def frozen_credentials(session: Session, where: str) -> Credentials:
    """The keys valid now; raises TargetRefused if there are none or a login has expired."""
    with credential_errors(where):
        credentials = session.get_credentials()
        keys = None if credentials is None else credentials.get_frozen_credentials()
    if keys is None or not keys.access_key or not keys.secret_key:
        raise TargetRefused(
            f"No credentials were found for {where}.",
            hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or run `aws configure`.",
        )
    return Credentials(keys.access_key, keys.secret_key, keys.token)


@contextmanager
def credential_errors(where: str) -> Iterator[None]:
    """Turn what botocore's credential providers raise into this project's errors."""
    from botocore import exceptions  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    try:
        yield
    except exceptions.ProfileNotFound as error:
        raise TargetRefused(f"{error}.", hint="`aws configure list-profiles` lists the profiles.") from error
    except (exceptions.SSOError, exceptions.TokenRetrievalError) as error:
        raise TargetRefused(
            f"The login for {where} is not valid: {error}", hint="Run `aws sso login`."
        ) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise TargetUnreachable(f"The credential service for {where} cannot be reached: {error}.") from error
    except exceptions.ClientError as error:
        details = error.response.get("Error", {})
        raise _not_fetched(
            where, f"{details.get('Message') or 'no reason given'} ({details.get('Code')})"
        ) from error
    except KeyError as error:
        raise _not_fetched(where, f"the answer has no {error}") from error
    except ResponseParserError as error:
        raise _not_fetched(where, "the answer is not from a credential service") from error
    # The providers pass on errors from parsing a service's answer or a file.
    except (exceptions.BotoCoreError, RuntimeError, ValueError, TypeError, OSError) as error:
        raise _not_fetched(where, str(error)) from error


def _not_fetched(where: str, why: str) -> TargetRefused:
    return TargetRefused(
        f"The credentials for {where} could not be fetched: {why.rstrip('.')}.",
        hint="Check the profile; `lambda-tui doctor` shows which one is used and how it is configured.",
    )
