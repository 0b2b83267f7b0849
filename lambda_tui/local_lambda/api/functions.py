"""Functions and their versions: create, read, change, publish, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from lambda_tui.local_lambda.api.control_plane import Operation, Parameters, page
from lambda_tui.local_lambda.complaints import complain
from lambda_tui.local_lambda.functions.code_store import CodeStore, StoredCode
from lambda_tui.local_lambda.functions.function import LATEST, FunctionConfiguration
from lambda_tui.local_lambda.functions.registry import Function, FunctionRegistry, Resolved
from lambda_tui.local_lambda.functions.runtimes import interpreter_of
from lambda_tui.local_lambda.functions.settings import (
    CHANGEABLE,
    architecture_of,
    changes_of,
    describe,
    missing,
    refuse_unknown,
    runtime_of,
)
from lambda_tui.local_lambda.http.errors import conflict, invalid_parameter, stale_revision
from lambda_tui.local_lambda.http.httpd import Response
from lambda_tui.local_lambda.scheduling.concurrency import Concurrency
from lambda_tui.local_lambda.scheduling.provisioned import ProvisionedConcurrency

_CREATABLE = CHANGEABLE | {"FunctionName", "Code", "Architectures", "Publish", "Tags"}
_RECODABLE = {"FunctionName", "ZipFile", "Publish", "RevisionId", "Architectures", "DryRun"}


class FunctionOperations:
    """The operations on functions and versions."""

    def __init__(
        self,
        registry: FunctionRegistry,
        code: CodeStore,
        concurrency: Concurrency,
        provisioned: ProvisionedConcurrency,
    ) -> None:
        self._registry = registry
        self._code = code
        self._concurrency = concurrency
        self._provisioned = provisioned

    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateFunction": self._create_function,
            "GetFunction": self._get_function,
            "GetFunctionConfiguration": self._get_function_configuration,
            "ListFunctions": self._list_functions,
            "UpdateFunctionConfiguration": self._update_function_configuration,
            "UpdateFunctionCode": self._update_function_code,
            "DeleteFunction": self._delete_function,
            "PublishVersion": self._publish_version,
            "ListVersionsByFunction": self._list_versions,
        }

    async def _create_function(self, parameters: Parameters) -> object:
        refuse_unknown(parameters, _CREATABLE)
        name = self._registry.identify(parameters["FunctionName"]).name
        self._registry.check_new(name)
        runtime = await _runtime(parameters)
        handler = parameters.get("Handler") or missing("Handler")
        changes = changes_of(parameters)
        architecture = architecture_of(parameters)
        code = await self._unpacked(name, parameters["Code"])
        configuration = FunctionConfiguration(
            name,
            self._registry.arn(name),
            **{"runtime": runtime, "handler": handler, "role": parameters["Role"], **changes},
            architecture=architecture,
            task_root=code.folder,
            code_sha256=code.sha256,
            code_size=code.size,
        )
        try:
            function = self._registry.add(configuration, parameters.get("Tags"))
        finally:
            self._drop_unless_used(code.folder)
        return describe(
            self._registry.publish(function, None) if parameters.get("Publish") else function.latest
        )

    def _get_function(self, parameters: Parameters) -> object:
        resolved = self._resolve(parameters)
        answer: Parameters = {
            "Configuration": describe(resolved.configuration, resolved.arn),
            "Code": {"RepositoryType": "local"},
            "Tags": resolved.function.tags,
        }
        reserved = self._concurrency.reserved(resolved.function.name)
        if reserved is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
        return answer

    def _get_function_configuration(self, parameters: Parameters) -> object:
        resolved = self._resolve(parameters)
        return describe(resolved.configuration, resolved.arn)

    def _list_functions(self, parameters: Parameters) -> object:
        listing = []
        for function in self._registry.all():
            listing.append((function.name, describe(function.latest)))
            if parameters.get("FunctionVersion") == "ALL":
                listing[-1] = (function.name, describe(function.latest, f"{function.latest.arn}:{LATEST}"))
                listing += [
                    (f"{function.name}:{int(number):09}", describe(version))
                    for number, version in function.versions.items()
                ]
        return page(listing, parameters, "Functions")

    async def _update_function_configuration(self, parameters: Parameters) -> object:
        refuse_unknown(parameters, CHANGEABLE | {"FunctionName", "RevisionId"})
        if "Runtime" in parameters:
            await _runtime(parameters)
        function = self._function_for_change(parameters)
        changed = function.latest.with_changes(**changes_of(parameters))
        return describe(self._registry.update(function, changed))

    async def _update_function_code(self, parameters: Parameters) -> object:
        refuse_unknown(parameters, _RECODABLE)
        function = self._function_for_change(parameters)
        self._registry.check_settled(function)
        before = function.latest
        code = await self._unpacked(function.name, parameters)
        try:
            if function.latest is not before or self._registry.function(function.name) is not function:
                raise conflict(f"Another change was made meanwhile to {function.latest.arn}")
            changed = before.with_changes(task_root=code.folder, code_sha256=code.sha256, code_size=code.size)
            if "Architectures" in parameters:
                changed = changed.with_changes(architecture=architecture_of(parameters))
            if parameters.get("DryRun"):
                return describe(changed)
            changed = self._registry.update(function, changed)
        finally:
            self._drop_unless_used(code.folder)
        return describe(self._registry.publish(function, None) if parameters.get("Publish") else changed)

    def _delete_function(self, parameters: Parameters) -> object:
        identifier = self._registry.identify(parameters["FunctionName"], parameters.get("Qualifier"))
        function = self._registry.function(
            identifier.name if not identifier.is_foreign else parameters["FunctionName"]
        )
        if identifier.qualifier is None:
            self._provisioned.remove_function(function.name)
            self._concurrency.unreserve(function.name)
            self._registry.remove(function)
        else:
            self._registry.remove_version(function, identifier.qualifier)
            self._provisioned.remove(function.name, identifier.qualifier)
        return Response(204)  # the model leaves the status open; AWS has always answered 204

    def _publish_version(self, parameters: Parameters) -> object:
        refuse_unknown(parameters, {"FunctionName", "CodeSha256", "Description", "RevisionId"})
        function = self._function_for_change(parameters)
        self._registry.check_settled(function)
        wanted = parameters.get("CodeSha256", function.latest.code_sha256)
        if wanted != function.latest.code_sha256:
            raise invalid_parameter(
                f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST "
                f"({function.latest.code_sha256}). Please try again with the CodeSHA256 in $LATEST."
            )
        return describe(self._registry.publish(function, parameters.get("Description")))

    def _list_versions(self, parameters: Parameters) -> object:
        function = self._registry.function(parameters["FunctionName"])
        latest = describe(function.latest, f"{function.latest.arn}:{LATEST}")
        versions = [(number, describe(version)) for number, version in function.versions.items()]
        return page([(LATEST, latest), *versions], parameters, "Versions")

    def _resolve(self, parameters: Parameters) -> Resolved:
        return self._registry.resolve(parameters["FunctionName"], parameters.get("Qualifier"))

    def _function_for_change(self, parameters: Parameters) -> Function:
        function = self._registry.function(parameters["FunctionName"])
        if parameters.get("RevisionId", function.latest.revision_id) != function.latest.revision_id:
            raise stale_revision()
        return function

    async def _unpacked(self, name: str, code: Parameters) -> StoredCode:
        package = code.get("ZipFile")
        if not package:
            raise invalid_parameter("The embedded Lambda takes code as ZipFile only.")
        return await self._code.put(name, package)

    def _drop_unless_used(self, folder: Path) -> None:
        if not self._registry.uses_code(folder):
            self._code.supersede(folder)


async def _runtime(parameters: Parameters) -> str:
    """The function's runtime; warns if another Python will run it. Searched for in a thread, once."""
    runtime = runtime_of(parameters)
    interpreter = await asyncio.to_thread(interpreter_of, runtime)
    if interpreter.runtime != runtime:
        name = parameters["FunctionName"]
        complain(f"{runtime} is not on PATH here: {name} runs on Python {interpreter.version}.")
    return runtime
