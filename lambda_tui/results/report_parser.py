"""Reading Lambda's REPORT lines and platform.report events out of any log text.

The text form is `REPORT` followed by `Key: value [unit]` fields in any order, separated by tabs or
spaces, with the X-Ray fields sometimes on the next physical line. Fields are read one after another
from there, never searched for, because `Duration` is a suffix of four other keys. A field that is
known and cannot be read makes the whole report unreadable: a wrong number is worse than none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambda_tui.results.report import PhaseReport, Report
from lambda_tui.results.report_event import PHASE_EVENTS, phase_from_event, report_from_event
from lambda_tui.results.wrapped_lines import unwrapped

_KEYS = {
    "RequestId": ("request_id", ""),
    "Duration": ("duration_ms", "ms"),
    "Billed Duration": ("billed_ms", "ms"),
    "Memory Size": ("memory_mb", "MB"),
    "Max Memory Used": ("max_memory_used_mb", "MB"),
    "Init Duration": ("init_ms", "ms"),
    "Restore Duration": ("restore_ms", "ms"),
    "Billed Restore Duration": ("billed_restore_ms", "ms"),
    "Status": ("status", ""),
    "Error Type": ("error_type", ""),
    "XRAY TraceId": ("xray_trace_id", ""),
    "SegmentId": ("", ""),
    "Sampled": ("", ""),
    "Phase": ("phase", ""),
}
_DECIMAL_FIELDS = frozenset({"duration_ms", "init_ms", "restore_ms"})
_KNOWN = "|".join(sorted(_KEYS, key=len, reverse=True))
_FIELD = re.compile(
    rf"\s*({_KNOWN}|[A-Z][A-Za-z]*(?: [A-Z][A-Za-z]*)*):"
    rf"(?:\s+(?!(?:{_KNOWN}):)([^\s\",]+)(?:\s*(?<=\s)(ms|MB)(?![A-Za-z]))?)?"
)
_CLOSING = re.compile(
    rb"\nREPORT RequestId: ([0-9A-Za-z-]+)\t"
    rb"Duration: (\d{1,12}(?:\.\d{1,9})?) ms\tBilled Duration: (\d{1,12}) ms\t"
    rb"Memory Size: (\d{1,12}) MB\tMax Memory Used: (\d{1,12}) MB\t"
    rb"(?:Init Duration: (\d{1,12}(?:\.\d{1,9})?) ms\t)?\s*\Z"
)
_DECIMAL = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
_WHOLE = re.compile(r"\d{1,12}")
_REPORT_WORD = re.compile(r"(?<![^\W])(INIT_|RESTORE_)?REPORT(?=\s|\\t)")
_LONGEST_REPORT = 2000
_LONGEST_JSON_LINES = 400


def parse_report(text: str) -> Report | None:
    """The last REPORT in a piece of log (a 4 KB tail, a line, a JSON event); None if there is none.

    INIT_REPORT and RESTORE_REPORT are not invocations. A report with an unreadable field gives None.
    """
    if "platform.report" in text or text.lstrip()[:1] in ("{", "["):
        reports = [report for report in _reports_in(text) if isinstance(report, Report)]
        return reports[-1] if reports else None
    start = _last_start(text)
    return None if start < 0 else _from_text(text, start)


def closing_report(tail: bytes) -> Report | None:
    """What `parse_report` finds in log text that ends in a REPORT in Lambda's usual form; otherwise None.

    A quarter of the time, which counts when tens of thousands come in a second.
    """
    start = tail.rfind(b"\nREPORT RequestId: ")
    match = _CLOSING.match(tail, start) if start >= 0 else None
    if match is None:
        return None
    request_id, duration_ms, billed_ms, memory_mb, used_mb, init_ms = match.groups()
    return Report(
        request_id.decode(),
        float(duration_ms),
        int(billed_ms),
        int(memory_mb),
        int(used_mb),
        None if init_ms is None else float(init_ms),
    )


def parse_reports(lines: Iterable[str]) -> Iterator[Report]:
    """Every invocation's report in a stream of log lines: text, JSON events, and exports that wrap either."""
    return (report for report in parse_log(lines) if isinstance(report, Report))


def parse_log(lines: Iterable[str]) -> Iterator[Report | PhaseReport]:
    """Every report in a stream of log lines, in order, those of phases as well.

    Lines may be broken anywhere and coloured, as terminals and web pages do.
    """
    for chunk in _chunks(unwrapped(lines)):
        yield from _reports_in(chunk)


def _chunks(lines: Iterable[str]) -> Iterator[str]:
    """Physical lines, with an X-Ray line joined to its REPORT and a pretty-printed JSON value in one."""
    held = ""
    document: list[str] = []
    for line in lines:
        if document:
            document.append(line)
            if line.strip() in ("}", "]") and (text := "\n".join(document)) and _is_json(text):
                yield text
                document = []
            elif len(document) >= _LONGEST_JSON_LINES:
                yield from document
                document = []
            continue
        if held and line.lstrip().startswith("XRAY TraceId"):
            yield f"{held.rstrip()}\t{line.strip()}"
            held = ""
            continue
        if held:
            yield held
            held = ""
        if line.strip() in ("{", "["):
            document = [line]
        elif "REPORT" in line:
            held = line
        else:
            yield line
    if held:
        yield held
    yield from document


def _is_json(text: str) -> bool:
    return _loads(text) is not None


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _reports_in(text: str) -> Iterator[Report | PhaseReport]:
    if "platform.report" in text or text.lstrip()[:1] in ("{", "["):
        value = _loads(text)
        if value is not None:
            yield from _reports_in_json(value)
            return
        if "platform.report" in text:
            yield from _events_among_lines(text)
            return
    for start in _REPORT_WORD.finditer(text):
        report = _from_text(text, start.end()) if not start[1] else _phase_from_text(text, start)
        if report is not None:
            yield report


def _reports_in_json(value: Any) -> Iterator[Report | PhaseReport]:
    """Reports in a JSON value: a platform.report event, or log messages wrapped by an export."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            kind = item.get("type")
            if kind == "platform.report" or kind in PHASE_EVENTS:
                event = report_from_event(item) if kind == "platform.report" else phase_from_event(item)
                if event is not None:
                    yield event
            else:
                pending += reversed(list(item.values()))
        elif isinstance(item, list):
            pending += reversed(item)
        elif isinstance(item, str) and ("REPORT" in item or "platform.report" in item):
            yield from _reports_in(item)


def _events_among_lines(text: str) -> Iterator[Report | PhaseReport]:
    """JSON events on lines of other text, behind a prefix, or escaped inside an export's string."""
    for line in text.splitlines():
        if "platform.report" not in line:
            if "REPORT" in line:
                yield from _reports_in(line)
            continue
        start, end = line.find("{"), line.rfind("}") + 1
        value = _loads(line[start:end]) if start >= 0 else None
        if value is None and start >= 0:
            value = _loads(f'"{line[start:end]}"')
        if value is not None:
            yield from _reports_in_json(value)


def _last_start(text: str) -> int:
    """The end of the last `REPORT` that begins a report of an invocation; -1 if there is none."""
    # From the end: a 4 KB tail is searched for each invocation, and its REPORT is the last line.
    position = text.rfind("REPORT")
    while position >= 0 and not _is_start(text, position):
        position = text.rfind("REPORT", 0, position)
    return position + len("REPORT") if position >= 0 else -1


def _is_start(text: str, position: int) -> bool:
    before = text[position - 1] if position else " "
    after = text[position + 6 : position + 8]
    return not (before.isalnum() or before == "_") and (after[:1].isspace() or after == "\\t")


def _phase_from_text(text: str, start: re.Match[str]) -> PhaseReport | None:
    """`INIT_REPORT Init Duration: 3003.83 ms\tPhase: invoke\tStatus: timeout`."""
    line = text[start.end() : start.end() + _LONGEST_REPORT].replace("\\t", "\t").partition("\n")[0]
    fields: dict[str, Any] = {}
    if not all(_read_fields(segment, fields) for segment in line.split("\t")):
        return None
    known = {
        name: fields[name] for name in ("init_ms", "restore_ms", "status", "error_type") if name in fields
    }
    if not known.keys() & {"init_ms", "restore_ms"}:
        return None
    default = "restore" if start[1] == "RESTORE_" else "init"
    return PhaseReport(phase=fields.get("phase", default), **known)


def _from_text(text: str, start: int) -> Report | None:
    line = text[start : start + _LONGEST_REPORT]
    if "\\t" in line or "\\n" in line:
        line = line.replace("\\t", "\t").replace("\\n", "\n")
    line, _, rest = line.partition("\n")
    following = rest.lstrip()
    if following.startswith("XRAY TraceId"):
        line = f"{line}\t{following.partition(chr(10))[0]}"
    fields: dict[str, Any] = {}
    for segment in line.split("\t"):
        if not _read_fields(segment, fields):
            return None
    fields.pop("phase", None)
    if not {"duration_ms", "billed_ms", "memory_mb"} <= fields.keys():
        return None
    return Report(request_id=fields.pop("request_id", None), **fields)


def _read_fields(segment: str, fields: dict[str, Any]) -> bool:
    """Read the fields of one tab-separated segment (all of them where tabs were flattened).

    Returns False when a known field has no readable value, or appears twice.
    """
    match = _FIELD.match(segment)
    while match is not None:
        key, value, unit = match.groups()
        name, wanted_unit = _KEYS.get(key, ("", ""))
        if name and wanted_unit:
            number = _number(name, value or "") if unit == wanted_unit else None
            if number is None or name in fields:
                return False
            fields[name] = number
        elif name and value:
            fields.setdefault(name, value)
        match = _FIELD.match(segment, match.end())
    return True


def _number(name: str, text: str) -> float | int | None:
    if name in _DECIMAL_FIELDS:
        return float(text) if _DECIMAL.fullmatch(text) else None
    return int(text) if _WHOLE.fullmatch(text) else None
