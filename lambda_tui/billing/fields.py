"""Reading JSON objects into frozen dataclasses, with one sentence per invalid value.

Pydantic does this elsewhere in the program; here its import alone (70 ms) would be half of what
`lambda-tui cost` may take to answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from lambda_tui.errors import InvalidInput

T = TypeVar("T")
Reader = Callable[[str, object], Any]

LARGEST = 10**15
"""Above any month of any account; keeps a typing error from becoming a bill."""


def amount(*, default: Any = dataclasses.MISSING, least: int = 0, most: int = LARGEST) -> Any:
    """A decimal number from `least` to `most`, given as a number or as decimal text."""
    return _field(default, lambda name, value: _decimal(name, value, least, most))


def count(*, default: Any = dataclasses.MISSING, least: int = 0, most: int = LARGEST) -> Any:
    """A whole number from `least` to `most`."""
    return _field(default, lambda name, value: _whole(name, value, least, most))


def flag(*, default: bool) -> Any:
    """true or false."""

    def read(name: str, value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise InvalidInput(name, f"{name} must be true or false, not {shown(value)}.")

    return _field(default, read)


def choice(*options: Any, default: Any = dataclasses.MISSING) -> Any:
    """One of a few words or numbers."""

    def read(name: str, value: object) -> object:
        if not isinstance(value, bool) and value in options:
            return options[options.index(value)]
        words = ", ".join(str(option) for option in options)
        raise InvalidInput(name, f"{name} cannot be {shown(value)}: choose from {words}.")

    return _field(default, read)


def text(*, default: Any = dataclasses.MISSING) -> Any:
    """A word."""

    def read(name: str, value: object) -> str:
        if isinstance(value, str) and value:
            return value
        raise InvalidInput(name, f"{name} must be a word, not {shown(value)}.")

    return _field(default, read)


def part(kind: type[Any]) -> Any:
    """A nested object, absent by default."""
    return _field(None, lambda name, value: read_fields(kind, value, prefix=f"{name}."))


def custom(read: Reader, *, default: Any) -> Any:
    """A field with its own reader."""
    return _field(default, read)


def read_fields(kind: type[T], values: object, *, prefix: str = "") -> T:
    """Build `kind` from a JSON object; null means the default.

    Raises:
        InvalidInput: for the first invalid value, with a sentence naming the dotted field.
    """
    if not isinstance(values, Mapping):
        name = prefix.rstrip(".") or "usage"
        raise InvalidInput(name, f"{name} must be a JSON object, not {shown(values)}.")
    known = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise InvalidInput(
                f"{prefix}{name}", f"{prefix}{name} is not a known field.", hint=_near(name, known)
            )
    given = {
        name: known[name].metadata["read"](f"{prefix}{name}", value)
        for name, value in values.items()
        if value is not None
    }
    for name, field in known.items():
        if name not in given and field.default is dataclasses.MISSING:
            raise InvalidInput(f"{prefix}{name}", f"{prefix}{name} is needed.")
    return kind(**given)


def shown(value: object) -> str:
    """A value as the user wrote it, shortened."""
    written = str(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else repr(value)
    return written if len(written) <= 60 else f"{written[:57]}..."


def _field(default: Any, read: Reader) -> Any:
    return dataclasses.field(default=default, metadata={"read": read})


def _near(name: object, known: Mapping[str, Any]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (only for a typing slip)

    near = get_close_matches(str(name), known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."


def _decimal(name: str, value: object, least: int, most: int) -> Decimal:
    number = None
    if isinstance(value, Decimal | int | float | str) and not isinstance(value, bool):
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            number = None
    if number is None or not number.is_finite():
        raise InvalidInput(name, f"{name} must be a number, not {shown(value)}.")
    if not least <= number <= most:
        raise InvalidInput(name, f"{name} cannot be {shown(value)}: it goes from {least} to {most:,}.")
    return number


def _whole(name: str, value: object, least: int, most: int) -> int:
    number = _decimal(name, value, least, most)
    if number != int(number):
        raise InvalidInput(name, f"{name} must be a whole number, not {shown(value)}.")
    return int(number)
