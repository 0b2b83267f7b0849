"""A function's result, kept as its original text: of 100,000 results few are ever read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambda_tui.results.invocation import Invocation


class AnsweredText(Mapping[str, Any]):
    """A JSON object that is parsed when first read; `handler_ms` is known without parsing."""

    __slots__ = ("_document", "handler_ms", "text")

    def __init__(self, text: str, handler_ms: float | None) -> None:
        self.text = text
        self.handler_ms = handler_ms
        self._document: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._parsed()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parsed())

    def __len__(self) -> int:
        return len(self._parsed())

    def __repr__(self) -> str:
        return f"AnsweredText({self.text!r})"

    def _parsed(self) -> dict[str, Any]:
        if self._document is None:
            self._document = json.loads(self.text)
        return self._document


def handler_ms_of(answer: Mapping[str, Any] | None) -> float | None:
    """The payload functions' own clock; None from any other function."""
    if isinstance(answer, AnsweredText):
        return answer.handler_ms
    return None if answer is None else stated_handler_ms(answer)


def failed_items(invocation: Invocation) -> int:
    """Items of a batch that a successful invocation reported as failed; Lambda delivers those again.

    Only results that name them are parsed (AWS documentation, "Partial batch responses").
    """
    answer = invocation.payload
    if answer is None or (isinstance(answer, AnsweredText) and "batchItemFailures" not in answer.text):
        return 0
    items = answer.get("batchItemFailures")
    return len(items) if isinstance(items, list) else 0


def stated_handler_ms(document: Mapping[str, Any]) -> float | None:
    """`handler_ms` of a result that is parsed anyway; None if it is not a number."""
    value = document.get("handler_ms")
    return float(value) if isinstance(value, int | float) else None
