"""What came back: invocation records, REPORT lines, statistics."""

from lambda_tui.results.answered import AnsweredText
from lambda_tui.results.invocation import CpuUse, Invocation, InvocationError, InvocationStatus
from lambda_tui.results.report import Report
from lambda_tui.results.report_parser import parse_report, parse_reports
from lambda_tui.results.statistics import Distribution, RunStatistics, Summary

__all__ = [
    "AnsweredText",
    "CpuUse",
    "Distribution",
    "Invocation",
    "InvocationError",
    "InvocationStatus",
    "Report",
    "RunStatistics",
    "Summary",
    "parse_report",
    "parse_reports",
]
