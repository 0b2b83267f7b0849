"""Which values a scenario accepts, and why one is refused; the fields themselves are those of Scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Self, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, create_model, model_validator
from pydantic_core import ErrorDetails

from lambda_tui.aws_facts import MAX_MEMORY_MB, MAX_TIMEOUT_S, MIN_MEMORY_MB
from lambda_tui.errors import InvalidInput
from lambda_tui.scenario.choices import OPERATIONS

_LIMITS: dict[str, dict[str, Any]] = {
    "tasks": {"ge": 1, "le": 10_000},
    "task_ms": {"ge": 0, "le": 900_000},
    "work": {"ge": 1, "le": 1_000_000},
    "url": {"min_length": 8, "max_length": 2000, "pattern": r"^https?://[^\s]+$"},
    "workers": {"ge": 1, "le": 1_000},
    "memory_mb": {"ge": MIN_MEMORY_MB, "le": MAX_MEMORY_MB},
    "function": {"min_length": 1, "max_length": 256, "pattern": r"^[A-Za-z0-9_:$.-]+$"},
    "timeout_s": {"ge": 1, "le": MAX_TIMEOUT_S},
    "invocations": {"ge": 1, "le": 1_000_000},
    "callers": {"ge": 1, "le": 10_000},
    "rate": {"gt": 0, "le": 100_000},
    "seconds": {"gt": 0, "le": 86_400},
    "warmup": {"ge": 0, "le": 100_000},
    "seed": {"ge": 0},
    "max_usd": {"gt": 0},
    "max_invocations": {"ge": 1},
    "max_seconds": {"gt": 0},
    "name": {"max_length": 200},
}


class _Agreeing(BaseModel):
    """Rules across several fields."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="after")
    def _options_agree(self) -> Self:
        given: Any = self
        if (given.rate is None) != (given.seconds is None):
            raise ValueError("rate and seconds belong together: give --rate R and --seconds S")
        if given.payload is not None and given.function is None:
            raise ValueError("payload is for a function of your own: name it with --function NAME")
        if given.url is not None and given.workload != "http":
            raise ValueError("url is what the http workload fetches: choose --workload http")
        choices = OPERATIONS.get(given.workload)
        if choices and given.operation is not None and given.operation not in choices:
            raise ValueError(f"operation of {given.workload} must be {', '.join(choices)}")
        return self


_models: dict[type[Any], type[_Agreeing]] = {}


def input_model(scenario: type[Any]) -> type[_Agreeing]:
    """The pydantic model of user input for Scenario, which imports this module; built once."""
    if scenario not in _models:
        types = get_type_hints(scenario, localns={"JsonValue": JsonValue})
        definitions: dict[str, Any] = {
            field.name: (types[field.name], Field(default=field.default, **_LIMITS.get(field.name, {})))
            for field in fields(scenario)
        }
        _models[scenario] = create_model("ScenarioInput", __base__=_Agreeing, **definitions)
    return _models[scenario]


T = TypeVar("T")


def validated(scenario: type[T], values: Mapping[str, Any]) -> T:
    """A `scenario` from user input.

    Raises:
        InvalidInput: for the first invalid field, with a sentence naming it.
    """
    try:
        accepted = input_model(scenario).model_validate(dict(values))
    except ValidationError as error:
        raise _as_invalid_input(error) from None
    return scenario(**{name: getattr(accepted, name) for name in type(accepted).model_fields})


def _as_invalid_input(error: ValidationError) -> InvalidInput:
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        text = first["msg"].removeprefix("Value error, ")
        return InvalidInput(text.split()[0], f"{text[0].upper()}{text[1:]}.")
    field = str(first["loc"][0])
    return InvalidInput(field, f"{field} cannot be {first.get('input')!r}: {_reason(first)}.")


_REASONS = {
    "greater_than_equal": "it must be at least {ge:,}",
    "greater_than": "it must be more than {gt:,}",
    "less_than_equal": "it must be at most {le:,}",
    "literal_error": "choose {expected}",
    "extra_forbidden": "there is no such option",
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "it must be a whole number"),
    **dict.fromkeys(
        ("float_parsing", "float_type", "decimal_parsing", "decimal_type", "finite_number"),
        "it must be a number",
    ),
}


def _reason(detail: ErrorDetails) -> str:
    """Pydantic's reason as the end of a readable sentence."""
    template = _REASONS.get(detail["type"])
    if template is None:
        message: str = detail["msg"]
        return message[0].lower() + message[1:]
    return template.format(**detail.get("ctx", {}))
