"""REPORT lines broken anywhere, coloured, or with blanks for tabs say what they said before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.results import parse_reports
from lambda_tui.results.report import PhaseReport
from lambda_tui.results.report_parser import parse_log
from lambda_tui.results.wrapped_lines import unwrapped, without_escapes

LINES: list[tuple[str, dict[str, Any]]] = [
    (" ".join(line["text"].split()), {**line["expected"], "phase": None})
    for line in json.loads((Path(__file__).parent / "data" / "report_lines.json").read_text(encoding="utf-8"))
    if line["expected"] is not None and "{" not in line["text"]
]
BEFORE, AFTER = "START RequestId: a Version: $LATEST", "END RequestId: a"
COLOURS = ("\x1b[32m", "\x1b[0m", "\x1b[1;38;5;214m", "\x1b]8;;https://example.com\x1b\\", "\x1b[K")


def documents(lines: list[str]) -> list[dict[str, Any]]:
    return [report.to_document() for report in parse_reports(lines)]


@pytest.mark.parametrize(("text", "expected"), LINES, ids=[text[-40:] for text, _ in LINES])
@pytest.mark.parametrize("eats_blanks", [False, True])
def test_a_line_broken_at_any_column(text: str, expected: dict[str, Any], eats_blanks: bool) -> None:
    for column in range(1, len(text)):
        first, second = text[:column], text[column:]
        if eats_blanks:
            first, second = first.rstrip(), second.lstrip()
        assert documents([BEFORE, first, second, AFTER]) == [expected], (first, second)


@given(st.sampled_from(LINES), st.integers(12, 200), st.booleans(), st.lists(st.sampled_from(COLOURS)))
def test_a_narrow_window_with_colours(
    line: tuple[str, dict[str, Any]], columns: int, indented: bool, colours: list[str]
) -> None:
    text, expected = line
    text = text.partition("REPORT")[1] + text.partition("REPORT")[2]
    pieces = [text[start : start + columns] for start in range(0, len(text), columns)]
    if indented:
        pieces = [pieces[0], *(f"    {piece}" for piece in pieces[1:])]
    for number, colour in enumerate(colours):
        place = number % len(pieces)
        pieces[place] = f"{colour}{pieces[place]}{colour}"
    assert documents([BEFORE, *pieces, AFTER]) == [expected]


@given(st.lists(st.text(alphabet="RESTOINPDu: 19ms\t.MB_\x1b[", max_size=40), max_size=12))
def test_noise_is_kept_as_it_is_but_for_escapes(lines: list[str]) -> None:
    out = list(unwrapped(lines))
    assert len(out) <= len(lines)
    if not any("REPORT" in without_escapes("".join(lines[start:])) for start in range(len(lines))):
        assert out == [without_escapes(line) for line in lines]


def test_what_comes_after_a_report_is_not_taken_for_a_part_of_it() -> None:
    whole = (
        "REPORT RequestId: 94f4a28a-dbe3-4114-9f2b-0b3ae40f4dbc\tDuration: 1.00 ms\tBilled Duration: 1 ms\t"
    )
    lines = [f"{whole}Memory Size: 128 MB\t", "Status of the queue: fine", "Max wait: 3 ms", "", whole]
    assert list(unwrapped(lines)) == lines
    (report,) = parse_reports(lines)
    assert (report.status, report.max_memory_used_mb) == ("success", None)


def test_init_duration_first_and_blanks_for_tabs() -> None:
    text = "REPORT Init Duration: 200.11 ms Duration: 3.00 ms Billed Duration: 204 ms Memory Size: 128 MB"
    (report,) = parse_reports([f"\x1b[36m2026-11-28T08:00:00\x1b[0m \x1b[1mREPORT\x1b[0m{text[6:]}"])
    assert (report.init_ms, report.duration_ms, report.billed_ms) == (200.11, 3.0, 204)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "INIT_REPORT Init Duration: 3003.83 ms\tPhase: invoke\tStatus: timeout",
            PhaseReport("invoke", 3003.83, None, "timeout"),
        ),
        (
            "INIT_REPORT Init Duration: 1236.04 ms Phase: init Status: error Error Type: Extension.Crash",
            PhaseReport("init", 1236.04, None, "error", "Extension.Crash"),
        ),
        (
            "RESTORE_REPORT Restore Duration: 10.5 ms\tStatus: error\tError Type: Runtime.ExitError",
            PhaseReport("restore", None, 10.5, "error", "Runtime.ExitError"),
        ),
        (
            '{"type":"platform.initReport","record":{"phase":"init","status":"success",'
            '"metrics":{"durationMs":125.33}}}',
            PhaseReport("init", 125.33),
        ),
    ],
)
def test_a_phase_is_no_invocation_and_is_reported_as_one(text: str, expected: PhaseReport) -> None:
    assert list(parse_log([text])) == [expected]
    assert list(parse_reports([text])) == []
    document = expected.to_document()
    assert document["phase"] == expected.phase
    assert document["billed_ms"] is None
