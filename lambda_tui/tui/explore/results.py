"""What a run looks like: durations, figures, bill, tasks and invocations, or all models side by side."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from lambda_tui.aws_facts import DEFAULT_REGION
from lambda_tui.billing import Rates, load_prices
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation
from lambda_tui.tui.explore.bill_pane import BillPane
from lambda_tui.tui.explore.duration_plot import DurationPlot
from lambda_tui.tui.explore.model_comparison import ModelComparison
from lambda_tui.tui.explore.statistics import MoneyLine, StatisticsLines
from lambda_tui.tui.explore.task_picture import TaskPicture
from lambda_tui.tui.session import Comparing
from lambda_tui.wording.scenarios import model_and_memory, work_line


class Results(Vertical):
    """Everything right of the form."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="upper"):
            with Vertical(id="chart", classes="pane") as chart:
                chart.border_title = "Duration per invocation, ms"
                yield DurationPlot()
                yield StatisticsLines()
                yield MoneyLine()
            yield BillPane(id="bill", classes="pane")
        with Vertical(id="tasks", classes="pane") as tasks:
            tasks.border_title = "Last invocation, task by task"
            yield TaskPicture()
        yield ModelComparison(id="comparison", classes="pane")

    def show_run(self, latest: Snapshot | None, previous: Snapshot | None) -> None:
        """One run, with the one before behind it."""
        self.query_one(DurationPlot).show(latest, previous)
        self.query_one(StatisticsLines).show_run(latest)
        self.query_one(MoneyLine).show_run(latest, previous)
        self.query_one("#chart").border_subtitle = "" if latest is None else model_and_memory(latest.scenario)
        self._show_bill(latest, previous)

    def show_comparison(self, comparing: Comparing, shown: Snapshot | None) -> None:
        """All models; `shown` is the run whose bill is on screen."""
        comparison = self.query_one(ModelComparison)
        comparison.show(comparing.state)
        comparison.border_title = f"All models · {work_line(comparing.scenario)}"
        self._show_bill(shown, None)

    def show_tasks(self, snapshot: Snapshot, invocation: Invocation | None) -> None:
        """One invocation of the run, task by task."""
        picture = self.query_one(TaskPicture)
        picture.show(invocation, snapshot.scenario.concurrency)
        self.query_one("#tasks").border_subtitle = picture.caption()

    def _show_bill(self, snapshot: Snapshot | None, previous: Snapshot | None) -> None:
        rates = None if snapshot is None else _rates_of(snapshot)
        self.query_one(BillPane).show(snapshot, previous, rates)


def _rates_of(run: Snapshot) -> Rates:
    region = DEFAULT_REGION if run.target is None else run.target.region
    return load_prices().rates(region, run.scenario.architecture)
