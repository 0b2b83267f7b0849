"""Tags, and queries about what functions never have here: policies, URLs, code signing."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_tui.local_lambda.api.control_plane import Operation, Parameters
from lambda_tui.local_lambda.functions.registry import FunctionRegistry
from lambda_tui.local_lambda.http.errors import LambdaApiError, invalid_parameter

MAX_TAGS = 50


class MinorOperations:
    """Small operations on functions."""

    def __init__(self, registry: FunctionRegistry) -> None:
        self._registry = registry

    def operations(self) -> Mapping[str, Operation]:
        return {
            "ListTags": lambda parameters: {"Tags": self._tags(parameters)},
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "GetPolicy": self._absent,
            "GetFunctionUrlConfig": self._absent,
            "GetFunctionEventInvokeConfig": self._absent,
            "ListFunctionUrlConfigs": lambda parameters: self._none(parameters, "FunctionUrlConfigs"),
            "ListFunctionEventInvokeConfigs": lambda parameters: self._none(
                parameters, "FunctionEventInvokeConfigs"
            ),
            "ListEventSourceMappings": lambda _: {"EventSourceMappings": []},
            "GetFunctionCodeSigningConfig": self._code_signing,
            "GetRuntimeManagementConfig": self._runtime_management,
            "GetFunctionRecursionConfig": self._recursion,
        }

    def _tags(self, parameters: Parameters) -> dict[str, str]:
        return self._registry.function(parameters["Resource"]).tags

    def _tag(self, parameters: Parameters) -> object:
        tags = self._tags(parameters)
        if len({*tags, *parameters["Tags"]}) > MAX_TAGS:
            raise invalid_parameter(f"A function can have at most {MAX_TAGS} tags.")
        tags.update(parameters["Tags"])
        return {}

    def _untag(self, parameters: Parameters) -> object:
        for key in parameters["TagKeys"]:
            self._tags(parameters).pop(key, None)
        return {}

    def _absent(self, parameters: Parameters) -> object:
        self._registry.resolve(parameters["FunctionName"], parameters.get("Qualifier"))
        raise LambdaApiError(404, "ResourceNotFoundException", "The resource you requested does not exist.")

    def _none(self, parameters: Parameters, name: str) -> object:
        self._registry.function(parameters["FunctionName"])
        return {name: []}

    def _code_signing(self, parameters: Parameters) -> object:
        return {"FunctionName": self._registry.function(parameters["FunctionName"]).name}

    def _runtime_management(self, parameters: Parameters) -> object:
        resolved = self._registry.resolve(parameters["FunctionName"], parameters.get("Qualifier"))
        return {"UpdateRuntimeOn": "Auto", "FunctionArn": resolved.arn}

    def _recursion(self, parameters: Parameters) -> object:
        self._registry.function(parameters["FunctionName"])
        return {"RecursiveLoop": "Terminate"}
