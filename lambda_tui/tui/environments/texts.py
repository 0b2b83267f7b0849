"""What the Environments screen says: figures, the moment under the cursor, lessons, help."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from lambda_tui.load.estimate import ideal_duration_ms
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation
from lambda_tui.results.environments import EnvironmentCounts, Lane
from lambda_tui.runs.measured import per_million_usd
from lambda_tui.scenario import WAITING_WORKLOADS, ConcurrencyModel, Scenario
from lambda_tui.tui.dialogs.reading import help_content
from lambda_tui.tui.drawing.big_digits import big_digits
from lambda_tui.wording.numbers import NOTHING, format_ms, format_usd, plural

Figure = tuple[str, str, str]
"""Name, value, style."""


def _count(count: int, noun: str, style: str) -> Figure:
    return plural(count, noun).partition(" ")[2], f"{count:,}", style


def counts_figures(counts: EnvironmentCounts) -> list[Figure]:
    """The numbers above the lanes."""
    return [
        _count(counts.environments, "environment", "bold"),
        _count(counts.cold_starts, "cold start", "bold $cold"),
        ("cold share", percent(counts.cold_share), "bold $cold"),
        ("peak busy", f"{counts.peak:,}", "bold"),
        ("time busy", percent(counts.busy_share), "bold"),
        ("throttled", f"{counts.throttled:,}", "bold $error" if counts.throttled else "bold"),
        (
            "failed",
            f"{counts.failed + counts.function_errors:,}",
            _if_any(counts.failed + counts.function_errors),
        ),
    ]


def _if_any(count: int) -> str:
    return "bold $error" if count else "bold"


def percent(share: float | None) -> str:
    """`32%`, with a decimal below ten percent; a share is never rounded to none or all of it."""
    if share is None:
        return NOTHING
    if 0 < share < 0.1:
        return "<0.1%" if share < 0.001 else f"{share * 100:.1f}%"
    return f"{min(share, 0.999) * 100:.1f}%" if 0.995 <= share < 1 else f"{share * 100:.0f}%"


def big_figures(figures: Sequence[Figure], width: int) -> Content:
    """Figures in digits three rows high, their names below, evenly over `width`."""
    cell = width // max(1, len(figures))
    rows: list[Content] = []
    for row in range(3):
        rows.append(
            Content.assemble(*((f"{big_digits(value)[row]:<{cell}}", style) for _, value, style in figures))
        )
    rows.append(Content.assemble(*((f"{name[: cell - 1]:<{cell}}", "$quiet") for name, _, _ in figures)))
    return Content("\n").join(rows)


def small_figures(figures: Sequence[Figure], width: int) -> Content:
    """Figures and their names in lines of at most `width` cells."""
    lines: list[list[Content]] = [[]]
    room = width
    for name, value, style in figures:
        length = len(name) + len(value) + 4
        if length > room:
            lines.append([])
            room = width
        lines[-1].append(Content.assemble((value, style), (f" {name}   ", "$quiet")))
        room -= length
    return Content("\n").join(Content.assemble(*line) for line in lines)


def grid_figures(figures: Sequence[Figure], width: int) -> Content:
    """Names before values in columns of one width."""
    columns = max(1, min(3, width // 17))
    cell = width // columns
    lines = []
    for start in range(0, len(figures), columns):
        parts: list[tuple[str, str]] = []
        for name, value, style in figures[start : start + columns]:
            parts += [(f"{name} ", "$quiet"), (f"{value:<{cell - len(name) - 1}}", style)]
        lines.append(Content.assemble(*parts))
    return Content("\n").join(lines)


def moment_text(
    lane: Lane | None, number: int, time_ms: float | None, gone_ms: float, *, short: bool = False
) -> Content:
    """What the environment under the cursor did at the cursor's time; `short` cuts its name."""
    if lane is None:
        return Content.styled("No invocation has been answered yet.", "$quiet")
    name = lane.environment_id or "not named, inferred"
    head = Content.assemble(
        (f"Environment {number:,}", "bold"),
        (f" · {name[-8:] if short and lane.environment_id else name}", "$quiet"),
    )
    if time_ms is None:
        text = f"{plural(len(lane), 'invocation')}. ← → or a click point at a time, n and p at an invocation."
        return Content.assemble(head, "\n", (text, "$quiet"))
    moment = lane.at(time_ms)
    here, at = lane.invocations[moment.position], f"at {seconds_text(time_ms)}"
    if moment.kind in ("init", "busy"):
        return Content.assemble(
            head, (f" · {at} ", "$quiet"), _doing(moment.kind, here), "\n", _invocation_line(here)
        )
    return Content.assemble(
        head, (f" · {at} ", "$quiet"), "\n", _idle_line(lane, moment.kind, moment.position, time_ms, gone_ms)
    )


def _doing(kind: str, invocation: Invocation) -> Content:
    if kind == "init":
        return Content.styled("◆ cold start: loading the code", "bold $cold")
    if invocation.status == "function_error":
        error = invocation.error
        return Content.styled(f"✗ {error.type if error else 'function error'}", "bold $error")
    return Content.styled("busy" + (", after a cold start" if invocation.cold else ", warm"), "bold $success")


def _invocation_line(invocation: Invocation) -> Content:
    report = invocation.report
    values = [
        (f"#{invocation.index + 1:,}", ""),
        ("duration ", format_ms(invocation.duration_ms)),
        ("billed ", NOTHING if report is None else f"{report.billed_ms:,} ms"),
    ]
    if report is not None and report.init_ms is not None:
        values.append(("of it init ", format_ms(report.init_ms)))
    values += [
        ("cost ", format_usd(invocation.usd)),
        ("waited ", format_ms(invocation.latency_ms)),
    ]
    parts = [
        part
        for name, value in values
        for part in ((name, "$quiet" if value else "bold"), (value, "bold"), ("   ", ""))
    ]
    return Content.assemble(*parts)


def _idle_line(lane: Lane, kind: str, position: int, time_ms: float, gone_ms: float) -> Content:
    number = f"#{lane.invocations[position].index + 1:,}"
    if kind == "before":
        return Content.styled(
            f"Not made yet, or not used in this run: {number} is its first invocation.", "$quiet"
        )
    if kind == "frozen":
        gap_ms = lane.begins_ms[position] - lane.ends_ms[position - 1]
        return Content.styled(f"Frozen for {seconds_text(gap_ms)}, not billed: {number} thaws it.", "$quiet")
    if time_ms >= gone_ms:
        return Content.styled(
            f"Taken as reclaimed: no environment was seen to stay this long unused after {number}.", "$quiet"
        )
    idle = seconds_text(time_ms - lane.ends_ms[position])
    return Content.styled(
        f"Unused for {idle} since {number}: frozen or reclaimed, a client cannot see which.", "$quiet"
    )


def seconds_text(time_ms: float) -> str:
    """`1.071 s`, `31.4 s`."""
    return f"{time_ms / 1000:,.3f} s" if time_ms < 10_000 else f"{time_ms / 1000:,.1f} s"


def duration_text(time_ms: float) -> str:
    """`0.84 s`, `31 s`."""
    return f"{time_ms / 1000:.2f} s" if time_ms < 10_000 else f"{time_ms / 1000:,.0f} s"


# The clicks


def clicks_figures(counts: EnvironmentCounts) -> list[Figure]:
    """The numbers of one half that are read from the back of the room."""
    return [
        _count(counts.environments, "environment", "bold"),
        _count(counts.cold_starts, "cold start", "bold $cold"),
        ("throttled", f"{counts.throttled:,}", "bold $error" if counts.throttled else "bold"),
    ]


def clicks_facts(snapshot: Snapshot, counts: EnvironmentCounts) -> list[Figure]:
    """The numbers of one half that are compared closely."""
    latency, bill = snapshot.summary.latency_ms, snapshot.bill
    return [
        ("answered", f"{snapshot.summary.ok:,}", "bold"),
        ("wait p50", format_ms(latency.p50 if latency else None), "bold"),
        ("wait p95", format_ms(latency.p95 if latency else None), "bold"),
        ("cost", format_usd(bill.total_usd) if bill.invocations else NOTHING, "bold $accent"),
        ("a million", format_usd(per_million_usd(snapshot)), "bold $accent"),
        ("in all", duration_text(snapshot.elapsed_ms), "bold"),
    ]


def lesson(snapshot: Snapshot, counts: EnvironmentCounts) -> Content:
    """What one half showed, in a sentence of its own numbers."""
    asked = snapshot.scenario.name
    if not snapshot.is_final:
        return Content.styled(
            f"{asked}: {len(snapshot.invocations):,} of {snapshot.planned:,} done.", "$quiet"
        )
    parts = [plural(counts.environments, "environment"), plural(counts.cold_starts, "cold start")]
    if counts.throttled:
        parts.append(f"{counts.throttled:,} throttled: not run, not billed")
    if counts.failed:
        parts.append(f"{counts.failed:,} failed")
    if snapshot.stopped_by is not None:
        parts.append("stopped early")
    reused = counts.invocations / counts.environments if counts.environments else 0.0
    reuse = f" Each was used {reused:,.1f} times." if reused >= 1.05 else ""
    return Content.assemble(
        (f"{asked}: {', '.join(parts)}.{reuse}", "bold $accent"), (_crowded(snapshot, counts), "$quiet")
    )


CROWDED = 2
"""From so many times the host's CPU on, what environments may use together is said to lack."""


def _crowded(snapshot: Snapshot, counts: EnvironmentCounts) -> str:
    """A warning where the environments of this machine waited for each other, as they do not on AWS."""
    host = snapshot.target
    if host is None or host.kind != "local":
        return ""
    if counts.peak * min(1.0, host.vcpus) <= CROWDED * host.host_cpus:
        return ""
    cores = plural(host.host_cpus, "core")
    return f" They shared {cores} here: on AWS each has its own, and times and cost may be lower."


SPREAD = "Busy when spread = clicks a second × seconds each"


def expectation(scenario: Scenario, clicks: int, seconds: float) -> str:
    """Little's law for the spread half, where the workload's duration is known before."""
    if scenario.function is not None or scenario.workload not in WAITING_WORKLOADS:
        return f"{SPREAD}."
    each_s = ideal_duration_ms(scenario) / 1000
    rate = clicks / seconds
    return f"{SPREAD} = {rate:.3g} × {each_s:.3g} s ≈ {rate * each_s:.2g}."


KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Lanes",
        (
            ("↑ ↓", "another environment; j and k, Page Up and Down, g and G as well"),
            ("← →", "the cursor through time; h and l as well"),
            ("n p", "the next and the previous invocation of this environment"),
            ("+ −", "zoom around the cursor; Ctrl with the wheel as well"),
            ("⇧← ⇧→", "half a window back or on; Shift with the wheel as well"),
            ("0", "the whole run"),
            ("f", "follow the live end"),
            ("d", "two lanes a row, or one"),
            ("z Space", "freeze the view; the run goes on"),
        ),
    ),
    (
        "Runs",
        (
            ("c", "the same clicks all at once and spread over time"),
            ("o", "a run of the history"),
            ("Esc", "stop the clicks; then back to the lanes"),
        ),
    ),
    (
        "Numbers",
        (
            ("x", "how every number here is calculated, with its actual values"),
            ("y", "copy the figures to the clipboard"),
            ("e", "export the run as a JSON document"),
        ),
    ),
)

SHORT_LEGEND = (
    ("◆▒", "bold $cold", "cold start"), ("▇", "$model-{model}", "busy"), ("─", "$previous", "frozen"),
    ("╌", "$previous", "unused"), ("╳", "$quiet", "reclaimed"), ("✗", "bold $error", "error"),
)  # fmt: skip
"""Signs of the lanes in a word each, for their border; the first three matter most."""


def legend_line(seen: str, model: ConcurrencyModel, *, small: bool) -> Content:
    """The signs, what is busy in the colour of its model, then which lanes are on screen."""
    parts = []
    for sign, style, word in SHORT_LEGEND[:3] if small else SHORT_LEGEND:
        parts += [(f"{sign} ", style.format(model=model)), (f"{word}  ", "$quiet")]
    return Content.assemble(*parts, (seen, "$quiet"))


def welcome_text() -> Content:
    """What a lane looks like, and how to come to see some: shown before anything was run."""
    lane = (
        ("◆▒▒▒▒▒▒▒", "bold $cold"), ("▇▇▇▇▇▇▇▇▇▇▇▇", "$model-threads"), ("────────────", "$previous"),
        ("▇▇▇▇▇▇▇▇▇▇▇▇", "$model-threads"), ("╌╌╌╌╌╌╌╌╌╌", "$previous"), ("╳", "$quiet"),
    )  # fmt: skip
    return Content("\n").join([
        Content.styled("A lane is an execution environment", "bold $accent"),
        Content(""),
        Content.assemble(*lane),
        Content.styled("cold    busy        frozen,     busy again  unused gone", "$quiet"),
        Content.styled("start   (billed)    not billed  (warm)                 ", "$quiet"),
        Content(""),
        Content.assemble(("1", "bold $accent"), " then ", ("Enter", "bold $accent"), " runs a scenario"),
        Content.assemble(("c", "bold $accent"), " runs the same clicks at once and spread over time"),
        Content.assemble(("o", "bold $accent"), " opens a run of the history"),
    ])  # fmt: skip


LEGEND: tuple[tuple[str, str, str], ...] = (
    ("◆▒▒▒", "bold $cold", "cold start: the environment is made and the code loaded (init)"),
    ("▇▇▇▄", "$model-threads", "busy; lower where only a part of the time in the cell was"),
    ("────", "$previous", "frozen between two invocations: kept, not billed"),
    ("╌╌╌╌", "$quiet", "unused since its last answer: frozen or reclaimed"),
    ("╳", "$quiet", "taken as reclaimed, after six minutes without use"),
    ("▼ ✗", "bold $error", "throttled requests; failures and function errors"),
)

PARAGRAPHS: tuple[tuple[str, str], ...] = (
    (
        "What is seen, and what is inferred",
        "All times are the client's clock. A client cannot look into Lambda: it sees when it asked, when the "
        "answer came, and the REPORT line. The busy part is REPORT's Duration, put before the answer; the "
        "cold start is Init Duration, put before that. Frozen is the gap between two invocations of the same "
        "environment; the freeze itself cannot be seen. The network's share of the time is left out.",
    ),
    (
        "Which environment",
        "Our payload functions name the environment they run in. Other functions, and invocations that ended "
        "in a function error, do not: they are laid into as few unnamed lanes as can hold them, a new one "
        "for every cold start. An invocation appears when it is answered.",
    ),
    (
        "The end of an environment",
        "It is not announced. In measurements on AWS no environment was left after six minutes without "
        "use, so that is where a lane ends; until then it may be frozen or gone.",
    ),
    (
        "Clicks",
        "The same number of invocations of the same payload twice: all sent at the same moment, then at a "
        "constant rate. Lambda runs one invocation at a time in an environment, so all at once needs an "
        "environment each; spread out, a few are reused. Where there are more than the account or the "
        "embedded Lambda may make (64 to 1,000, by this machine's memory), Lambda answers 429: throttled, "
        "not run and not billed. On this machine each half changes the timeout by a second, so that neither "
        "finds warm environments; elsewhere it may.",
    ),
)


CLOCK = "Times are the client's clock, from the start of the run; ? says what is inferred."


def help_text() -> Content:
    """Legend, keys, and what is inferred."""
    parts = [Content.styled("Signs", "bold $accent")]
    parts += [Content.assemble("  ", (f"{sign:<8}", style), meaning) for sign, style, meaning in LEGEND]
    return Content("\n").join([*parts, Content(""), help_content(KEYS, PARAGRAPHS)])
