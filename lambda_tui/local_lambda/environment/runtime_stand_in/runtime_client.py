"""In place of awslambdaric's C extension `runtime_client`, which has no macOS build: the same four functions.

Run as a program, ``runtime_client.py HANDLER``, it is a whole runtime, for hosts without awslambdaric.
Protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from types import SimpleNamespace
from typing import Any

_ROOT = "/2018-06-01/runtime"
_HEADERS = (
    "Lambda-Runtime-Aws-Request-Id",
    "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Invoked-Function-Arn",
    "Lambda-Runtime-Client-Context",
    "Lambda-Runtime-Cognito-Identity",
    "Lambda-Runtime-Aws-Tenant-Id",
    "Lambda-Runtime-Invocation-Id",
    "Content-Type",
)


class _Client:
    """One kept-alive connection to the Runtime API."""

    def __init__(self) -> None:
        self._connection = HTTPConnection(os.environ.get("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"))
        self.user_agent = "lambda-tui"

    def exchange(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        self._connection.request(
            method, _ROOT + path, body, {"User-Agent": self.user_agent, **(headers or {})}
        )
        response = self._connection.getresponse()
        return response, response.read()

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        response, answer = self.exchange("POST", path, body, headers)
        if response.status != 202:
            raise RuntimeError(f"Failed to post to {path}: {response.status} {answer.decode()}")


_client = _Client()


def initialize_client(user_agent: str) -> None:
    """Set the client's name."""
    _client.user_agent = user_agent


def next() -> tuple[bytes, dict[str, Any]]:  # noqa: A001 - the extension's name
    """Wait for the next event; return it and its headers. Raises RuntimeError if there is none."""
    response, body = _client.exchange("GET", "/invocation/next")
    if response.status != 200:
        raise RuntimeError(f"Failed to get next: {response.status}")
    deadline_ms = int(response.headers.get("Lambda-Runtime-Deadline-Ms", 0))
    return body, {
        **{name: response.headers.get(name) for name in _HEADERS},
        "Lambda-Runtime-Deadline-Ms": deadline_ms,
    }


def post_invocation_result(
    invoke_id: str, result: bytes, content_type: str, _invocation_id: str | None = None
) -> None:
    """Answer an event. Raises RuntimeError if the answer is not accepted."""
    _client.post(f"/invocation/{invoke_id}/response", result, {"Content-Type": content_type})


def post_error(invoke_id: str, error: str, _xray_fault: str, _invocation_id: str | None = None) -> None:
    """Answer an event with an error in JSON. Raises RuntimeError if it is not accepted."""
    _post_error(f"/invocation/{invoke_id}/error", json.loads(error))


def _post_error(path: str, error: dict[str, Any]) -> None:
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Function-Error-Type": error.get("errorType", ""),
    }
    _client.post(path, json.dumps(error).encode(), headers)


class _InitFailure(Exception):
    """The handler cannot be found; `error_type` is Lambda's name for the reason."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class _Context(SimpleNamespace):
    """The handler's second argument."""

    deadline_ms: int

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self.deadline_ms - int(time.time() * 1000))


def _context(headers: dict[str, Any]) -> _Context:
    environ = os.environ
    client_context = headers["Lambda-Runtime-Client-Context"]
    return _Context(
        aws_request_id=headers["Lambda-Runtime-Aws-Request-Id"],
        invoked_function_arn=headers["Lambda-Runtime-Invoked-Function-Arn"],
        deadline_ms=headers["Lambda-Runtime-Deadline-Ms"],
        function_name=environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        function_version=environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
        memory_limit_in_mb=environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        log_group_name=environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
        log_stream_name=environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
        client_context=_client_context(json.loads(client_context)) if client_context else None,
        identity=SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None),
    )


def _client_context(sent: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(custom=sent.get("custom"), env=sent.get("env"), client=sent.get("client"))


def _handler(name: str) -> Callable[[Any, _Context], Any]:
    module_name, _, function_name = name.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise _InitFailure(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        raise _InitFailure(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
        ) from error
    try:
        handler: Callable[[Any, _Context], Any] = getattr(module, function_name)
    except AttributeError as error:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise _InitFailure("Runtime.HandlerNotFound", message) from error
    return handler


def _described(error: BaseException, request_id: str) -> dict[str, Any]:
    """The error as Lambda reports it; also written to the log."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    error_type = error.error_type if isinstance(error, _InitFailure) else type(error).__name__
    trace = [] if isinstance(error, _InitFailure) else traceback.format_list(frames)
    print(f"[ERROR] {error_type}: {error}\rTraceback (most recent call last):\r{''.join(trace)}", flush=True)
    return {
        "errorMessage": str(error),
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _answer(handler: Callable[[Any, _Context], Any], event: bytes, headers: dict[str, Any]) -> None:
    request_id = headers["Lambda-Runtime-Aws-Request-Id"] or ""
    os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"] or ""
    try:
        result = json.dumps(handler(json.loads(event), _context(headers)), ensure_ascii=False)
    except Exception as error:  # noqa: BLE001 - whatever the user's handler raises is reported
        _post_error(f"/invocation/{request_id}/error", _described(error, request_id))
    else:
        post_invocation_result(request_id, result.encode("utf-8", "surrogatepass"), "application/json")


def main(handler_name: str) -> None:
    """Load the handler, then answer events until this process is killed."""
    # Line by line, because Lambda shows what was printed before a crash.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.path[0] = os.environ.get("LAMBDA_TASK_ROOT", "")
    try:
        handler = _handler(handler_name)
    except Exception as error:  # noqa: BLE001 - whatever its import raises is reported
        _post_error("/init/error", _described(error, ""))
        sys.exit(1)
    while True:
        _answer(handler, *next())


if __name__ == "__main__":
    main(sys.argv[1])
