"""Invoke and InvokeWithResponseStream: the only hot path, routed directly, not through the service model.

Besides Lambda's own headers, a response has some that AWS does not send, about what the host did:
X-Lambda-Tui-Environment-Id: which environment ran it (also the end of its log stream's name);
X-Lambda-Tui-Cpu-Ms: CPU time of all its processes in this invocation, without INIT;
X-Lambda-Tui-Throttled-Periods, -Throttled-Ms: how many periods of 20 ms the CPU quota cut short, and how
long its threads waited for it, summed over the host's CPUs; both 0 where no control group enforces it.
"""

from __future__ import annotations

import binascii
import json
import os
import re
import time
from base64 import b64decode, b64encode
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qs, unquote

from lambda_tui.errors import LambdaTuiError
from lambda_tui.local_lambda.api.response_stream import CONTENT_TYPE, stream_body
from lambda_tui.local_lambda.environment.environment import Invocation, Outcome
from lambda_tui.local_lambda.environment.report import log_tail
from lambda_tui.local_lambda.functions.registry import FunctionRegistry, Resolved
from lambda_tui.local_lambda.http.errors import LambdaApiError, invalid_parameter, violated
from lambda_tui.local_lambda.http.httpd import Answer, Later, Request, Response
from lambda_tui.local_lambda.scheduling.events import EventQueue
from lambda_tui.local_lambda.scheduling.scheduler import Scheduler

MAX_SYNCHRONOUS_BYTES = 6 * 1024 * 1024
MAX_ASYNCHRONOUS_BYTES = 1024 * 1024
MAX_CLIENT_CONTEXT_BYTES = 3583
"""AWS API reference, Invoke (2025: asynchronous events may have 1 MB)."""

_PATH = re.compile(
    r"/2015-03-31/functions/(.+)/invocations|/2021-11-15/functions/(.+)/response-streaming-invocations",
    re.DOTALL,
)
_UNSUPPORTED = {"x-amz-tenant-id": "TenantId", "x-amz-durable-execution-name": "DurableExecutionName"}
_TRACE_ID = re.compile(r"[A-Za-z0-9=;:_.-]{1,256}")


def is_invocation(request: Request) -> bool:
    return request.method == "POST" and _route(request.path) is not None


def max_event_bytes(request: Request) -> int:
    """The payload limit of the request's invocation type."""
    is_event = request.header("x-amz-invocation-type") == "Event"
    return MAX_ASYNCHRONOUS_BYTES if is_event else MAX_SYNCHRONOUS_BYTES


class InvokeApi:
    """Turns an Invoke request into an invocation, and its outcome into the response."""

    def __init__(self, registry: FunctionRegistry, scheduler: Scheduler, events: EventQueue) -> None:
        self._registry = registry
        self._scheduler = scheduler
        self._events = events

    def answer(self, request: Request) -> Answer:
        """The response to an Invoke request.

        Raises:
            LambdaApiError: it is refused.
        """
        route = _route(request.path)
        assert route is not None
        qualifier, (name, streams) = _qualifier(request.query), route
        invocation = _invocation(request, self._registry.resolve_for_invoke(name, qualifier))
        kind = request.header("x-amz-invocation-type") or "RequestResponse"
        if kind == "RequestResponse":
            return self._answer_later(invocation, _wants_log(request), streams)
        if kind == "Event" and not streams:

            def prepare() -> Invocation:
                resolved = self._registry.resolve_for_invoke(name, qualifier)
                return replace(invocation, function=resolved.configuration)

            self._events.put(prepare)
            return Response(202, b"", _headers(invocation))
        if kind == "DryRun":
            return Response(204, b"", _headers(invocation))
        known = "[RequestResponse, DryRun]" if streams else "[Event, RequestResponse, DryRun]"
        raise violated(kind, "invocationType", f"Member must satisfy enum value set: {known}")

    def _answer_later(self, invocation: Invocation, wants_log: bool, streams: bool) -> Later:
        later = Later()

        def failed(error: BaseException) -> None:
            foreseen = isinstance(error, LambdaTuiError | OSError)
            message = f"No environment could be started: {error}" if foreseen else f"A fault: {error!r}"
            later.send(LambdaApiError(500, "ServiceException", message).response())

        respond = _stream if streams else _response
        self._scheduler.start(
            invocation, lambda outcome: later.send(respond(invocation, outcome, wants_log)), failed
        )
        return later


@lru_cache(maxsize=1024)
def _route(path: str) -> tuple[str, bool] | None:
    """The name in the path of an Invoke, and whether to stream the response; None for other paths."""
    match = _PATH.fullmatch(path)
    return match and (unquote(match[match.lastindex or 1]), match.lastindex == 2)


def _qualifier(query: str) -> str | None:
    return parse_qs(query).get("Qualifier", [None])[0] if query else None


def _invocation(request: Request, target: Resolved) -> Invocation:
    if request.body_too_large:
        limit = max_event_bytes(request)
        raise LambdaApiError(
            413,
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
        )
    event = request.body or b"{}"
    try:
        json.loads(event.decode())
    except (ValueError, RecursionError) as error:
        raise LambdaApiError(
            400, "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None
    for header, parameter in _UNSUPPORTED.items():
        if request.header(header) is not None:
            raise invalid_parameter(f"The invoked function does not support {parameter}.")
    trace_id = request.header("x-amzn-trace-id")
    return Invocation(
        request_id=_new_request_id(),
        function=target.configuration,
        event=event,
        client_context=_client_context(request.header("x-amz-client-context")),
        trace_id=trace_id if trace_id and _TRACE_ID.fullmatch(trace_id) else _new_trace_id(),
        arn=target.arn,
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


def _new_request_id() -> str:
    """A random UUID (version 4); the uuid module takes three times as long."""
    random = os.urandom(16).hex()
    return f"{random[:8]}-{random[8:12]}-4{random[13:16]}-a{random[17:20]}-{random[20:]}"


def _new_trace_id() -> str:
    """As X-Ray documents it: it contains the seconds since 1970."""
    random = os.urandom(20).hex()
    return f"Root=1-{int(time.time()):08x}-{random[:24]};Parent={random[24:]};Sampled=0"


def _wants_log(request: Request) -> bool:
    log_type = request.header("x-amz-log-type") or "None"
    if log_type not in ("None", "Tail"):
        raise violated(log_type, "logType", "Member must satisfy enum value set: [None, Tail]")
    return log_type == "Tail"


def _headers(invocation: Invocation, content_type: str = "application/json") -> tuple[tuple[str, str], ...]:
    return (("Content-Type", content_type), ("x-amzn-RequestId", invocation.request_id))


def _figures(invocation: Invocation, outcome: Outcome) -> tuple[tuple[str, str], ...]:
    return (
        ("X-Amz-Executed-Version", invocation.function.version),
        ("X-Lambda-Tui-Environment-Id", outcome.environment_id),
        ("X-Lambda-Tui-Cpu-Ms", f"{outcome.cpu.cpu_ms:.3f}"),
        ("X-Lambda-Tui-Throttled-Periods", str(outcome.cpu.throttled_periods)),
        ("X-Lambda-Tui-Throttled-Ms", f"{outcome.cpu.throttled_ms:.3f}"),
    )


def _response(invocation: Invocation, outcome: Outcome, wants_log: bool) -> Response:
    headers = [*_headers(invocation), *_figures(invocation, outcome)]
    if outcome.function_error is not None:
        headers.append(("X-Amz-Function-Error", outcome.function_error))
    if wants_log:
        headers.append(("X-Amz-Log-Result", b64encode(log_tail(outcome.log)).decode()))
    return Response(200, outcome.payload, tuple(headers))


def _stream(invocation: Invocation, outcome: Outcome, wants_log: bool) -> Response:
    headers = (*_headers(invocation, CONTENT_TYPE), *_figures(invocation, outcome))
    return Response(200, stream_body(outcome, wants_log=wants_log), headers)
