"""One line about the run: how far it is, how it ended."""

from __future__ import annotations

from textual.content import Content

from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import CONCURRENCY_MODELS
from lambda_tui.tui.session import Tour
from lambda_tui.tui.widgets.flat_text import FlatText
from lambda_tui.wording.numbers import format_usd, plural

BAR_CELLS, TOUR_BAR_CELLS = 24, 8
"""The name of the model takes the room of the longer bar."""


class StatusLine(FlatText):
    """State, a bar, counts, and the key that matters now."""

    def say(self, text: str) -> None:
        self.show(Content.styled(text, "$quiet"))

    def flash_hint(self) -> None:
        """Say why Enter did nothing."""
        self.app.notify("A run is in progress: Esc stops it.", timeout=3)

    def show_run(self, snapshot: Snapshot, tour: Tour | None = None) -> None:
        """How far the run is, or, with a tour, all of its runs."""
        self.show(status_content(snapshot) if tour is None else tour_content(snapshot, tour))

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


def tour_content(snapshot: Snapshot, tour: Tour) -> Content:
    """Which model it is; at the end what all of them took together."""
    total, runs = len(CONCURRENCY_MODELS), tour.runs.values()
    if tour.running is not None or snapshot.stopped_by is not None:
        model = snapshot.scenario.concurrency
        place = f"{CONCURRENCY_MODELS.index(model) + 1}/{total} {model}  "
        return Content.assemble((place, "bold"), status_content(snapshot, TOUR_BAR_CELLS))
    count = plural(sum(len(run.invocations) for run in runs), "invocation")
    seconds = sum(run.elapsed_ms for run in runs) / 1000
    return Content.assemble(
        ("✓ done  ", "bold $success"),
        (f"{total} models, {count} in {seconds:.1f} s   esc goes back", "$quiet"),
    )


def status_content(snapshot: Snapshot, bar_cells: int = BAR_CELLS) -> Content:
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
    filled = bar_cells * done // max(1, planned)
    return Content.assemble(
        ("▸ " + ("stopping  " if snapshot.state == "stopping" else ""), "$accent"),
        ("━" * filled, "$accent"),
        ("─" * (bar_cells - filled), "$grid"),
        (f"  {done:,} of {planned:,}", "bold"),
        (f"   {snapshot.in_flight} in flight   {elapsed}   esc stops", "$quiet"),
        (_doubts(snapshot), "$warning"),
    )


def _doubts(snapshot: Snapshot) -> str:
    """What keeps these figures from being the function's alone, or the bill from being all there is."""
    doubts = [f"   ⚠ {snapshot.client_limited}"] if snapshot.client_limited else []
    if snapshot.summary.possibly_billed:
        count = plural(snapshot.summary.possibly_billed, "invocation")
        usd = format_usd(snapshot.summary.possibly_billed_usd)
        doubts.append(f"   ⚠ {count} never answered: possibly billed, up to {usd} more")
    return "".join(doubts)
