"""Constraints of the service model that botocore leaves to the server: patterns, enums, lengths, ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambda_tui.local_lambda.http.errors import violation

_UNBOUNDED = float("inf")


def violations(shape: Shape, value: Any, member: str = "") -> Iterator[str]:
    """One sentence, in Lambda's wording, for each broken constraint; values of a wrong type are skipped."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, inner in shape.members.items():
            if name in value:
                yield from violations(inner, value[name], _path(member, name))
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _of_size(shape, value, len(value), member, "length")
        for index, item in enumerate(value, 1):
            yield from violations(shape.member, item, f"{member}.{index}.member")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, item in value.items():
            yield from violations(shape.key, key, member)
            yield from violations(shape.value, item, f"{member}.{key}")
    elif isinstance(value, str):
        yield from _of_text(shape, value, member)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _of_size(shape, value, value, member, "value")


def _path(member: str, name: str) -> str:
    own = name[0].lower() + name[1:]
    return f"{member}.{own}" if member else own


def _of_size(shape: Shape, value: object, size: float, member: str, what: str) -> Iterator[str]:
    if size < shape.metadata.get("min", -_UNBOUNDED):
        bound = shape.metadata["min"]
        yield violation(value, member, f"Member must have {what} greater than or equal to {bound}")
    if size > shape.metadata.get("max", _UNBOUNDED):
        bound = shape.metadata["max"]
        yield violation(value, member, f"Member must have {what} less than or equal to {bound}")


def _of_text(shape: Shape, value: str, member: str) -> Iterator[str]:
    if shape.type_name != "string":
        return
    yield from _of_size(shape, value, len(value), member, "length")
    shown = "***" if shape.metadata.get("sensitive") else value
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not _compiled(pattern).fullmatch(value):
        yield violation(shown, member, f"Member must satisfy regular expression pattern: {pattern}")
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        yield violation(value, member, f"Member must satisfy enum value set: [{', '.join(enum)}]")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    # The model's are Java's: Python has no \p classes.
    for java, python in ((r"\p{L}", r"\w"), (r"\p{Z}", r"\s"), (r"\p{N}", r"\d")):
        pattern = pattern.replace(java, python)
    return re.compile(pattern)
