"""The settings of a function as the API returns and accepts them.

Limits are those of classic functions (AWS documentation, "Lambda quotas"); those of the service model are
for Managed Instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lambda_tui.aws_facts import (
    FREE_EPHEMERAL_MB,
    MAX_EPHEMERAL_MB,
    MAX_MEMORY_MB,
    MAX_TIMEOUT_S,
    MIN_MEMORY_MB,
)
from lambda_tui.local_lambda.functions.function import Alias, FunctionConfiguration
from lambda_tui.local_lambda.functions.runtimes import interpreter_of
from lambda_tui.local_lambda.functions.variables import RESERVED
from lambda_tui.local_lambda.http.errors import invalid_parameter, violated

MEMORY_MB = range(MIN_MEMORY_MB, MAX_MEMORY_MB + 1)
TIMEOUT_S = range(1, MAX_TIMEOUT_S + 1)
EPHEMERAL_MB = range(FREE_EPHEMERAL_MB, MAX_EPHEMERAL_MB + 1)
MAX_ENVIRONMENT_BYTES = 4096

CHANGEABLE = {
    "MemorySize",
    "Timeout",
    "Environment",
    "Handler",
    "Description",
    "Role",
    "EphemeralStorage",
    "Runtime",
}
INERT: dict[str, Any] = {
    "TracingConfig": {"Mode": "PassThrough"},
    "SnapStart": {"ApplyOn": "None"},
    "PackageType": "Zip",
    "VpcConfig": {},
    "Layers": [],
    "DeadLetterConfig": {},
}
"""Settings accepted with only this value: clients send these defaults, and they change nothing."""

Parameters = dict[str, Any]


def describe(configuration: FunctionConfiguration, arn: str | None = None) -> Parameters:
    """FunctionConfiguration of the API; `arn` has the qualifier of the request."""
    return {
        "FunctionName": configuration.name,
        "FunctionArn": arn or configuration.arn,
        "Runtime": configuration.runtime,
        "Role": configuration.role,
        "Handler": configuration.handler,
        "CodeSize": configuration.code_size,
        "CodeSha256": configuration.code_sha256,
        "Description": configuration.description,
        "Timeout": configuration.timeout_s,
        "MemorySize": configuration.memory_mb,
        "LastModified": configuration.last_modified,
        "Version": configuration.version,
        "TracingConfig": INERT["TracingConfig"],
        "Environment": {"Variables": dict(configuration.environment)},
        "RevisionId": configuration.revision_id,
        **_state(configuration),
        "PackageType": "Zip",
        "Architectures": [configuration.architecture],
        "EphemeralStorage": {"Size": configuration.ephemeral_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "RuntimeVersionConfig": _runtime_version(configuration),
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{configuration.name}"},
    }


def _runtime_version(configuration: FunctionConfiguration) -> Parameters:
    """What really runs the function: the version of this host's Python, and whether it differs."""
    interpreter = interpreter_of(configuration.runtime)
    region = configuration.arn.split(":")[3]
    version: Parameters = {
        "RuntimeVersionArn": f"arn:aws:lambda:{region}::runtime:python-{interpreter.version}"
    }
    if interpreter.runtime != configuration.runtime:
        version["Error"] = {
            "ErrorCode": "RuntimeNotFound",
            "Message": f"{configuration.runtime} is not on the PATH of the embedded Lambda: "
            f"the function runs on Python {interpreter.version}.",
        }
    return version


def _state(configuration: FunctionConfiguration) -> Parameters:
    state: Parameters = {"State": configuration.state, "LastUpdateStatus": configuration.update_status}
    if configuration.state == "Pending":
        state |= {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
    return state


def describe_alias(alias: Alias) -> Parameters:
    """AliasConfiguration of the API."""
    description: Parameters = {
        "AliasArn": alias.arn,
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.additional is not None:
        description["RoutingConfig"] = {"AdditionalVersionWeights": dict([alias.additional])}
    return description


def changes_of(parameters: Parameters) -> Parameters:
    """The given settings, by the names of our record, checked against the limits of classic functions."""
    changes: Parameters = {}
    if "MemorySize" in parameters:
        changes["memory_mb"] = _within(MEMORY_MB, parameters["MemorySize"], "memorySize")
    if "Timeout" in parameters:
        changes["timeout_s"] = _within(TIMEOUT_S, parameters["Timeout"], "timeout")
    if "EphemeralStorage" in parameters:
        changes["ephemeral_mb"] = _within(
            EPHEMERAL_MB, parameters["EphemeralStorage"]["Size"], "ephemeralStorage.size"
        )
    if "Environment" in parameters:
        changes["environment"] = _environment(parameters["Environment"].get("Variables", {}))
    if "Runtime" in parameters:
        changes["runtime"] = runtime_of(parameters)
    for parameter, name in (("Handler", "handler"), ("Role", "role"), ("Description", "description")):
        if parameter in parameters:
            changes[name] = parameters[parameter]
    return changes


def _within(allowed: range, value: int, member: str) -> int:
    if value < allowed[0]:
        raise violated(value, member, f"Member must have value greater than or equal to {allowed[0]}")
    if value > allowed[-1]:
        raise violated(value, member, f"Member must have value less than or equal to {allowed[-1]}")
    return value


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
    if not all(_is_settable(name) and _is_settable(value) for name, value in variables.items()):
        raise invalid_parameter("Environment variables cannot contain NUL or lone surrogates.")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > MAX_ENVIRONMENT_BYTES:
        raise invalid_parameter(f"{refusal}exceeded the 4KB limit.")
    return MappingProxyType(dict(variables))


def _is_settable(text: str) -> bool:
    """Whether a process can have it: JSON can contain NUL and lone surrogates, an environment cannot."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def runtime_of(parameters: Parameters) -> str:
    """The runtime; raises LambdaApiError (400) unless it is a Python zip package."""
    runtime = str(parameters.get("Runtime") or missing("Runtime"))
    if parameters.get("PackageType", "Zip") != "Zip" or not runtime.startswith("python3."):
        raise invalid_parameter("The embedded Lambda runs Python zip packages only.")
    return runtime


def architecture_of(parameters: Parameters) -> str:
    architectures = parameters.get("Architectures", ["x86_64"])
    if architectures not in (["x86_64"], ["arm64"]):
        raise invalid_parameter("Architectures must be one of [x86_64], [arm64].")
    return str(architectures[0])


def refuse_unknown(parameters: Parameters, known: set[str]) -> None:
    """Refuse what would be silently ignored; raises LambdaApiError (400)."""
    unknown = sorted(
        name
        for name, value in parameters.items()
        if name not in known and not (name in INERT and _is_inert(value, INERT[name]))
    )
    if unknown:
        raise invalid_parameter(f"The embedded Lambda does not support {unknown[0]} yet.")


def _is_inert(value: object, default: object) -> bool:
    empty = isinstance(value, dict) and not any(value.values())
    return value == default or (default == {} and empty)


def missing(name: str) -> str:
    raise invalid_parameter(f"{name} is required for zip packages.")
