"""The operations on functions that the embedded Lambda has, apart from Invoke.

Routes, input types and status codes are the service model's; limits are those of classic functions
(AWS documentation, "Lambda quotas"), because the model's are for Managed Instances.
"""

from __future__ import annotations

import platform
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from lambda_tui.local_lambda import packages
from lambda_tui.local_lambda.api_errors import LambdaApiError, invalid_parameter, json_response
from lambda_tui.local_lambda.environ import RESERVED
from lambda_tui.local_lambda.functions import FunctionConfiguration, FunctionRegistry
from lambda_tui.local_lambda.httpd import Request, Response
from lambda_tui.local_lambda.service_model import LambdaServiceModel

MEMORY_MB = range(128, 10_240 + 1)
TIMEOUT_S = range(1, 900 + 1)
EPHEMERAL_MB = range(512, 10_240 + 1)
MAX_ENVIRONMENT_BYTES = 4096
MAX_CODE_STORAGE_BYTES = 75 * 1024**3

_PAGE_SIZE = 50
_CHANGEABLE = {"MemorySize", "Timeout", "Environment", "Handler", "Description", "Role", "EphemeralStorage"}
_CREATABLE = _CHANGEABLE | {
    "FunctionName",
    "Runtime",
    "Code",
    "Architectures",
    "PackageType",
    "Publish",
    "Tags",
}

Parameters = dict[str, Any]


class ControlPlane:
    """Answers every request that is not an Invoke."""

    def __init__(self, registry: FunctionRegistry, code_folder: Path, concurrency: int) -> None:
        self._registry = registry
        self._code_folder = code_folder
        self._concurrency = concurrency
        self._model = LambdaServiceModel()
        self._operations: Mapping[str, Callable[[Parameters], object]] = {
            "CreateFunction": self._create_function,
            "GetFunction": self._get_function,
            "GetFunctionConfiguration": self._get_function_configuration,
            "ListFunctions": self._list_functions,
            "UpdateFunctionConfiguration": self._update_function_configuration,
            "UpdateFunctionCode": self._update_function_code,
            "DeleteFunction": self._delete_function,
            "GetAccountSettings": self._get_account_settings,
        }

    def answer(self, request: Request) -> Response:
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
        body = operation(call.parameters)
        return Response(204) if call.success_status == 204 else json_response(call.success_status, body)

    def _create_function(self, parameters: Parameters) -> object:
        _refuse_unknown(parameters, _CREATABLE)
        name = parameters["FunctionName"].rpartition(":")[2]
        self._registry.check_new(name)
        function = FunctionConfiguration(
            name=name,
            arn=self._registry.arn(name),
            runtime=_runtime(parameters),
            handler=parameters.get("Handler") or _missing("Handler"),
            role=parameters["Role"],
            architecture=_architecture(parameters),
            task_root=Path(),
            **_settings(parameters),
        )
        function = self._with_code(function, parameters["Code"])
        self._registry.add(function)
        return describe(function)

    def _get_function(self, parameters: Parameters) -> object:
        function = self._resolve(parameters)
        return {"Configuration": describe(function), "Code": {"RepositoryType": "local"}, "Tags": {}}

    def _get_function_configuration(self, parameters: Parameters) -> object:
        return describe(self._resolve(parameters))

    def _list_functions(self, parameters: Parameters) -> object:
        after, size = parameters.get("Marker", ""), min(parameters.get("MaxItems", _PAGE_SIZE), _PAGE_SIZE)
        functions = [function for function in self._registry.all() if function.name > after]
        page: Parameters = {"Functions": [describe(function) for function in functions[:size]]}
        if len(functions) > size:
            page["NextMarker"] = functions[size - 1].name
        return page

    def _update_function_configuration(self, parameters: Parameters) -> object:
        _refuse_unknown(parameters, _CHANGEABLE | {"FunctionName", "Runtime", "RevisionId"})
        function = self._resolve_for_change(parameters)
        changes = _settings(parameters)
        for parameter, field in (("Handler", "handler"), ("Role", "role")):
            if parameter in parameters:
                changes[field] = parameters[parameter]
        if "Runtime" in parameters:
            changes["runtime"] = _runtime(parameters)
        function = function.with_changes(**changes)
        self._registry.replace(function)
        return describe(function)

    def _update_function_code(self, parameters: Parameters) -> object:
        _refuse_unknown(
            parameters, {"FunctionName", "ZipFile", "Publish", "RevisionId", "Architectures", "DryRun"}
        )
        function = self._with_code(self._resolve_for_change(parameters), parameters)
        if "Architectures" in parameters:
            function = function.with_changes(architecture=_architecture(parameters))
        if not parameters.get("DryRun"):
            self._registry.replace(function)
        return describe(function)

    def _delete_function(self, parameters: Parameters) -> object:
        self._registry.remove(self._resolve(parameters))
        return {"StatusCode": 204}

    def _get_account_settings(self, _: Parameters) -> object:
        functions = self._registry.all()
        return {
            "AccountLimit": {
                "TotalCodeSize": MAX_CODE_STORAGE_BYTES,
                "CodeSizeUnzipped": packages.MAX_UNZIPPED_BYTES,
                "CodeSizeZipped": packages.MAX_ZIPPED_BYTES,
                "ConcurrentExecutions": self._concurrency,
                "UnreservedConcurrentExecutions": self._concurrency,
            },
            "AccountUsage": {
                "TotalCodeSize": sum(function.code_size for function in functions),
                "FunctionCount": len(functions),
            },
        }

    def _resolve(self, parameters: Parameters) -> FunctionConfiguration:
        return self._registry.resolve(parameters["FunctionName"], parameters.get("Qualifier"))

    def _resolve_for_change(self, parameters: Parameters) -> FunctionConfiguration:
        function = self._resolve(parameters)
        if parameters.get("RevisionId", function.revision_id) != function.revision_id:
            raise LambdaApiError(
                412, "PreconditionFailedException", "The RevisionId provided is not the function's latest."
            )
        return function

    def _with_code(self, function: FunctionConfiguration, code: Parameters) -> FunctionConfiguration:
        package = code.get("ZipFile")
        if not package:
            raise invalid_parameter("The embedded Lambda takes code as ZipFile only.")
        folder = self._code_folder / f"{function.name}-{uuid4().hex[:12]}"
        packages.unpack(package, folder)
        digest = b64encode(sha256(package).digest()).decode()
        return function.with_changes(task_root=folder, code_sha256=digest, code_size=len(package))


def describe(function: FunctionConfiguration) -> Parameters:
    """A function as FunctionConfiguration of the API."""
    return {
        "FunctionName": function.name,
        "FunctionArn": function.arn,
        "Runtime": function.runtime,
        "Role": function.role,
        "Handler": function.handler,
        "CodeSize": function.code_size,
        "CodeSha256": function.code_sha256,
        "Description": function.description,
        "Timeout": function.timeout_s,
        "MemorySize": function.memory_mb,
        "LastModified": function.last_modified,
        "Version": function.version,
        "TracingConfig": {"Mode": "PassThrough"},
        "Environment": {"Variables": dict(function.environment)},
        "RevisionId": function.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [function.architecture],
        "EphemeralStorage": {"Size": function.ephemeral_mb},
    }


def _settings(parameters: Parameters) -> Parameters:
    """The settings given, by the names of our record, checked against the limits of classic functions."""
    found: Parameters = {}
    if "MemorySize" in parameters:
        found["memory_mb"] = _within(MEMORY_MB, parameters["MemorySize"], "memorySize")
    if "Timeout" in parameters:
        found["timeout_s"] = _within(TIMEOUT_S, parameters["Timeout"], "timeout")
    if "EphemeralStorage" in parameters:
        found["ephemeral_mb"] = _within(
            EPHEMERAL_MB, parameters["EphemeralStorage"]["Size"], "ephemeralStorage.size"
        )
    if "Description" in parameters:
        found["description"] = parameters["Description"]
    if "Environment" in parameters:
        found["environment"] = _environment(parameters["Environment"].get("Variables", {}))
    return found


def _within(allowed: range, value: int, name: str) -> int:
    if value in allowed:
        return value
    bound = (
        f"greater than or equal to {allowed[0]}"
        if value < allowed[0]
        else f"less than or equal to {allowed[-1]}"
    )
    raise LambdaApiError(
        400,
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"Member must have value {bound}",
    )


def _environment(variables: dict[str, str]) -> Mapping[str, str]:
    refusal = (
        "Lambda was unable to configure your environment variables because the environment variables "
        "you have provided "
    )
    reserved = sorted(RESERVED.intersection(variables))
    if reserved:
        raise invalid_parameter(
            f"{refusal}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    if not all(
        _is_settable(name) and "=" not in name and _is_settable(variables[name]) for name in variables
    ):
        raise invalid_parameter("Environment variables cannot contain NUL or half characters, nor names '='.")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > MAX_ENVIRONMENT_BYTES:
        raise invalid_parameter(f"{refusal}exceeded the 4KB limit.")
    return MappingProxyType(dict(variables))


def _is_settable(text: str) -> bool:
    """Whether a process can have it: JSON can carry NUL and lone surrogates, an environment cannot."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _runtime(parameters: Parameters) -> str:
    runtime = str(parameters.get("Runtime") or _missing("Runtime"))
    if parameters.get("PackageType", "Zip") != "Zip" or not runtime.startswith("python3."):
        here = f"python{'.'.join(platform.python_version_tuple()[:2])}"
        raise invalid_parameter(
            f"The embedded Lambda runs Python zip packages only (with this host's {here})."
        )
    return runtime


def _architecture(parameters: Parameters) -> str:
    architectures = parameters.get("Architectures", ["x86_64"])
    if architectures not in (["x86_64"], ["arm64"]):
        raise invalid_parameter("Architectures must be one of [x86_64], [arm64].")
    return str(architectures[0])


def _refuse_unknown(parameters: Parameters, known: set[str]) -> None:
    """What would be ignored silently is refused; so is publishing, until there are versions."""
    unknown = sorted(set(parameters) - known)
    if unknown or parameters.get("Publish"):
        name = unknown[0] if unknown else "Publish"
        raise invalid_parameter(f"The embedded Lambda does not support {name} yet.")


def _missing(name: str) -> str:
    raise invalid_parameter(f"{name} is required for zip packages.")
