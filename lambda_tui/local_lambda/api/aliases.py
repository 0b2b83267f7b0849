"""Aliases: names for versions, with a share of the traffic for a second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lambda_tui.local_lambda.api.control_plane import Operation, Parameters, page
from lambda_tui.local_lambda.functions.function import Alias, new_revision_id
from lambda_tui.local_lambda.functions.registry import FunctionRegistry
from lambda_tui.local_lambda.functions.settings import describe_alias
from lambda_tui.local_lambda.http.errors import conflict, invalid_parameter, stale_revision
from lambda_tui.local_lambda.scheduling.provisioned import ProvisionedConcurrency


class AliasOperations:
    """The operations on aliases."""

    def __init__(self, registry: FunctionRegistry, provisioned: ProvisionedConcurrency) -> None:
        self._registry = registry
        self._provisioned = provisioned

    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateAlias": self._create_alias,
            "GetAlias": self._get_alias,
            "UpdateAlias": self._update_alias,
            "DeleteAlias": self._delete_alias,
            "ListAliases": self._list_aliases,
        }

    def _create_alias(self, parameters: Parameters) -> object:
        function, name = self._registry.function(parameters["FunctionName"]), parameters["Name"]
        arn = self._registry.arn(function.name, name)
        if name in function.aliases:
            raise conflict(f"Alias already exists: {arn}")
        alias = Alias(
            name,
            arn,
            parameters["FunctionVersion"],
            parameters.get("Description", ""),
            _additional(parameters),
        )
        self._registry.set_alias(function, alias)
        return describe_alias(alias)

    def _get_alias(self, parameters: Parameters) -> object:
        return describe_alias(self._registry.alias(parameters["FunctionName"], parameters["Name"])[1])

    def _update_alias(self, parameters: Parameters) -> object:
        function, alias = self._registry.alias(parameters["FunctionName"], parameters["Name"])
        if parameters.get("RevisionId", alias.revision_id) != alias.revision_id:
            raise stale_revision()
        changed = replace(
            alias,
            version=parameters.get("FunctionVersion", alias.version),
            description=parameters.get("Description", alias.description),
            additional=_additional(parameters) if "RoutingConfig" in parameters else alias.additional,
            revision_id=new_revision_id(),
        )
        self._registry.set_alias(function, changed)
        self._provisioned.retarget(function, alias.name)
        return describe_alias(changed)

    def _delete_alias(self, parameters: Parameters) -> object:
        function = self._registry.function(parameters["FunctionName"])
        # Deleting a missing alias succeeds, as on Lambda.
        if function.aliases.pop(parameters["Name"], None) is not None:
            self._provisioned.remove(function.name, parameters["Name"])
        return {}

    def _list_aliases(self, parameters: Parameters) -> object:
        function = self._registry.function(parameters["FunctionName"])
        wanted = parameters.get("FunctionVersion")
        aliases = [
            (name, describe_alias(alias))
            for name, alias in sorted(function.aliases.items())
            if wanted is None or wanted in alias.versions
        ]
        return page(aliases, parameters, "Aliases")


def _additional(parameters: Parameters) -> tuple[str, float] | None:
    weights = parameters.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}
    if len(weights) > 1:
        raise invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1")
    return next(iter(weights.items()), None)
