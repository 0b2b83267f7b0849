"""The Runtime API of one environment: what a Lambda runtime client calls to get work and to answer it.

AWS documentation: "Using the Lambda runtime API for custom runtimes". The port identifies the
environment, because clients accept only host:port in AWS_LAMBDA_RUNTIME_API.
"""

from __future__ import annotations

import json
from typing import Protocol

from lambda_tui.local_lambda.http.authentication import refuse_stranger
from lambda_tui.local_lambda.http.httpd import Answer, HttpServer, Later, Request, Response

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100
"""The runtime may answer with slightly more than 6 MB (aws-lambda-runtime-interface-emulator)."""

_PREFIX = "/2018-06-01/runtime/"
_JSON = (("Content-Type", "application/json"),)


class RuntimeRefusal(Exception):
    """The runtime client may not do this now; `error_type` is the Runtime API's name for the reason."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type

    def response(self) -> Response:
        body = {"errorType": self.error_type, "errorMessage": str(self)}
        return Response(self.status, json.dumps(body).encode(), _JSON)


class RuntimeEvents(Protocol):
    """How the environment handles the calls; each may raise RuntimeRefusal."""

    def asked_next(self) -> Later: ...
    def answered(self, request_id: str, payload: bytes) -> None: ...
    def failed(self, request_id: str, payload: bytes, error_type: str) -> None: ...
    def failed_init(self, payload: bytes, error_type: str) -> None: ...
    def acknowledged(self) -> None:
        """The runtime is being notified that its answer was accepted."""


class RuntimeApi:
    """The listener of one environment."""

    def __init__(self, events: RuntimeEvents) -> None:
        self._events = events
        self._accepted = Response(202, b'{"status":"OK"}\n', _JSON, events.acknowledged)
        self._server = HttpServer(
            self._answer,
            lambda request: refuse_stranger(request, self._server.port),
            lambda _: MAX_RESPONSE_BYTES,
            lambda request: request.method == "GET",
        )

    async def start(self) -> None:
        """Listen on a free loopback port; raises OSError if there is none."""
        await self._server.start()

    @property
    def address(self) -> str:
        """For AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.port}"

    def close(self) -> None:
        self._server.close()

    def _answer(self, request: Request) -> Answer:
        try:
            return self._route(request)
        except RuntimeRefusal as refusal:
            return refusal.response()

    def _route(self, request: Request) -> Answer:
        method, parts = request.method, request.path.removeprefix(_PREFIX).split("/")
        match (method, parts) if request.path.startswith(_PREFIX) else ("", []):
            case "GET", ["invocation", "next"]:
                return self._events.asked_next()
            case "POST", ["invocation", request_id, "response"]:
                self._respond(request_id, request)
            case "POST", ["invocation", request_id, "error"]:
                self._events.failed(request_id, request.body, _error_type(request))
            case "POST", ["init", "error"]:
                self._events.failed_init(request.body, _error_type(request))
            case _:
                raise RuntimeRefusal(404, "InvalidResource", f"There is no {method} {request.path}.")
        return self._accepted

    def _respond(self, request_id: str, request: Request) -> None:
        if not request.body_too_large:
            self._events.answered(request_id, request.body)
            return
        refusal = RuntimeRefusal(
            413,
            "Function.ResponseSizeTooLarge",
            f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).",
        )
        self._events.failed(request_id, refusal.response().body, refusal.error_type)
        raise refusal


def _error_type(request: Request) -> str:
    return request.header("lambda-runtime-function-error-type") or "Runtime.Unknown"
