"""`lambda-tui report` on a stream."""

from __future__ import annotations

import json

from click.testing import CliRunner

from lambda_tui.cli.commands.report import command
from lambda_tui.errors import LambdaTuiError

LINE = "REPORT RequestId: a\tDuration: 3.10 ms\tBilled Duration: 546 ms\tMemory Size: 2048 MB\t"


def test_each_report_becomes_one_line_of_json() -> None:
    log = f"START RequestId: a\n{LINE}\n\nXRAY TraceId: 1-6a\n{LINE}Init Duration: 542.01 ms\t\n"
    result = CliRunner().invoke(command, input=log)
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["billed_ms"] == 546
    assert first["init_ms"] is None
    assert second["init_ms"] == 542.01
    assert list(first) == [
        "request_id", "duration_ms", "billed_ms", "memory_mb", "max_memory_used_mb", "init_ms", "restore_ms",
        "billed_restore_ms", "status", "error_type", "xray_trace_id", "phase",
    ]  # fmt: skip


def test_bytes_that_are_not_utf8_do_no_harm() -> None:
    result = CliRunner().invoke(command, input=b"\xff\xfe\x9f\n" + LINE.encode())
    assert json.loads(result.stdout)["memory_mb"] == 2048


def test_no_report_is_a_message() -> None:
    result = CliRunner().invoke(command, input="hello\n")
    assert isinstance(result.exception, LambdaTuiError)
    assert result.exception.exit_code == 1
    assert result.stdout == ""
    assert "No REPORT line" in str(result.exception)
