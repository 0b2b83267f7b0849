"""Answers every request to the Lambda API that is not an Invoke.

Routes, input types, constraints and status codes come from the service model; each group of operations has
its own module.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

from lambda_tui.local_lambda.api.service_model import LambdaServiceModel
from lambda_tui.local_lambda.http.errors import LambdaApiError, json_response
from lambda_tui.local_lambda.http.httpd import Answer, Request, Response

Parameters = dict[str, Any]
Operation = Callable[[Parameters], object]
"""Takes the input and returns the output as the model names them, a Response, or an awaitable of either."""


class OperationGroup(Protocol):
    """Operations that belong together, by their names in the model."""

    def operations(self) -> Mapping[str, Operation]: ...


class ControlPlane:
    """Routes a request to its operation and writes the answer."""

    def __init__(self, groups: Sequence[OperationGroup]) -> None:
        self._model = LambdaServiceModel()
        self._operations = dict(chain.from_iterable(group.operations().items() for group in groups))

    def answer(self, request: Request) -> Answer:
        """The response of the operation.

        Raises:
            LambdaApiError: it is refused.
        """
        if request.body_too_large:
            raise LambdaApiError(413, "RequestTooLargeException", "The request is too large.")
        call = self._model.parse(request)
        operation = self._operations.get(call.operation)
        if operation is None:
            message = f"The embedded Lambda does not have {call.operation}."
            raise LambdaApiError(501, "NotImplementedException", message)
        output = operation(call.parameters)
        if inspect.isawaitable(output):
            return _awaited(output, call.success_status)
        return _response(output, call.success_status)


async def _awaited(output: Awaitable[object], status: int) -> Response:
    try:
        return _response(await output, status)
    except LambdaApiError as error:
        return error.response()


def _response(output: object, status: int) -> Response:
    if isinstance(output, Response):
        return output
    return Response(204) if status == 204 else json_response(status, output)


def page(
    items: Sequence[tuple[str, Any]], parameters: Parameters, name: str, largest_page: int = 50
) -> Parameters:
    """One page of `items`, each with the key it is sorted by, as {name: [...], NextMarker}.

    The marker is the last key of the previous page, so additions and deletions between two calls never
    repeat or hide other items.
    """
    size = min(parameters.get("MaxItems", largest_page), largest_page)
    after = parameters.get("Marker", "")
    keys = [key for key, _ in items]
    start = keys.index(after) + 1 if after in keys else sum(key <= after for key in keys)
    shown = items[start : start + size]
    answer: Parameters = {name: [item for _, item in shown]}
    if start + size < len(items):
        answer["NextMarker"] = shown[-1][0]
    return answer
