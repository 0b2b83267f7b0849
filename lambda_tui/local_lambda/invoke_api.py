"""The Invoke operation: the one hot path, routed directly instead of through the service model."""

from __future__ import annotations

import asyncio
import binascii
import json
import os
import re
import sys
import uuid
from base64 import b64decode, b64encode
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

from lambda_tui.errors import LambdaTuiError
from lambda_tui.local_lambda.api_errors import LambdaApiError, invalid_parameter
from lambda_tui.local_lambda.environment import Invocation, Outcome
from lambda_tui.local_lambda.functions import FunctionConfiguration, FunctionRegistry
from lambda_tui.local_lambda.httpd import Request, Response
from lambda_tui.local_lambda.report import log_tail
from lambda_tui.local_lambda.scheduler import Scheduler

MAX_SYNCHRONOUS_BYTES = 6 * 1024 * 1024
MAX_ASYNCHRONOUS_BYTES = 1024 * 1024
MAX_CLIENT_CONTEXT_BYTES = 3583
"""AWS API reference, Invoke (2025: asynchronous events may have 1 MB)."""

_PREFIX = "/2015-03-31/functions/"
_SUFFIX = "/invocations"
_TRACE_ID = re.compile(r"[A-Za-z0-9=;:_.-]{1,256}")
_WAITING_EVENT_RETRY_S = 1.0


def is_invocation(request: Request) -> bool:
    return request.method == "POST" and request.path.startswith(_PREFIX) and request.path.endswith(_SUFFIX)


def max_event_bytes(request: Request) -> int:
    """The payload limit of the request's invocation type."""
    is_event = request.header("x-amz-invocation-type") == "Event"
    return MAX_ASYNCHRONOUS_BYTES if is_event else MAX_SYNCHRONOUS_BYTES


class InvokeApi:
    """Turns an Invoke request into an invocation, and its outcome into the response."""

    def __init__(self, registry: FunctionRegistry, scheduler: Scheduler) -> None:
        self._registry = registry
        self._scheduler = scheduler
        self._events: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Give up asynchronous invocations that have not ended."""
        for task in self._events:
            task.cancel()

    async def answer(self, request: Request) -> Response:
        """The response to an Invoke request, errors included."""
        try:
            return await self._invoke(request)
        except LambdaApiError as error:
            return error.response()
        except (LambdaTuiError, OSError) as error:
            message = f"No environment could be started: {error}"
            return LambdaApiError(500, "ServiceException", message).response()

    async def _invoke(self, request: Request) -> Response:
        function = self._registry.resolve(
            unquote(request.path[len(_PREFIX) : -len(_SUFFIX)]), _qualifier(request.query)
        )
        invocation = _invocation(request, function)
        kind = request.header("x-amz-invocation-type") or "RequestResponse"
        if kind == "RequestResponse":
            wants_log = _wants_log(request)
            return _response(invocation, await self._scheduler.invoke(invocation), wants_log)
        if kind == "Event":
            task = asyncio.create_task(self._run_event(invocation))
            self._events.add(task)
            task.add_done_callback(self._events.discard)
            return Response(202, b"", _headers(invocation))
        if kind == "DryRun":
            return Response(204, b"", _headers(invocation))
        raise invalid_parameter(f"Unknown invocation type {kind}.")

    async def _run_event(self, invocation: Invocation) -> None:
        """An asynchronous invocation waits while there is no room; its outcome goes nowhere."""
        while True:
            try:
                # The function may have changed while the event waited.
                function = self._registry.resolve(invocation.function.name)
                await self._scheduler.invoke(replace(invocation, function=function))
            except LambdaApiError as error:
                if error.status != HTTPStatus.TOO_MANY_REQUESTS:
                    return
            except (LambdaTuiError, OSError) as error:
                print(f"lambda-tui: an event waits: {error}", file=sys.stderr)
            else:
                return
            await asyncio.sleep(_WAITING_EVENT_RETRY_S)


def _qualifier(query: str) -> str | None:
    return parse_qs(query).get("Qualifier", [None])[0] if query else None


def _invocation(request: Request, function: FunctionConfiguration) -> Invocation:
    if request.body_too_large:
        limit = max_event_bytes(request)
        raise LambdaApiError(
            413,
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
        )
    event = request.body or b"{}"
    try:
        json.loads(event)
    except (ValueError, RecursionError) as error:
        raise LambdaApiError(
            400, "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None
    trace_id = request.header("x-amzn-trace-id") or ""
    return Invocation(
        request_id=str(uuid.uuid4()),
        function=function,
        event=event,
        client_context=_client_context(request.header("x-amz-client-context")),
        trace_id=trace_id if _TRACE_ID.fullmatch(trace_id) else _new_trace_id(),
    )


def _client_context(encoded: str | None) -> str | None:
    """The context as one line of ASCII JSON: it becomes a header of the Runtime API."""
    if not encoded:
        return None
    try:
        if len(encoded) > MAX_CLIENT_CONTEXT_BYTES:
            raise ValueError
        return json.dumps(json.loads(b64decode(encoded, validate=True)))
    except (binascii.Error, ValueError, RecursionError):
        raise LambdaApiError(
            400,
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object "
            f"of at most {MAX_CLIENT_CONTEXT_BYTES} bytes.",
        ) from None


def _new_trace_id() -> str:
    random = os.urandom(24).hex()
    return f"Root=1-{random[:8]}-{random[8:32]};Parent={random[32:48]};Sampled=0"


def _wants_log(request: Request) -> bool:
    log_type = request.header("x-amz-log-type") or "None"
    if log_type not in ("None", "Tail"):
        raise invalid_parameter(f"Unknown log type {log_type}.")
    return log_type == "Tail"


def _headers(invocation: Invocation) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", "application/json"), ("x-amzn-RequestId", invocation.request_id))


def _response(invocation: Invocation, outcome: Outcome, wants_log: bool) -> Response:
    headers = [*_headers(invocation), ("X-Amz-Executed-Version", invocation.function.version)]
    if outcome.function_error is not None:
        headers.append(("X-Amz-Function-Error", outcome.function_error))
    if wants_log:
        headers.append(("X-Amz-Log-Result", b64encode(log_tail(outcome.log)).decode()))
    return Response(200, outcome.payload, tuple(headers))
