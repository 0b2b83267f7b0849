"""What the help and the explanations say."""

from __future__ import annotations

import os

from textual.content import Content

from lambda_tui.aws_facts import vcpus_of
from lambda_tui.runs.host import wanted_cpus
from lambda_tui.runs.target import TargetKind
from lambda_tui.scenario import Scenario
from lambda_tui.tui.dialogs.reading import help_content
from lambda_tui.wording.numbers import format_vcpus, plural
from lambda_tui.wording.scenarios import work_text

KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Run",
        (
            ("Enter", "run what the form says, from anywhere"),
            ("a", "the same scenario through all seven models, side by side"),
            ("Esc", "stop the run; then back from the comparison"),
            ("z Space", "freeze the view to look closer; the run goes on, z again shows where it is"),
            ("r", "restart the local Lambda after it went away"),
        ),
    ),
    (
        "Move",
        (
            ("Tab ↑ ↓", "from field to field; j and k as well"),
            ("← →", "change a slider or a list; h and l as well"),
            ("Space", "open a list"),
            ("[ ]", "previous and next pane, where they are tabs"),
        ),
    ),
    (
        "Numbers",
        (
            ("x", "explain the bill: formulas with the values in them, rates, their date and source"),
            ("y", "copy a summary of the run to the clipboard"),
            ("e", "export the run as a JSON document"),
        ),
    ),
    (
        "Invocations",
        (
            ("/", "only some rows: words of the status or the environment, >500 for longer than 500 ms"),
            ("f", "follow the newest row; scrolling back or choosing a row ends it"),
        ),
    ),
    (
        "Program",
        (("? F1", "this help"), ("Ctrl+P", "all commands"), ("t", "next theme"), ("q", "quit")),
    ),
)

PARAGRAPHS: tuple[tuple[str, str], ...] = (
    (
        "Duration per invocation",
        "One point an invocation, in order: the time Lambda itself reports and bills for the handler. "
        "A diamond is a cold start; its init time is billed too and stands apart. Dimmed points behind are "
        "the run before this one. Marks on the axis are errors and throttles. A dimmed percentile has "
        "too few invocations behind it to be told from the maximum.",
    ),
    (
        "Latency and service time",
        "Latency, in the list of invocations, counts from the intended start to the answer: what somebody "
        "who comes at that moment waits. Service time, in exports, counts from the actual start: the same "
        "without the delay of the start.",
    ),
    (
        "Task by task",
        "The last invocation, or the row chosen in the feed. Each bar is one task from start to end. Bars "
        "below each other in a staircase waited for one another; bars in a wall ran at the same time. The "
        "caption compares CPU time with elapsed time: what is left was waiting, and waiting is billed.",
    ),
    (
        "Bill",
        "Lambda bills requests and GB-seconds: memory in GB times billed seconds, rounded up to the "
        "millisecond, init included. Less time at the same memory is less money, in proportion. Free tier "
        "and discounts are not deducted.",
    ),
    (
        "Memory",
        "Lambda gives CPU in proportion to memory: 1,769 MB buy one vCPU. A function that waits does not "
        "get faster with more; one that computes does, until it runs out of threads to use it.",
    ),
)


def help_text() -> Content:
    """Keys in groups, then a paragraph a pane."""
    return help_content(KEYS, PARAGRAPHS)


MARGINAL_PRICES = "On demand, first volume tier, without the free tier: what one more invocation costs."
"""Which prices the bill of a run is made of."""


def cpu_line(memory_mb: int, kind: TargetKind) -> str:
    """The CPU share of a memory size, and what this host can show of it."""
    vcpus = vcpus_of(memory_mb)
    cores = os.cpu_count() or 1
    limited = kind == "local" and vcpus > cores
    return format_vcpus(vcpus) + (f" · host shows at most {cores}" if limited else "")


def promise_line(scenario: Scenario, kind: TargetKind) -> str:
    """What Enter will do, and what it costs."""
    doing = f"Enter invokes it {plural(scenario.planned_invocations, 'time')}"
    if kind == "local" and wanted_cpus(scenario) > (os.cpu_count() or 1):
        return (
            f"{doing} and asks for {wanted_cpus(scenario):.1f} CPUs; this host has {os.cpu_count()}: "
            "what that costs is marked ≈ and not taken for Lambda's."
        )
    if kind == "local":
        return f"{doing} on this machine. Costs nothing: the bill is what AWS would charge."
    return f"{doing} on a real account. The spend is estimated and asked first."


def welcome_lines(scenario: Scenario, kind: TargetKind) -> tuple[str, ...]:
    """For the chart while it is empty: what Enter will measure, and what it costs."""
    costs = "It runs on this machine and costs nothing."
    if kind != "local":
        costs = "You are asked before money is spent."
    work = f"{work_text(scenario)}, {scenario.concurrency}"
    return ("Press Enter ⏎", f"{work}, {plural(scenario.planned_invocations, 'time')}.", costs)
