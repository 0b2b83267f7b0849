"""The lanes of one run with its figures, its busy environments and what is at the cursor."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from lambda_tui.tui.drawing.time_window import TimeView
from lambda_tui.tui.environments import texts
from lambda_tui.tui.environments.explained import moment_explained, run_explained, run_summary
from lambda_tui.tui.environments.lanes import Lanes
from lambda_tui.tui.environments.occupancy_chart import OccupancyChart
from lambda_tui.tui.environments.run_timeline import RunTimeline, ShownRun
from lambda_tui.tui.widgets.border_text import set_border
from lambda_tui.tui.widgets.flat_text import FlatText
from lambda_tui.wording.numbers import plural
from lambda_tui.wording.scenarios import model_and_memory


class LanesView(Vertical):
    """Shows one run, live or recorded; `is_small` is set where the terminal has little room."""

    class Moved(Message):
        """The cursor or the window is another."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.is_small = False
        self._run = RunTimeline()

    def compose(self) -> ComposeResult:
        yield FlatText(id="figures", classes="pane")
        with Vertical(id="occupancy", classes="pane") as occupancy:
            occupancy.border_title = "Busy environments"
            yield OccupancyChart()
        yield Lanes(id="lanes").add_class("pane")
        yield Static(texts.welcome_text(), id="welcome", classes="pane")
        yield FlatText(id="moment", classes="pane")

    def on_mount(self) -> None:
        self.query_one("#moment").border_title = "At the cursor"

    @property
    def lanes(self) -> Lanes:
        return self.query_one(Lanes)

    @property
    def run(self) -> ShownRun | None:
        """The run on screen."""
        return self._run.run

    def take(self, run: ShownRun) -> None:
        """Show this run, or a newer state of the one on screen."""
        if self._run.take(run):
            self.lanes.start_over()
        self.show()

    def show(self) -> None:
        """Draw everything."""
        run = self.run
        with self.app.batch_update():
            if run is not None:
                self.lanes.show(
                    self._run.timeline.lanes,
                    self._run.now_ms,
                    live=run.live,
                    model=run.scenario.concurrency,
                    idle_limit_ms=self._run.idle_limit_ms,
                )
            self._show_figures()
            self._show_window()

    def _show_figures(self) -> None:
        counts = self._run.counts()
        figures = texts.counts_figures(counts)
        pane = self.query_one("#figures", FlatText)
        laid_out = texts.small_figures if self.is_small else texts.big_figures
        pane.show(laid_out(figures, self.app.size.width - 4))
        run = self.run
        title = "Run"
        if run is not None:
            name = f"{run.scenario.name} · " if run.scenario.name else ""
            title = f"Run {run.run_id}"
            set_border(pane, subtitle=f"{name}{model_and_memory(run.scenario)}")
        set_border(pane, title=title)
        unnamed = f" · {plural(counts.unnamed, 'unnamed lane')} inferred" if counts.unnamed else ""
        set_border(self.lanes, title=f"Environments{unnamed}")

    def _show_window(self) -> None:
        """What depends on the window and the cursor."""
        lanes, run, timeline = self.lanes, self.run, self._run.timeline
        if run is not None:
            model = run.scenario.concurrency
            self.query_one(OccupancyChart).show_run(timeline, lanes.window, model)
            (first, last), total = lanes.seen, len(timeline.lanes)
            seen = f"{first:,}–{last:,} of {total:,}" if total else ""
            set_border(lanes, subtitle=texts.legend_line(seen, model, small=self.is_small))
        peak_at_ms = timeline.occupancy.peak_at_ms
        if peak_at_ms is not None:
            peak = f"peak {timeline.occupancy.peak:,} at {texts.duration_text(peak_at_ms)}"
            set_border(self.query_one("#occupancy"), subtitle=peak)
        lane = lanes.lane
        gone_ms = 0.0 if lane is None else lane.end_ms(self._run.now_ms, self._run.idle_limit_ms)
        self.query_one("#moment", FlatText).show(
            texts.moment_text(lane, lanes.lane_number, lanes.cursor_ms, gone_ms, short=self.is_small)
        )

    @on(Lanes.Moved)
    def _lanes_moved(self, message: Lanes.Moved) -> None:
        message.stop()
        self._show_window()
        self.post_message(self.Moved())

    # Words

    def state(self) -> str:
        """How far the run on screen is, and which part of it is."""
        run = self.run
        if run is None:
            return "Nothing was run yet."
        if run.live:
            return f"▸ {plural(len(run.invocations), 'answer')} so far · {self._following()}"
        return f"{plural(len(run.invocations), 'request')} in {texts.duration_text(run.now_ms)}"

    def _following(self) -> str:
        view = self.lanes.view
        if view.span_ms is None:
            return "the whole run is on screen"
        return "following the live end" if view.follow else "standing still: f follows the live end"

    def explained(self) -> str:
        """How every number is calculated, what is at the cursor first; empty without a run."""
        if self.run is None:
            return ""
        text, lanes = run_explained(self._run), self.lanes
        if lanes.lane is not None and lanes.cursor_ms is not None:
            here = moment_explained(self._run, lanes.lane, lanes.lane_number, lanes.cursor_ms)
            text = f"{here}\n\n{text}" if here else text
        return text

    def summary(self) -> str:
        """A line for the clipboard; empty without a run."""
        return run_summary(self._run)

    # Moving

    def zoom(self, factor: float) -> None:
        self.lanes.zoom(factor)

    def fit(self) -> None:
        """The whole run."""
        self.lanes.set_view(TimeView())

    def follow(self) -> None:
        """Keep the live end on screen."""
        view = self.lanes.view
        self.lanes.set_view(TimeView(view.span_ms, view.start_ms, follow=True))

    def toggle_dense(self) -> None:
        """Two lanes a row, or one."""
        self.lanes.set_dense(not self.lanes.dense)
        self._show_window()
