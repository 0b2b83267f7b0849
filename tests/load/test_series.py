"""Several scenarios in sequence, without a Lambda."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from lambda_tui.errors import LambdaTuiError, LimitReached
from lambda_tui.load.series import Series, SeriesProgress
from lambda_tui.scenario import Scenario
from tests.tui.synthetic import SyntheticRun, SyntheticRuns

SHORT = Scenario(task_ms=1, invocations=2)


def steps(*names: str) -> list[tuple[str, Scenario]]:
    return [(name, SHORT.with_changes(name=name)) for name in names]


def finals(series: Series[str]) -> list[SeriesProgress[str]]:
    return [progress for progress in series.progress() if progress.snapshot.is_final]


def test_all_run_in_order_and_the_last_says_so() -> None:
    runs = SyntheticRuns()
    series = Series(steps("a", "b", "c"), runs)
    over = finals(series)
    assert [(each.key, each.is_last) for each in over] == [("a", False), ("b", False), ("c", True)]
    assert list(series.results) == ["a", "b", "c"]
    assert [each.snapshot for each in over] == list(series.results.values())
    assert [scenario.name for scenario in runs.scenarios] == ["a", "b", "c"]


def test_without_steps_nothing_runs() -> None:
    assert list(Series(steps(), SyntheticRuns()).progress()) == []


def test_what_a_run_gave_may_decide_what_comes_next() -> None:
    def chosen() -> Iterator[tuple[int, Scenario]]:
        memory_mb = 128
        while memory_mb <= 512:
            yield memory_mb, SHORT.with_changes(memory_mb=memory_mb)
            # Resumed only when the previous run is over.
            assert series.results[memory_mb].is_final
            memory_mb *= 2

    series: Series[int] = Series(chosen(), SyntheticRuns())
    assert [each.key for each in series.progress() if each.snapshot.is_final] == [128, 256, 512]


def test_a_run_that_ends_early_is_the_last() -> None:
    limit = LimitReached("The limit is reached.")
    runs = SyntheticRuns(
        lambda scenario, run_id: SyntheticRun(
            scenario, run_id=run_id, ends_with=limit if scenario.name == "b" else None
        )
    )
    over = finals(Series(steps("a", "b", "c"), runs))
    assert [(each.key, each.is_last) for each in over] == [("a", False), ("b", True)]
    assert over[-1].snapshot.stopped_by is limit


@pytest.mark.parametrize("moment", ["before", "in the first run", "between two runs"])
def test_stopping_begins_nothing_more(moment: str) -> None:
    runs = SyntheticRuns()
    series = Series(steps("a", "b"), runs)
    if moment == "before":
        series.stop()
    seen = []
    for progress in series.progress():
        seen.append(progress)
        if moment == "in the first run" or progress.snapshot.is_final:
            series.stop()
    assert [scenario.name for scenario in runs.scenarios] == ([] if moment == "before" else ["a"])
    assert not seen or seen[-1].snapshot.is_final


def test_stop_reaches_a_run_that_waits() -> None:
    gate = threading.Event()
    runs = SyntheticRuns(lambda scenario, run_id: SyntheticRun(scenario, run_id=run_id, gate=gate))
    series = Series(steps("a", "b"), runs)
    follower = threading.Thread(target=lambda: list(series.progress()), daemon=True)
    follower.start()
    series.stop()
    gate.set()
    follower.join(10)
    assert not follower.is_alive()
    assert len(runs.started) <= 1


def test_a_run_that_cannot_be_made_is_raised() -> None:
    def refuse(scenario: Scenario) -> SyntheticRun:
        raise LambdaTuiError(f"{scenario.name} cannot be run.")

    with pytest.raises(LambdaTuiError, match="a cannot be run"):
        list(Series(steps("a"), refuse).progress())
