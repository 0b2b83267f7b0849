"""The functions that exist from the start: the payloads installed with this package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import lambda_tui
from lambda_tui.local_lambda.functions.function import FunctionConfiguration
from lambda_tui.local_lambda.functions.registry import FunctionRegistry
from lambda_tui.local_lambda.functions.runtimes import OWN

PYTHON = "lambda-tui-python"
ASGI = "lambda-tui-asgi"
"""Only if the extra `services` is installed: it imports FastAPI and Mangum."""

PAYLOADS = Path(lambda_tui.__file__).parent.parent / "lambda_payloads"
_ROLE = "arn:aws:iam::000000000000:role/lambda-tui-local"


def payload_functions(
    registry: FunctionRegistry, variables: Mapping[str, str]
) -> Iterator[FunctionConfiguration]:
    """The payloads that can run here; `variables` give them the addresses to call."""
    yield _payload(registry, PYTHON, "handler.lambda_handler", variables)
    if find_spec("fastapi") and find_spec("mangum"):
        yield _payload(registry, ASGI, "app.handler", {})


def _payload(
    registry: FunctionRegistry, name: str, handler: str, variables: Mapping[str, str]
) -> FunctionConfiguration:
    return FunctionConfiguration(
        name=name,
        arn=registry.arn(name),
        runtime=OWN.runtime,
        handler=handler,
        task_root=PAYLOADS / name.removeprefix("lambda-tui-"),
        role=_ROLE,
        description="A payload function of lambda-tui",
        memory_mb=512,
        timeout_s=30,
        environment=MappingProxyType(dict(variables)),
    )
