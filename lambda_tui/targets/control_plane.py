"""Reads and changes a function's configuration through botocore; each failure becomes one sentence."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambda_tui.errors import TargetError, TargetRefused, TargetUnreachable
from lambda_tui.scenario import Architecture
from lambda_tui.targets.protocol import Credentials
from lambda_tui.targets.refusals import not_lambda, refusal

if TYPE_CHECKING:
    from botocore.session import Session

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 60
UPDATE_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class FunctionConfiguration:
    """A function's configuration."""

    memory_mb: int
    timeout_s: int
    architecture: Architecture
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables."""


class ControlPlane:
    """The two calls a run needs. `where` names the target in sentences."""

    def __init__(
        self, session: Session, *, region: str, endpoint: str | None, keys: Credentials, where: str
    ) -> None:
        from botocore.config import Config  # noqa: PLC0415

        direct: dict[str, Any] = {} if endpoint is None else {"proxies": {}}
        self._where = where
        self.region = region
        with api_errors(where):
            self._client = session.create_client(
                "lambda",
                region_name=region,
                endpoint_url=endpoint,
                aws_access_key_id=keys.access_key_id,
                aws_secret_access_key=keys.secret_access_key,
                aws_session_token=keys.session_token,
                config=Config(
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=READ_TIMEOUT_S,
                    retries={"total_max_attempts": 1},
                    **direct,
                ),
            )

    @property
    def endpoint(self) -> str:
        """The address that calls go to."""
        return str(self._client.meta.endpoint_url)

    def configuration(self, function_name: str, qualifier: str | None) -> FunctionConfiguration:
        """How the function, or that version of it, is configured.

        Raises:
            TargetRefused: unknown function, credentials, permissions.
            TargetUnreachable: no answer.
        """
        with api_errors(self._where, function_name):
            return _configuration(self._read(function_name, qualifier), self._where)

    def reconfigure(
        self, function_name: str, *, memory_mb: int, timeout_s: int, variables: Mapping[str, str]
    ) -> FunctionConfiguration:
        """Change the function and wait until the change is in force; raises like `configuration`."""
        with api_errors(self._where, function_name):
            answer = self._client.update_function_configuration(
                FunctionName=function_name,
                MemorySize=memory_mb,
                Timeout=timeout_s,
                Environment={"Variables": dict(variables)},
            )
            deadline = time.monotonic() + UPDATE_TIMEOUT_S
            while answer.get("LastUpdateStatus") == "InProgress" and time.monotonic() < deadline:
                time.sleep(POLL_INTERVAL_S)
                answer = self._read(function_name, None)
        if answer.get("LastUpdateStatus", "Successful") != "Successful":
            reason = (
                answer.get("LastUpdateStatusReason")
                or f"it is still in progress after {UPDATE_TIMEOUT_S:g} s"
            )
            raise TargetRefused(f"The configuration of {function_name} could not be changed: {reason}.")
        return _configuration(answer, self._where)

    def _read(self, function_name: str, qualifier: str | None) -> Mapping[str, Any]:
        chosen = {"Qualifier": qualifier} if qualifier else {}
        try:
            answer: Mapping[str, Any] = self._client.get_function_configuration(
                FunctionName=function_name, **chosen
            )
        except (
            AttributeError,
            TypeError,
            ValueError,
        ) as error:  # how botocore fails on JSON of another shape
            raise _not_a_configuration(self._where) from error
        return answer


@contextmanager
def api_errors(where: str, function_name: str = "") -> Iterator[None]:
    """Turn botocore's exceptions into this project's."""
    from botocore import exceptions  # noqa: PLC0415

    try:
        yield
    except exceptions.ClientError as error:
        details = error.response.get("Error", {})
        raise refusal(details.get("Code", ""), details.get("Message", ""), function_name, where) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise TargetUnreachable(
            f"{where} cannot be reached: {error}.", hint="Is it running, and the address right?"
        ) from error
    except exceptions.BotoCoreError as error:
        raise TargetError(f"{where}: {error}") from error


def _configuration(answer: Mapping[str, Any], where: str) -> FunctionConfiguration:
    # botocore passes on whatever JSON a server that is not Lambda sends, and nothing for a web page.
    match answer:
        case {"MemorySize": int(memory_mb), "Timeout": int(timeout_s)}:
            architectures = answer.get("Architectures") or ["x86_64"]
            environment = answer.get("Environment") or {}
            variables = environment.get("Variables") or {} if isinstance(environment, Mapping) else {}
            return FunctionConfiguration(memory_mb, timeout_s, architectures[0], variables)
        case _:
            raise _not_a_configuration(where)


def _not_a_configuration(where: str) -> TargetRefused:
    return not_lambda(where, "something other than a function's configuration")
