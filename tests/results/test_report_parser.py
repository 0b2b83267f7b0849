"""REPORT parsing: real lines, then generated ones, then noise."""

from __future__ import annotations

import json
import timeit
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_tui.results import Report, parse_report, parse_reports
from lambda_tui.results.report_parser import closing_report

REAL_LINES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "report_lines.json").read_text(encoding="utf-8")
)
for _line in REAL_LINES:
    if _line["expected"] is not None:
        _line["expected"] = {**_line["expected"], "phase": None}
PLAIN = (
    "REPORT RequestId: 94f4a28a-dbe3-4114-9f2b-0b3ae40f4dbc\tDuration: 155.51 ms\tBilled Duration: 156 ms\t"
    "Memory Size: 1769 MB\tMax Memory Used: 40 MB\tInit Duration: 80.25 ms\t\n"
)
NUMBERS = (
    "duration_ms",
    "billed_ms",
    "memory_mb",
    "max_memory_used_mb",
    "init_ms",
    "restore_ms",
    "billed_restore_ms",
)


@pytest.mark.parametrize("line", REAL_LINES, ids=lambda line: line["what"][:40])
def test_real_lines(line: dict[str, Any]) -> None:
    report = parse_report(line["text"])
    assert (None if report is None else report.to_document()) == line["expected"]
    assert list(parse_reports(line["text"].split("\n"))) == ([] if report is None else [report])


_tab = st.sampled_from(["\t", " ", "\n", "\t\t"])


@given(
    st.lists(
        st.sampled_from([PLAIN, "\n", "REPORT", "\tStatus: timeout", "XRAY TraceId: 1-2", "START\n", "é "])
    ),
    st.sampled_from(["", "Init Duration: 1.25 ms\t", "Restore Duration: 9.00 ms\t", "Status: timeout"]),
    st.sampled_from(["\n", "", "\t\n", "\n\n", "XRAY TraceId: 1-2\n", "more\n"]),
    _tab,
)
def test_the_quick_way_finds_what_the_parser_finds(before: list[str], more: str, end: str, tab: str) -> None:
    text = (
        f"{''.join(before)}\nREPORT RequestId: a-1\tDuration: 3.10 ms\tBilled Duration: 4 ms{tab}"
        f"Memory Size: 512 MB\tMax Memory Used: 40 MB\t{more}{end}"
    )
    quick = closing_report(text.encode())
    assert quick is None or quick == parse_report(text)
    assert (quick is not None) == (tab == "\t" and more[:4] in {"", "Init"} and not end.strip())


def test_all_real_lines_in_one_log() -> None:
    text = "\n".join(line["text"].rstrip("\n") for line in REAL_LINES)
    expected = [line["expected"] for line in REAL_LINES if line["expected"]]
    assert [report.to_document() for report in parse_reports(text.split("\n"))] == expected


@pytest.mark.parametrize(
    ("text", "init_ms"),
    [
        # The runtime interface emulator of 2020 put Init Duration first.
        ("REPORT RequestId: a\tInit Duration: 0.19 ms\tDuration: 3.10 ms\tBilled Duration: 100 ms\t"
         "Memory Size: 3008 MB\tMax Memory Used: 3008 MB\t", 0.19),
        # A field unknown to this parser ends in a key it knows.
        ("REPORT RequestId: a\tExtension Duration: 9.00 ms\tDuration: 3.10 ms\tBilled Duration: 100 ms\t"
         "Memory Size: 3008 MB\tMax Memory Used: 3008 MB\t", None),
        # Tabs escaped, as in the JSON that `aws logs filter-log-events` prints, line by line.
        (r'   "message": "REPORT RequestId: a\tDuration: 3.10 ms\tBilled Duration: 100 ms\t'
         r'Memory Size: 3008 MB\tMax Memory Used: 3008 MB\tInit Duration: 7.00 ms\t\n",', 7.0),
        # The X-Ray segment was cut off empty.
        ("REPORT RequestId: a Duration: 3.10 ms Billed Duration: 100 ms Memory Size: 3008 MB "
         "Max Memory Used: 3008 MB XRAY TraceId: 1-5 SegmentId: Sampled: true", None),
        # Followed on the same line by the next invocation's START.
        ("REPORT RequestId: a Duration: 3.10 ms Billed Duration: 100 ms Memory Size: 3008 MB "
         "Max Memory Used: 3008 MB START RequestId: b Version: $LATEST", None),
    ],
)  # fmt: skip
def test_shapes_of_the_text_form(text: str, init_ms: float | None) -> None:
    report = parse_report(text)
    assert report is not None
    assert (report.request_id, report.duration_ms, report.billed_ms) == ("a", 3.1, 100)
    assert (report.memory_mb, report.max_memory_used_mb, report.init_ms) == (3008, 3008, init_ms)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "REPORT",
        "REPORT RequestId: a",
        "the REPORTER wrote: Duration: 5 ms",
        "INIT_REPORT Init Duration: 10.00 ms Phase: init Status: timeout",
        "RESTORE_REPORT Restore Duration: 10.00 ms",
        PLAIN.replace("155.51", "-155.51"),
        PLAIN.replace("155.51", "1e3"),
        PLAIN.replace("155.51", "nan"),
        PLAIN.replace("156 ms", "156.5 ms"),
        PLAIN.replace("156 ms", "156 s"),
        PLAIN.replace("1769 MB", "1769 GB"),
        PLAIN.replace("80.25", "eighty"),
        PLAIN.replace("Max Memory Used: 40 MB", "Duration: 9.00 ms"),
        '{"type":"platform.report","record":{"requestId":"x","metrics":{"durationMs":"12"}}}',
        '{"type":"platform.report","record":{"requestId":"x","metrics":{"durationMs":NaN,'
        '"billedDurationMs":1,"memorySizeMB":128}}}',
        '{"type":"platform.report","record":{"requestId":"x","metrics":{"durationMs":1,'
        '"billedDurationMs":1.5,"memorySizeMB":128}}}',
        '{"type":"platform.report","record":[]}',
    ],
)
def test_what_cannot_be_read_is_no_report(text: str) -> None:
    assert parse_report(text) is None
    assert list(parse_reports(text.split("\n"))) == []


def test_the_last_report_of_a_tail_counts_even_when_the_tail_starts_inside_a_character() -> None:
    tail = b"\x9f\xa6 text\nREPORT RequestId: fake\tDuration: 1.00 ms\t\n" + PLAIN.encode()
    report = parse_report(tail.decode("utf-8", errors="replace"))
    assert report is not None
    assert report.billed_ms == 156


EVENT = {
    "time": "2026-10-08T07:30:29.470Z",
    "type": "platform.report",
    "record": {
        "requestId": "79b5e81f",
        "metrics": {"durationMs": 1233.96, "billedDurationMs": 1698, "memorySizeMB": 256},
        "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=1-69;Parent=d0;Sampled=1"},
    },
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(EVENT),
        json.dumps(EVENT, indent=2),
        json.dumps([EVENT]),
        json.dumps({"events": [{"timestamp": 1, "message": json.dumps(EVENT)}]}, indent=4),
        f"2026/10/08/[1]ab 2026-10-08T07:30:29 {json.dumps(EVENT)}",
        f'      "message": {json.dumps(json.dumps(EVENT))},',
        f"{json.dumps({'message': 'something else'})}\n{json.dumps(EVENT)}",
    ],
    ids=["line", "pretty", "array", "export", "prefixed", "escaped", "among lines"],
)
def test_json_events_in_every_wrapping(text: str) -> None:
    expected = Report(
        request_id="79b5e81f", duration_ms=1233.96, billed_ms=1698, memory_mb=256, xray_trace_id="1-69"
    )
    assert parse_report(text) == expected
    assert list(parse_reports(text.split("\n"))) == [expected]


def test_an_export_of_text_events_keeps_their_order() -> None:
    events = [{"message": PLAIN.replace("156 ms", f"{billed} ms")} for billed in (7, 8, 9)]
    text = json.dumps({"events": events}, indent=2)
    assert [report.billed_ms for report in parse_reports(text.split("\n"))] == [7, 8, 9]


DECIMALS = st.decimals(min_value=0, max_value=900_000, places=2).map(lambda value: f"{value:.2f}")
WHOLE = st.integers(min_value=0, max_value=900_000)


@st.composite
def rendered_reports(draw: st.DrawFn) -> tuple[Report, str]:
    """A report and one of the many ways to print it."""
    report = Report(
        request_id=draw(st.uuids().map(str)),
        duration_ms=float(draw(DECIMALS)),
        billed_ms=draw(WHOLE),
        memory_mb=draw(st.integers(128, 10240)),
        max_memory_used_mb=draw(st.none() | WHOLE),
        init_ms=draw(st.none() | DECIMALS.map(float)),
        restore_ms=draw(st.none() | DECIMALS.map(float)),
        billed_restore_ms=draw(st.none() | WHOLE),
        status=draw(st.sampled_from(["success", "error", "timeout"])),
        error_type=draw(st.none() | st.sampled_from(["Runtime.ExitError", "Runtime.OutOfMemory"])),
        xray_trace_id=draw(st.none() | st.just("1-6a507b87-0cc4438344b48ef127ab1931")),
    )
    printed = {
        "RequestId: {}": report.request_id,
        "Duration: {:.2f} ms": report.duration_ms,
        "Billed Duration: {} ms": report.billed_ms,
        "Memory Size: {} MB": report.memory_mb,
        "Max Memory Used: {} MB": report.max_memory_used_mb,
        "Init Duration: {:.2f} ms": report.init_ms,
        "Restore Duration: {:.2f} ms": report.restore_ms,
        "Billed Restore Duration: {} ms": report.billed_restore_ms,
        "Status: {}": report.status,
        "Error Type: {}": report.error_type,
        "XRAY TraceId: {}": report.xray_trace_id,
    }
    parts = [key.format(value) for key, value in printed.items() if value is not None]
    separator = draw(st.sampled_from(["\t", " ", "  ", " \t", "\\t"]))
    return report, "REPORT " + separator.join(draw(st.permutations(parts)))


@given(rendered_reports(), st.text(max_size=40), st.text(max_size=40))
def test_any_order_and_whitespace_amid_any_text(
    rendered: tuple[Report, str], before: str, after: str
) -> None:
    report, text = rendered
    surrounded = f"{before.replace('platform.report', '')}\n{text}\n{after.replace('XRAY', '').strip()}"
    if "REPORT" not in after:
        assert parse_report(surrounded) == report


@given(rendered_reports(), st.data())
def test_a_cut_line_never_gives_a_wrong_number(rendered: tuple[Report, str], data: st.DataObject) -> None:
    report, text = rendered
    cut = parse_report(text[: data.draw(st.integers(0, len(text)))])
    if cut is not None:
        for name in NUMBERS:
            assert getattr(cut, name) in (None, getattr(report, name))


@given(st.data())
def test_damaged_bytes_never_crash(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([line["text"] for line in REAL_LINES] + [json.dumps(EVENT, indent=1)]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    damaged = text[:start] + data.draw(st.text(max_size=12)) + text[end:]
    for report in (parse_report(damaged), *parse_reports(damaged.split("\n"))):
        if report is not None:
            assert all(0 <= value < 1e12 for name in NUMBERS if (value := getattr(report, name)) is not None)


@given(
    st.text(
        alphabet='REPORT_ {}[]":\\\tDurationBilledMemorySizeMBms0123456789.,platform.report', max_size=300
    )
)
def test_noise_never_crashes(text: str) -> None:
    parse_report(text)
    list(parse_reports(text.split("\n")))


def test_nesting_without_end_is_no_report() -> None:
    assert parse_report("[" * 100_000 + '"platform.report"') is None


def test_a_four_kilobyte_tail_is_read_quickly() -> None:
    tail = "some line of a function's own log\n" * 110 + PLAIN
    assert len(tail) > 3900
    best_s = min(timeit.repeat(lambda: parse_report(tail), number=200, repeat=5)) / 200
    assert best_s < 200e-6  # about 15 us on an idle machine


def test_the_document_has_exactly_the_contract_fields() -> None:
    names = [field.name for field in fields(Report)]
    assert names == [
        "request_id", "duration_ms", "billed_ms", "memory_mb", "max_memory_used_mb", "init_ms", "restore_ms",
        "billed_restore_ms", "status", "error_type", "xray_trace_id",
    ]  # fmt: skip
