"""REPORT lines as people paste them: broken by a terminal or a web page, coloured, with blanks for tabs.

A break can be anywhere, in the middle of a number as well, and may or may not have eaten a blank. So blanks
are left out altogether: without them the fields of a REPORT still follow one another without doubt, because
every value has a form of its own. A line goes on in the next one only where that makes more of it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""Control sequences (ECMA-48): colours and other attributes, links, titles."""

_KEYWORDS = ("INIT_REPORT", "RESTORE_REPORT", "REPORT")
_START = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_KEYWORDS)})(?=\s|$)")

_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_MS, _WHOLE_MS, _MB = r"\d{1,12}(?:\.\d{1,9})?ms", r"\d{1,12}ms", r"\d{1,12}MB"
_ERROR_TYPES = (
    "Runtime.ExitError", "Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Runtime.OutOfMemory",
    "Runtime.UserCodeSyntaxError", "Runtime.MarshalError", "Runtime.InvalidEntrypoint", "Runtime.Unknown",
    "Runtime.NodeJsExit", "Runtime.UnhandledPromiseRejection", "Extension.Crash", "Extension.LaunchError",
    "Extension.InitError", "Extension.ExitError", "Sandbox.Timedout", "Sandbox.Failure", "Task.Timedout",
    "Function.ResponseSizeTooLarge", "Function.Unhandled", "Unhandled",
)  # fmt: skip
"""Known in full, so that a break inside one is noticed; any other ends with its line."""

_FIELDS: dict[str, str] = {
    "RequestId": _UUID,
    "Duration": _MS,
    "Billed Duration": _WHOLE_MS,
    "Memory Size": _MB,
    "Max Memory Used": _MB,
    "Init Duration": _MS,
    "Restore Duration": _MS,
    "Billed Restore Duration": _WHOLE_MS,
    "Phase": "init|invoke|restore",
    "Status": "success|error|failure|timeout",
    "Error Type": "|".join(re.escape(name) for name in sorted(_ERROR_TYPES, key=len, reverse=True)),
    "XRAY TraceId": "1-[0-9a-f]{8}-[0-9a-f]{24}",
    "SegmentId": "[0-9a-f]{16}",
    "Sampled": "true|false",
}
_BARE = {name.replace(" ", ""): name for name in _FIELDS}
_FIELD = re.compile("|".join(f"({bare}):({_FIELDS[name]})" for bare, name in _BARE.items()))
_UNITS = re.compile(r"(ms|MB)\Z")
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class _Read:
    """The fields at the beginning of a text without blanks, and what is left after them."""

    fields: tuple[tuple[str, str], ...]
    rest: str

    @property
    def may_go_on(self) -> bool:
        """What is left is nothing, or could be the beginning of another field."""
        return not self.rest or _is_beginning(self.rest, {name for name, _ in self.fields})


def without_escapes(line: str) -> str:
    """The line as a terminal shows it, without colours."""
    return _ESCAPES.sub("", line) if "\x1b" in line else line


def unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """The lines, without escape sequences, and each REPORT that goes on in the next ones as a line of its own
    in Lambda's form."""
    source = iter(lines)
    waiting: deque[str] = deque()

    def peek(number: int) -> str | None:
        while len(waiting) <= number:
            following = next(source, None)
            if following is None:
                return None
            waiting.append(without_escapes(following))
        return waiting[number]

    while (line := peek(0)) is not None:
        following = peek(1) if _ends_in_keyword(line) else None
        if following is not None and (whole := _rejoined_keyword(line, following)) is not None:
            waiting.popleft()
            waiting[0] = line = whole
        start = _START.search(line)
        if start is None or "{" in line:
            yield waiting.popleft()
            continue
        yield from _joined(line, start, peek, waiting)


def _joined(
    line: str, start: re.Match[str], peek: Callable[[int], str | None], waiting: deque[str]
) -> Iterator[str]:
    """The report that begins at `start`, with as many following lines as make more of it."""
    text = _bare(line[start.end() :])
    best, taken = _read(text), 1
    number, tried = 1, best
    while tried.may_go_on and number < _MOST_LINES:
        following = peek(number)
        if following is None or not following.strip():
            break
        text += _bare(following)
        tried = _read(text)
        number += 1
        if len(tried.fields) > len(best.fields):
            best, taken = tried, number
    if taken == 1:
        yield waiting.popleft()
        return
    for _ in range(taken):
        waiting.popleft()
    fields = "\t".join(f"{name}: {_spaced(value)}" for name, value in best.fields)
    yield f"{line[: start.start()]}{start[0]} {fields}\t"


def _spaced(value: str) -> str:
    return _UNITS.sub(r" \1", value)


def _bare(text: str) -> str:
    return "".join(text.split())


def _read(text: str) -> _Read:
    fields: list[tuple[str, str]] = []
    names: set[str] = set()
    position = 0
    while match := _FIELD.match(text, position):
        groups = [group for group in match.groups() if group is not None]
        name = _BARE[groups[0]]
        if name in names:
            break
        names.add(name)
        fields.append((name, groups[1]))
        position = match.end()
    return _Read(tuple(fields), text[position:])


def _is_beginning(rest: str, names: set[str]) -> bool:
    """`rest` is the beginning of a field that has not been there yet."""
    for bare, name in _BARE.items():
        if name in names:
            continue
        if f"{bare}:".startswith(rest):
            return True
        value = rest.removeprefix(f"{bare}:")
        if value != rest and _is_beginning_of(value, _FIELDS[name]):
            return True
    return False


def _is_beginning_of(value: str, form: str) -> bool:
    """Whether more characters could make the value one of that form."""
    if form in (_MS, _WHOLE_MS, _MB):
        return re.fullmatch(r"\d{1,12}(?:\.\d{0,9})?[mM]?", value) is not None
    if "|" in form:
        return any(word.replace("\\", "").startswith(value) for word in form.split("|"))
    return re.fullmatch(r"[0-9a-fA-F-]{0,36}", value) is not None


def _ends_in_keyword(line: str) -> bool:
    return line.rstrip()[-1:].isupper() or line.rstrip().endswith("_")


def _rejoined_keyword(line: str, following: str) -> str | None:
    """Both lines as one where the break is inside `REPORT` itself."""
    before, after = line.rstrip(), following.lstrip()
    for keyword in _KEYWORDS:
        for cut in range(1, len(keyword)):
            head, tail = keyword[:cut], keyword[cut:]
            if after.startswith(f"{tail} ") and before.endswith(head):
                start = before[: -len(head)]
                if not start or not (start[-1].isalnum() or start[-1] == "_"):
                    return f"{before}{after}"
    return None
