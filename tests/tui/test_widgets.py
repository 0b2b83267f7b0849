from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Size

from lambda_tui.billing import RunBill, load_prices, parse_rate
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast.measured import cost_by_memory
from lambda_tui.load.judge import ComparisonState
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import CpuUse, Invocation, InvocationError
from lambda_tui.results.task_span import TaskSpan
from lambda_tui.runs.verdicts import Reason, Why
from lambda_tui.scenario import CONCURRENCY_MODELS, Scenario
from lambda_tui.tui.drawing.big_letters import GLYPHS, big_letters
from lambda_tui.tui.explore.bill_pane import bill_content
from lambda_tui.tui.explore.feed_rows import COLUMNS, feed_head, feed_row
from lambda_tui.tui.explore.folding import containers_of
from lambda_tui.tui.explore.memory_costs import memory_costs
from lambda_tui.tui.explore.model_verdict import GAINED, NOT_GAINED, OPEN, listing, verdict_of
from lambda_tui.tui.explore.status_line import status_content
from lambda_tui.tui.explore.task_picture import TaskPicture, task_lanes
from lambda_tui.tui.explore.texts import cpu_line, promise_line
from lambda_tui.tui.mode_screen import room_class
from lambda_tui.tui.modes import EXPLORE
from lambda_tui.tui.theme import variable_defaults
from lambda_tui.tui.widgets.slider import knob_column, value_at
from lambda_tui.tui.widgets.strips import Drawing, Row
from lambda_tui.tui.widgets.title_bar import TitleBar
from tests.tui.screen_text import screen_text
from tests.tui.synthetic import SyntheticRun, SyntheticRuns, invocation

SCENARIO = Scenario(invocations=5)


def finished(scenario: Scenario) -> Snapshot:
    return list(SyntheticRun(scenario).snapshots())[-1]


class Sized(Drawing):
    """Numbers its rows; as large as it is told."""

    given = Size(12, 3)

    @property
    def size(self) -> Size:
        return self.given

    def draw(self, width: int, height: int) -> Iterable[Row]:
        return [[Segment(f"{row + 1} of {height}")] for row in range(height)]


async def test_a_drawing_that_grew_is_whole_before_it_was_told_of_it() -> None:
    app: App[None] = App()
    async with app.run_test():
        drawing = Sized()
        await app.mount(drawing)
        assert drawing.render_line(2).text == "3 of 3      "
        drawing.given = Size(8, 5)
        assert drawing.render_line(4).text == "5 of 5  "
        assert drawing.render_line(0).text == "1 of 5  "


def test_the_knob_reaches_both_ends_and_returns_to_its_value() -> None:
    values = (128, 256, 512, 1769, 10240)
    assert knob_column(values, 128, 20) == 0
    assert knob_column(values, 10240, 20) == 19
    for value in values:
        assert value_at(values, knob_column(values, value, 20), 20) == value
    assert knob_column(values, 256, 41) < knob_column(values, 384, 41) < knob_column(values, 512, 41)
    assert value_at(values, -5, 20) == 128
    assert value_at(values, 500, 20) == 10240


def test_the_cpu_quota_is_told_under_the_task_picture_of_a_timeout_too() -> None:
    late = replace(
        invocation(SCENARIO, 0),
        status="function_error",
        error=InvocationError("Sandbox.Timedout", "late"),
        payload=None,
        cpu=CpuUse(71.3, 49, 1620.5),
    )
    picture = TaskPicture()
    picture.show(late, "threads")
    assert "cpu 71 ms of" in picture.caption()
    assert picture.caption().endswith("held back in 49 periods of 20 ms")
    picture.show(replace(late, cpu=None), "threads")
    assert picture.caption() == "#1 · threads"


def test_a_feed_row_stands_under_its_head() -> None:
    row = feed_row(invocation(SCENARIO, 0))
    ends = [sum(width for _, width in COLUMNS[: number + 1]) for number in range(len(COLUMNS))]
    for end in ends:
        assert feed_head()[end - 1] != " "
        assert row[end - 1] != " "
    assert row.endswith("◆ cold")
    assert "$0.00000858" in row


def test_a_feed_row_of_a_failure_names_it_and_claims_no_numbers() -> None:
    throttled: Invocation = replace(
        invocation(SCENARIO, 1),
        status="throttled",
        error=InvocationError("ReservedFunctionConcurrentInvocationLimitExceeded", "Rate Exceeded."),
        report=None,
        usd=None,
        environment_id=None,
        payload=None,
    )
    row = feed_row(throttled)
    assert "▼ ReservedFunctionConcurrentInvocationLimitExceeded: Rate Exceeded." in row
    assert row.count("–") == 5


def test_tasks_get_a_lane_each_while_there_is_room_then_one_a_worker() -> None:
    spans = tuple(
        TaskSpan(index, f"thread-{index % 2 + 1}", index * 10, index * 10 + 9, True, None)
        for index in range(6)
    )
    assert [lane.label for lane in task_lanes(spans, 6)] == ["thread-1", "thread-2"] * 3
    assert [len(lane.spans) for lane in task_lanes(spans, 5)] == [3, 3]


def compared(**changes: object) -> ComparisonState:
    """The last state of a comparison that had time to decide."""
    return list(SyntheticRuns().compare(SCENARIO.with_changes(**changes)).states())[-1]


def test_the_verdict_names_winners_and_what_they_save() -> None:
    verdict = verdict_of(compared())
    assert verdict is not None
    assert (
        verdict.sentence(100) == "threads, thread-pool and asyncio: 2.9× as fast, 64% cheaper than sequential"
    )
    assert verdict.sentence(60) == "threads, thread-pool and asyncio: 2.9× as fast, 64% cheaper"
    assert verdict.sentence(49) == "3 models: 2.9× as fast, 64% cheaper than sequential"
    assert verdict.lesson == "Wait together, pay once"
    assert listing(["a", "b", "c"]) == "a, b and c"


def test_the_verdict_claims_nothing_that_was_not_judged() -> None:
    state = compared()
    assert verdict_of(replace(state, verdicts={})) is None
    lost = {model: replace(each, is_winner=False) for model, each in state.verdicts.items()}
    nothing = verdict_of(replace(state, verdicts=lost))
    assert nothing is not None
    assert (nothing.winners, nothing.sentence(80)) == ((), "Sequential is as fast")
    open_ = {model: replace(each, standing="undecided") for model, each in lost.items()}
    undecided = verdict_of(replace(state, verdicts=open_))
    assert undecided is not None
    assert (undecided.sentence(80), undecided.lesson) == ("Too close to call", OPEN)


@pytest.mark.parametrize(
    ("reason", "lesson"),
    [("no CPU", "Models buy no CPU: memory does"), ("GIL", "One thread computes at a time"), ("unknown", "")],
)
def test_the_lesson_is_what_was_measured(reason: Reason, lesson: str) -> None:
    state = compared()
    same = {
        model: replace(each, is_winner=False, standing="as fast", beside_best=None, why=Why(reason, ""))
        for model, each in state.verdicts.items()
    }
    verdict = verdict_of(replace(state, verdicts=same))
    assert verdict is not None
    assert verdict.lesson == lesson


def test_big_letters_keep_their_rows_equally_wide_and_know_all_that_is_written_in_them() -> None:
    written = [*CONCURRENCY_MODELS, "2.9× as fast, 59-64% cheaper", "7 models", "fastest", "Nothing gained"]
    written += ["Sequential is as fast", "1.3× as fast, 2% dearer", "1.3× as fast, no dearer"]
    written += [*GAINED.values(), *NOT_GAINED.values(), OPEN, "Too close to call"]
    for text in written:
        rows = big_letters(text)
        assert len({len(row) for row in rows}) == 1
        assert len(rows[0]) >= 2 * len(text.replace(" ", ""))
        assert len(rows[0]) <= 136
    assert set("".join(written).upper()) <= set(GLYPHS)
    assert [row.strip() for row in big_letters("I")] == ["█", "█", "▀"]


def test_the_status_line_says_what_to_doubt() -> None:
    snapshot = finished(SCENARIO)
    assert "⚠" not in status_content(snapshot).plain
    doubtful = replace(
        snapshot.summary,
        client_limited="the load engine was busy",
        possibly_billed=2,
        possibly_billed_usd=Decimal("0.0005"),
    )
    text = status_content(replace(snapshot, summary=doubtful)).plain
    assert "the load engine was busy" in text
    assert "2 invocations never answered: possibly billed, up to $0.0005 more" in text


def test_promises_depend_on_the_target() -> None:
    assert "Costs nothing" in promise_line(SCENARIO, "local")
    assert "asked first" in promise_line(SCENARIO, "aws")
    assert cpu_line(1769, "aws") == "1.00 vCPU"
    assert "host shows at most" in cpu_line(10_240, "local") or cpu_line(10_240, "local") == "5.79 vCPUs"


def test_a_rate_is_a_positive_number() -> None:
    assert parse_rate("2.5") is not None
    for text in ("", ".", "1.2.3", "0", "1e999", "10000000"):
        assert parse_rate(text) is None


def test_the_status_line_says_why_a_run_ended() -> None:
    run = SyntheticRun(SCENARIO)
    run.stop()
    assert "Stopped after 0 invocations." in status_content(list(run.snapshots())[-1]).plain


def test_folding() -> None:
    assert room_class(80, 24) == "-folded"
    assert room_class(140, 45) == "-wide"
    assert room_class(59, 40) == "-too-small"
    assert containers_of("chart", comparing=True) == {"top", "results", "comparison"}
    assert "upper" in containers_of("bill", comparing=True)


def test_the_cost_by_memory_marks_the_run_and_dims_what_is_forecast() -> None:
    run = finished(SCENARIO)
    rates = load_prices().rates("us-east-1", "x86_64")
    costs = cost_by_memory(run, [], rates)
    assert [cost.memory_mb for cost in costs if cost.measured] == [SCENARIO.memory_mb]
    text = memory_costs(costs, SCENARIO.memory_mb, 36)
    _, bars, labels, best = text.plain.split("\n")
    assert bars[0] == "▁"
    assert bars.rstrip()[-1] == "█"
    assert labels.split() == ["128", "256", "512", "1k", "1.8k", "3k", "10.2k"]
    assert best.startswith("cheapest 128 MB: $")
    inks = {text.plain[span.start : span.end].strip(): str(span.style) for span in text.spans}
    assert inks["512"] == "bold $accent"
    assert inks["256"] == "$quiet"
    with pytest.raises(InvalidInput):
        cost_by_memory(finished(SCENARIO.with_changes(concurrency="process-pool")), [], rates)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ([(None, False), (90.0, False), (None, False)], "1 of 3 cold, left out per million"),
        ([(None, False), (90.0, False), (None, True)], "2 of 3 left out per million"),
        ([(90.0, False), (80.0, False)], "none warm: per million without init"),
    ],
)
def test_the_bill_says_what_it_leaves_out_of_a_million(
    made: Sequence[tuple[float | None, bool]], says: str
) -> None:
    """Init in ms where an invocation was cold, and whether it was only to warm up."""
    bill = RunBill(load_prices().rates("us-east-1", "x86_64"))
    for init_ms, first_use in made:
        bill.add(memory_mb=512, billed_ms=400, duration_ms=300.5, init_ms=init_ms, first_use=first_use)
    cold_starts = sum(init_ms is not None for init_ms, _ in made)
    run = finished(Scenario())
    run = replace(run, bill=bill.bill(), summary=replace(run.summary, cold_starts=cold_starts))
    assert says in bill_content(run, 50).plain


def test_an_unreported_invocation_is_not_called_cold() -> None:
    bill = RunBill(load_prices().rates("us-east-1", "x86_64"))
    bill.add(memory_mb=512, billed_ms=400, duration_ms=399.5, init_ms=None)
    bill.add_unreported(memory_mb=512, at_most_ms=410.0)
    run = finished(Scenario())
    run = replace(run, bill=bill.bill(), summary=replace(run.summary, cold_starts=0))
    text = bill_content(run, 50).plain
    assert "1 of 2 left out per million" in text


@pytest.mark.parametrize(
    ("width", "shows"),
    [(80, "local · cgroup-v1"), (100, "local · cgroup-v1 · us-east-1"), (62, "local")],
)
async def test_the_title_bar_shows_whole_parts_of_the_target(width: int, shows: str) -> None:
    class Titled(App[None]):
        def get_theme_variable_defaults(self) -> dict[str, str]:
            return variable_defaults(dark=True)

        def compose(self) -> ComposeResult:
            yield TitleBar(EXPLORE, "local · cgroup-v1 · us-east-1")

    async with Titled().run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        assert screen_text(pilot.app).splitlines()[0].split("History")[1].strip() == shows
        pilot.app.query_one(TitleBar).show_target("http://[::1]:8080 · eu-west-1")
        await pilot.pause()
        assert "http://[" in screen_text(pilot.app)
