"""Lambda's error shape: status, code in x-amzn-ErrorType, and a JSON body."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping, Sequence

from lambda_tui.local_lambda.http.httpd import Response

_CAPITAL_MESSAGE = frozenset({"ResourceNotFoundException", "ServiceException"})
"""Shapes whose member is `Message` (botocore's service model); all others say `message`."""


class LambdaApiError(Exception):
    """A refusal that the client of the Invoke API sees as `code`."""

    def __init__(
        self, status: int, code: str, message: str, *, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.reason = reason
        self.retry_after_s = retry_after_s

    def response(self) -> Response:
        """The error as sent over the wire."""
        body = {"Type": "User"} if self.status < 500 else {"Type": "Service"}
        if self.reason:
            body["Reason"] = self.reason
        body["Message" if self.code in _CAPITAL_MESSAGE else "message"] = self.message
        headers = {"x-amzn-ErrorType": self.code}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(math.ceil(self.retry_after_s))
        return json_response(self.status, body, headers)


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response with a new request id."""
    return Response(
        status,
        json.dumps(body).encode(),
        (
            ("Content-Type", "application/json"),
            ("x-amzn-RequestId", str(uuid.uuid4())),
            *(headers or {}).items(),
        ),
    )


def function_not_found(arn: str) -> LambdaApiError:
    return LambdaApiError(404, "ResourceNotFoundException", f"Function not found: {arn}")


def invalid_parameter(message: str) -> LambdaApiError:
    return LambdaApiError(400, "InvalidParameterValueException", message)


def violated(value: object, member: str, constraint: str) -> LambdaApiError:
    """One value that breaks a constraint of the service model, in its wording."""
    return validation_failed([violation(value, member, constraint)])


def violation(value: object, member: str, constraint: str) -> str:
    return f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"


def validation_failed(violations: Sequence[str]) -> LambdaApiError:
    count = f"{len(violations)} validation error{'s' * (len(violations) > 1)} detected"
    return LambdaApiError(400, "ValidationException", f"{count}: {'; '.join(violations)}")


def conflict(message: str) -> LambdaApiError:
    return LambdaApiError(409, "ResourceConflictException", message)


def stale_revision() -> LambdaApiError:
    return LambdaApiError(
        412,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API "
        "to retrieve the latest Revision Id",
    )


def throttled(reason: str, retry_after_s: float = 1.0) -> LambdaApiError:
    """429 as Lambda sends it; `reason` is one of the model's ThrottleReason values."""
    return LambdaApiError(
        429, "TooManyRequestsException", "Rate Exceeded.", reason=reason, retry_after_s=retry_after_s
    )
