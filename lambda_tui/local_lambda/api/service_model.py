"""Lambda's REST routes from botocore's service model: which operation a request asks for, and its input."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from lambda_tui.local_lambda.api.constraints import violations
from lambda_tui.local_lambda.http.errors import LambdaApiError, validation_failed
from lambda_tui.local_lambda.http.httpd import Request

_TEMPLATE_FIELD = re.compile(r"\{(\w+)\+?\}")


@dataclass(frozen=True, slots=True)
class Call:
    """One parsed and validated request; `success_status` is the model's."""

    operation: str
    parameters: dict[str, Any]
    success_status: int


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    query: dict[str, str]
    model: OperationModel


class LambdaServiceModel:
    """All operations of Lambda's API, implemented here or not."""

    def __init__(self) -> None:
        document = Loader().load_service_model("lambda", "service-2")
        model = ServiceModel(document, "lambda")
        routes = [_route(model.operation_model(name)) for name in model.operation_names]
        # Two operations may share a path; the one that also requires a query parameter comes first.
        self._routes = sorted(routes, key=lambda route: not route.query)
        self._validator = ParamValidator()

    def parse(self, request: Request) -> Call:
        """The operation and its input.

        Raises:
            LambdaApiError: 404 no such route, 400 for input that does not fit the model.
        """
        route, labels = self._match(request)
        shape = route.model.input_shape
        parameters = dict(_inputs(shape, request, labels)) if isinstance(shape, StructureShape) else {}
        self._check(shape, parameters)
        return Call(route.model.name, parameters, route.model.http.get("responseCode", 200))

    def _check(self, shape: Shape | None, parameters: dict[str, Any]) -> None:
        if shape is None:
            return
        problems = list(violations(shape, parameters))
        if not problems and (report := self._validator.validate(parameters, shape)).has_errors():
            problems = [report.generate_report()]
        if problems:
            raise validation_failed(problems)

    def _match(self, request: Request) -> tuple[_Route, dict[str, str]]:
        path, query = request.path.rstrip("/"), dict(parse_qsl(request.query))
        for route in self._routes:
            match = route.pattern.fullmatch(path) if route.method == request.method else None
            if match is not None and route.query.items() <= query.items():
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
        raise LambdaApiError(
            404, "UnknownOperationException", f"There is no {request.method} {request.path}."
        )


def _route(operation: OperationModel) -> _Route:
    template, _, query = operation.http["requestUri"].partition("?")
    literal_and_names = _TEMPLATE_FIELD.split(template.rstrip("/"))
    pattern = "".join(
        f"(?P<{part}>[^/]+)" if position % 2 else re.escape(part)
        for position, part in enumerate(literal_and_names)
    )
    return _Route(operation.http["method"], re.compile(pattern), dict(parse_qsl(query)), operation)


def _inputs(shape: StructureShape, request: Request, labels: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Members in the order path, query, header, body; blobs decoded, numbers of the query as numbers."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    query = dict(pairs)
    body = _json_body(request) if shape.serialization.get("payload") is None else {}
    for name, member in shape.members.items():
        location, wire_name = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "uri":
            value: Any = labels.get(wire_name)
        elif location == "querystring" and member.type_name == "list":
            value = [text for key, text in pairs if key == wire_name] or None
        elif location == "querystring":
            value = _scalar(member, query.get(wire_name))
        elif location in ("header", "headers"):
            value = request.header(wire_name.lower())
        else:
            value = _decoded(member, body.get(wire_name))
        if value is not None:
            yield name, value


def _json_body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"Could not parse request body into json: {error}") from None
    if not isinstance(body, dict):
        raise _unreadable("The request body must be a JSON object.")
    return body


def _unreadable(message: str) -> LambdaApiError:
    return LambdaApiError(400, "InvalidRequestContentException", message)


def _scalar(shape: Shape, text: str | None) -> Any:
    if text is None or shape.type_name not in ("integer", "long"):
        return text
    try:
        return int(text)
    except ValueError:
        return text  # the validator names the member


def _decoded(shape: Shape, value: Any) -> Any:
    """The value with every blob decoded from Base64, at any depth."""
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return b64decode(value, validate=True)
        except Base64Error:
            raise _unreadable(f"{shape.name} is not valid Base64.") from None
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: _decoded(shape.members[name], inner) if name in shape.members else inner
            for name, inner in value.items()
            if inner is not None
        }
    return value
