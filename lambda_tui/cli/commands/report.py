"""`lambda-tui report`: REPORT lines from stdin to one JSON object per line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import click

from lambda_tui.errors import LambdaTuiError
from lambda_tui.results.report_parser import parse_log

_LONGEST_LINE = 1 << 20


@click.command("report", short_help="Read REPORT lines from stdin, print one JSON object per line.")
@click.option("--json", "_json", is_flag=True, help="Accepted for symmetry; the output is always JSON.")
def command(_json: bool) -> None:
    """Parse Lambda's REPORT lines from stdin and print one JSON object for each.

    Reads text with or without other log lines around it, platform.report JSON events, and the JSON that
    `aws logs` prints. Example: aws logs tail /aws/lambda/NAME | lambda-tui report
    """
    has_report = False
    for report in parse_log(_stdin_lines()):
        has_report = True
        click.echo(json.dumps(report.to_document()))
    if not has_report:
        raise LambdaTuiError(
            "No REPORT line or platform.report event in the input.",
            hint="Lambda writes them to the function's log group, /aws/lambda/NAME.",
        )


def _stdin_lines() -> Iterator[str]:
    """Lines of stdin; bytes that are not UTF-8 are replaced (a log tail may start inside a character)."""
    stream = sys.stdin.buffer
    while line := stream.readline(_LONGEST_LINE):
        yield line.decode("utf-8", errors="replace").rstrip("\r\n")
