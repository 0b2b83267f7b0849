"""The rows of the feed as text, and what it takes to be among them."""

from __future__ import annotations

from collections.abc import Callable

from lambda_tui.results import Invocation
from lambda_tui.results.answered import failed_items
from lambda_tui.runs.host import is_host_limited
from lambda_tui.scenario import Scenario
from lambda_tui.wording.failures import failure_text
from lambda_tui.wording.numbers import NOTHING, format_usd, ms_number

COLUMNS: tuple[tuple[str, int], ...] = (
    ("#", 7), ("started s", 10), ("latency ms", 11), ("duration ms", 12), ("billed ms", 10), ("init ms", 8),
    ("mem MB", 8), ("cost", 13), ("env", 10),
)  # fmt: skip
"""Heads and widths; numbers are set right. The status takes what is left."""

ROOMY_FROM = sum(width for _, width in COLUMNS) + len("  ◆ cold · warm-up")
LEFT_OUT = frozenset({"started s", "mem MB", "env"})
"""What a narrow feed does without, so that the status, and with it every error, can be read."""


def columns_for(width: int) -> frozenset[str]:
    """The columns that a feed of that many cells shows beside the status."""
    names = frozenset(name for name, _ in COLUMNS)
    return names if width >= ROOMY_FROM else names - LEFT_OUT


ALL = columns_for(ROOMY_FROM)

Wanted = Callable[[Invocation], bool]


def feed_head(columns: frozenset[str] = ALL) -> str:
    """The heads of the columns."""
    return _row(tuple(title for title, _ in COLUMNS), columns) + "  status"


def feed_row(invocation: Invocation, columns: frozenset[str] = ALL, scenario: Scenario | None = None) -> str:
    """The cells of one invocation, in the widths of COLUMNS; with a scenario, time lost to the host."""
    report = invocation.report
    values = (
        f"{invocation.index + 1:,}",
        f"{invocation.started_ms / 1000:.2f}",
        ms_number(invocation.latency_ms),
        ms_number(invocation.duration_ms),
        NOTHING if report is None else f"{report.billed_ms:,}",
        ms_number(report.init_ms) if report is not None and report.init_ms is not None else "",
        NOTHING if report is None or report.max_memory_used_mb is None else f"{report.max_memory_used_mb}",
        format_usd(invocation.usd),
        (invocation.environment_id or NOTHING)[-8:],
    )
    host = " · ≈ host" if scenario is not None and is_host_limited(invocation, scenario) else ""
    return _row(values, columns) + "  " + status_text(invocation) + host


def _row(values: tuple[str, ...], columns: frozenset[str]) -> str:
    cells = zip(values, COLUMNS, strict=True)
    return "".join(f"{value:>{width}}" for value, (name, width) in cells if name in columns)


def status_text(invocation: Invocation) -> str:
    """`ok`, `◆ cold`, or the error with its mark."""
    if invocation.status == "ok":
        failed = failed_items(invocation)
        words = ["◆ cold" if invocation.cold else "ok", "warm-up" if invocation.warmup else ""]
        words.append(f"{failed} of the batch failed" if failed else "")
        return " · ".join(word for word in words if word)
    mark = "▼" if invocation.status == "throttled" else "✗"
    error = invocation.error
    return (
        f"{mark} {invocation.status}"
        if error is None
        else f"{mark} {failure_text(error.type, error.message)}"
    )


def wanted(text: str) -> Wanted:
    """What a filter of words lets pass: all of them, each in the status, the error or the environment's name,
    or `>N` and `<N` for a duration (the latency where there is none) in ms."""
    checks = [_check(word) for word in text.lower().split()]
    return lambda invocation: all(check(invocation) for check in checks)


def _check(word: str) -> Wanted:
    sign, number = word[0], word[1:].replace(",", "").replace(".", "", 1)
    if sign in "<>" and number.isdigit():
        limit_ms = float(word[1:].replace(",", ""))
        return lambda invocation: (_length_ms(invocation) > limit_ms) == (sign == ">")
    return lambda invocation: word in _searched(invocation)


def _searched(invocation: Invocation) -> str:
    words = (invocation.status, status_text(invocation), invocation.environment_id or "")
    return " ".join(words).lower()


def _length_ms(invocation: Invocation) -> float:
    duration_ms = invocation.duration_ms
    return invocation.latency_ms if duration_ms is None else duration_ms
