"""One line about the run: how far it is, how it ended."""

from __future__ import annotations

from textual.content import Content

from lambda_tui.load.judge import ComparisonState
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.tui.session import Comparing
from lambda_tui.tui.widgets.flat_text import FlatText
from lambda_tui.wording.numbers import format_usd, plural

BAR_CELLS = 24


class StatusLine(FlatText):
    """State, a bar, counts, and the key that matters now."""

    def say(self, text: str) -> None:
        self.show(Content.styled(text, "$quiet"))

    def flash_hint(self) -> None:
        """Say why Enter did nothing."""
        self.app.notify("A run is in progress: Esc stops it.", timeout=3)

    def show_run(self, snapshot: Snapshot, comparing: Comparing | None = None) -> None:
        """How far the run is, or the comparison it belongs to."""
        state = None if comparing is None else comparing.state
        self.show(status_content(snapshot) if state is None else comparison_content(state))

    def show_paused(self, snapshot: Snapshot) -> None:
        self.show(paused_content(snapshot))


def paused_content(snapshot: Snapshot) -> Content:
    """The view stands still; how far the run has come meanwhile."""
    state = "the run is over" if snapshot.is_final else "the run goes on"
    return Content.assemble(
        (" ❚❚ PAUSED ", "bold reverse $accent"),
        (f"  {state}: {len(snapshot.invocations):,} of {snapshot.planned:,}", "bold"),
        ("   z shows where it is", "$quiet"),
    )


def comparison_content(state: ComparisonState) -> Content:
    """Which round it is; at the end whether anything is open."""
    whole = state.whole
    if whole.state == "preparing" or whole.stopped_by is not None:
        return status_content(whole)
    count = plural(len(whole.invocations), "invocation")
    if not state.is_final:
        return Content.assemble(
            *_progress(whole, state.rounds, state.cap),
            (f"  round {state.rounds:,} of at most {state.cap:,}", "bold"),
            (f"   {count}   {whole.elapsed_ms / 1000:.1f} s   esc stops", "$quiet"),
        )
    outcome = "decided" if state.is_decided else "not all decided"
    return Content.assemble(
        ("✓ done  ", "bold $success"),
        (f"{outcome} after {plural(state.rounds, 'round')}: {count}", "$quiet"),
        (f" in {whole.elapsed_ms / 1000:.1f} s   esc goes back", "$quiet"),
    )


def status_content(snapshot: Snapshot) -> Content:
    done, planned = len(snapshot.invocations), snapshot.planned
    elapsed = f"{snapshot.elapsed_ms / 1000:.1f} s"
    if snapshot.state == "preparing":
        return Content.assemble(("◌ preparing  ", "$accent"), (snapshot.note, "$quiet"))
    if snapshot.is_final:
        if snapshot.stopped_by is not None:
            return Content.assemble(("■ ", "$warning"), (str(snapshot.stopped_by), "$foreground"))
        return Content.assemble(
            ("✓ done  ", "bold $success"),
            (f"{plural(done, 'invocation')} in {elapsed}", "$quiet"),
            (_doubts(snapshot), "$warning"),
        )
    return Content.assemble(
        *_progress(snapshot, done, planned),
        (f"  {done:,} of {planned:,}", "bold"),
        (f"   {snapshot.in_flight} in flight   {elapsed}   esc stops", "$quiet"),
        (_doubts(snapshot), "$warning"),
    )


def _progress(snapshot: Snapshot, done: int, planned: int) -> list[tuple[str, str]]:
    """The bar of what goes on, and whether it is about to stop."""
    filled = BAR_CELLS * done // max(1, planned)
    return [
        ("▸ " + ("stopping  " if snapshot.state == "stopping" else ""), "$accent"),
        ("━" * filled, "$accent"),
        ("─" * (BAR_CELLS - filled), "$grid"),
    ]


def _doubts(snapshot: Snapshot) -> str:
    """What keeps these figures from being the function's alone, or the bill from being all there is."""
    doubts = [f"   ⚠ {snapshot.client_limited}"] if snapshot.client_limited else []
    if snapshot.summary.host_limited:
        share = f"{snapshot.summary.host_limited_share:.0%}"
        usd = format_usd(snapshot.summary.lawful_per_million_usd)
        doubts.append(f"   ≈ host-limited: {share} of invocations; on AWS about {usd} per million")
    if snapshot.summary.possibly_billed:
        count = plural(snapshot.summary.possibly_billed, "invocation")
        usd = format_usd(snapshot.summary.possibly_billed_usd)
        doubts.append(f"   ⚠ {count} never answered: possibly billed, up to {usd} more")
    if snapshot.summary.unreported:
        count = plural(snapshot.summary.unreported, "invocation")
        usd = format_usd(snapshot.summary.unreported_usd)
        doubts.append(f"   ⚠ {count} without a REPORT: duration unknown, up to {usd} more")
    return "".join(doubts)
