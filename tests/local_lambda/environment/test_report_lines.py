"""The platform's log lines against real ones, and through our own parser."""

from __future__ import annotations

import pytest

from lambda_tui.local_lambda.environment.report import InvocationReport, exit_text, init_report_line, log_tail
from lambda_tui.results.report_parser import parse_report

# Real lines: warm (ubc-cirrus-lab/demystifying-serverless-costs), cold with billed INIT, an import error.
REAL = {
    "warm": (
        InvocationReport("94f4a28a-dbe3-4114-9f2b-0b3ae40f4dbc", 155.51, 1769, 40),
        "REPORT RequestId: 94f4a28a-dbe3-4114-9f2b-0b3ae40f4dbc\tDuration: 155.51 ms\t"
        "Billed Duration: 156 ms\tMemory Size: 1769 MB\tMax Memory Used: 40 MB\t\n",
    ),
    "cold": (
        InvocationReport("b92a770e-7c92-4a13-84e3-613428ff991f", 3.10, 2048, 95, init_ms=542.01),
        "REPORT RequestId: b92a770e-7c92-4a13-84e3-613428ff991f\tDuration: 3.10 ms\t"
        "Billed Duration: 546 ms\tMemory Size: 2048 MB\tMax Memory Used: 95 MB\tInit Duration: 542.01 ms\t\n",
    ),
    "error": (
        InvocationReport(
            "25a27ba9-e9af-489b-af00-005778ebb745",
            97.30,
            1024,
            43,
            status="error",
            error_type="Runtime.ImportModuleError",
        ),
        "REPORT RequestId: 25a27ba9-e9af-489b-af00-005778ebb745\tDuration: 97.30 ms\t"
        "Billed Duration: 98 ms\tMemory Size: 1024 MB\tMax Memory Used: 43 MB\t"
        "Status: error\tError Type: Runtime.ImportModuleError\n",
    ),
}


@pytest.mark.parametrize("case", REAL)
def test_a_report_is_written_as_lambda_writes_it(case: str) -> None:
    report, line = REAL[case]
    assert report.line() == line
    parsed = parse_report(line)
    assert parsed is not None
    assert (parsed.billed_ms, parsed.init_ms) == (report.billed_ms, report.init_ms)
    assert parsed.status == (report.status or "success")


@pytest.mark.parametrize(
    ("duration_ms", "init_ms", "billed_ms"),
    [
        (0.0, None, 1),
        (1.0, None, 1),
        (17.0000001, None, 18),  # displayed as 17.00
        (1233.96, 463.512, 1698),  # a real platform.report of October 2026
        (133.61, 80.0, 214),
    ],
)
def test_billing_rounds_the_unrounded_sum_up(
    duration_ms: float, init_ms: float | None, billed_ms: int
) -> None:
    assert InvocationReport("id", duration_ms, 128, 30, init_ms).billed_ms == billed_ms


def test_a_failed_init() -> None:
    assert init_report_line(229.221, "error", "Runtime.ImportModuleError") == (
        "INIT_REPORT Init Duration: 229.22 ms\tPhase: init\tStatus: error\t"
        "Error Type: Runtime.ImportModuleError\n"
    )
    assert init_report_line(10_000, "timeout", "").endswith("Status: timeout\n")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (-9, "Runtime exited with error: signal: killed"),
        (-15, "Runtime exited with error: signal: terminated"),
        (-6, "Runtime exited with error: signal: aborted"),
    ],
)
def test_how_an_exit_is_worded(status: int, text: str) -> None:
    assert exit_text(status) == text


def test_the_tail_is_bytes_not_characters() -> None:
    assert log_tail("ü".encode() * 4096) == "ü".encode() * 2048
    assert log_tail(b"short") == b"short"
