"""The environment variables of an execution environment, built from scratch as Lambda sets them.

AWS documentation: "Using Lambda environment variables", "Defined runtime environment variables".
"""

from __future__ import annotations

import os
from pathlib import Path

from lambda_tui.local_lambda.functions.function import FunctionConfiguration
from lambda_tui.local_lambda.functions.runtimes import interpreter_of, python_path

RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
"""A function's configuration cannot set these."""


def environment_variables(
    function: FunctionConfiguration,
    region: str,
    log_stream: str,
    runtime_api: str,
    initialization_type: str = "on-demand",
) -> dict[str, str]:
    """All variables of one environment. The credentials are fake: no call may reach a real account."""
    task_root = str(function.task_root)
    interpreter = interpreter_of(function.runtime)
    overridable = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": os.pathsep.join(
            [str(Path(interpreter.path).parent), "/usr/local/bin", "/usr/bin", "/bin", "/opt/bin"]
        ),
        "LD_LIBRARY_PATH": f"{task_root}:{task_root}/lib:/opt/lib",
    }
    own_path = function.environment.get("PYTHONPATH", task_root)
    reserved = {
        "_HANDLER": function.handler,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{interpreter.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": task_root,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_ACCESS_KEY_ID": "ASIALOCALENVIRONMENT",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret-local-environment",
        "AWS_SESSION_TOKEN": "not-a-token-local-environment",
    }
    # It must contain what refuses semaphores and counts CPUs, whatever the function adds.
    paths = {"PYTHONPATH": python_path(own_path, interpreter)}
    return {**overridable, **function.environment, **paths, **reserved}
