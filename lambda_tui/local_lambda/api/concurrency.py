"""Reserved and provisioned concurrency, and the account's limits."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_tui.local_lambda.api.control_plane import Operation, Parameters, page
from lambda_tui.local_lambda.functions import packages
from lambda_tui.local_lambda.functions.registry import FunctionRegistry
from lambda_tui.local_lambda.scheduling.concurrency import Concurrency
from lambda_tui.local_lambda.scheduling.provisioned import ProvisionedConcurrency, ProvisionedConfig

MAX_CODE_STORAGE_BYTES = 75 * 1024**3
"""AWS documentation, "Lambda quotas"."""


class ConcurrencyOperations:
    """The operations on concurrency."""

    def __init__(
        self, registry: FunctionRegistry, concurrency: Concurrency, provisioned: ProvisionedConcurrency
    ) -> None:
        self._registry = registry
        self._concurrency = concurrency
        self._provisioned = provisioned

    def operations(self) -> Mapping[str, Operation]:
        return {
            "PutFunctionConcurrency": self._put_reserved,
            "GetFunctionConcurrency": self._get_reserved,
            "DeleteFunctionConcurrency": self._delete_reserved,
            "PutProvisionedConcurrencyConfig": self._put_provisioned,
            "GetProvisionedConcurrencyConfig": self._get_provisioned,
            "ListProvisionedConcurrencyConfigs": self._list_provisioned,
            "DeleteProvisionedConcurrencyConfig": self._delete_provisioned,
            "GetAccountSettings": self._get_account_settings,
        }

    def _put_reserved(self, parameters: Parameters) -> object:
        function = self._registry.function(parameters["FunctionName"])
        self._concurrency.reserve(function.name, parameters["ReservedConcurrentExecutions"])
        return self._reserved(function.name)

    def _get_reserved(self, parameters: Parameters) -> object:
        return self._reserved(self._registry.function(parameters["FunctionName"]).name)

    def _reserved(self, name: str) -> Parameters:
        reserved = self._concurrency.reserved(name)
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    def _delete_reserved(self, parameters: Parameters) -> object:
        self._concurrency.unreserve(self._registry.function(parameters["FunctionName"]).name)
        return {}

    def _put_provisioned(self, parameters: Parameters) -> object:
        config = self._provisioned.put(
            parameters["FunctionName"], parameters["Qualifier"], parameters["ProvisionedConcurrentExecutions"]
        )
        return self._describe(config)

    def _get_provisioned(self, parameters: Parameters) -> object:
        return self._describe(self._provisioned.get(parameters["FunctionName"], parameters["Qualifier"]))

    def _list_provisioned(self, parameters: Parameters) -> object:
        function = self._registry.function(parameters["FunctionName"])
        configs = [
            (config.qualifier, {"FunctionArn": config.arn, **self._describe(config)})
            for config in self._provisioned.of_function(function.name)
        ]
        return page(configs, parameters, "ProvisionedConcurrencyConfigs")

    def _delete_provisioned(self, parameters: Parameters) -> object:
        config = self._provisioned.get(parameters["FunctionName"], parameters["Qualifier"])
        self._provisioned.remove(config.function_name, config.qualifier)
        return {}

    def _describe(self, config: ProvisionedConfig) -> Parameters:
        description: Parameters = {
            "RequestedProvisionedConcurrentExecutions": config.requested,
            "AllocatedProvisionedConcurrentExecutions": len(config.environments),
            "AvailableProvisionedConcurrentExecutions": self._provisioned.available(config),
            "Status": config.status,
            "LastModified": config.last_modified,
        }
        if config.status_reason:
            description["StatusReason"] = config.status_reason
        return description

    def _get_account_settings(self, _: Parameters) -> object:
        functions = self._registry.all()
        stored = {
            configuration.code_sha256: configuration.code_size
            for function in functions
            for configuration in function.configurations()
        }
        return {
            "AccountLimit": {
                "TotalCodeSize": MAX_CODE_STORAGE_BYTES,
                "CodeSizeUnzipped": packages.MAX_UNZIPPED_BYTES,
                "CodeSizeZipped": packages.MAX_ZIPPED_BYTES,
                "ConcurrentExecutions": self._concurrency.limit,
                "UnreservedConcurrentExecutions": self._concurrency.unreserved,
            },
            "AccountUsage": {"TotalCodeSize": sum(stored.values()), "FunctionCount": len(functions)},
        }
