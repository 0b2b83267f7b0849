"""The live feed: following, scrolling back, and 100,000 rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from lambda_tui.load.snapshot import InvocationLog
from lambda_tui.results import Invocation, InvocationError
from lambda_tui.scenario import Scenario
from lambda_tui.tui import theme
from lambda_tui.tui.explore.feed import Feed
from lambda_tui.tui.explore.feed_rows import columns_for, feed_head, feed_row, wanted
from tests.results.made_invocations import answered, refused
from tests.tui.screen_text import screen_text
from tests.tui.synthetic import invocation

ENTRIES: list[Invocation] = [invocation(Scenario(), index, index * 10.0) for index in range(500)]


class FeedAlone(App[None]):
    """Nothing but a feed."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.variable_defaults(dark=True)

    def compose(self) -> ComposeResult:
        yield Feed(classes="pane")


@asynccontextmanager
async def feed_with(rows: int) -> AsyncIterator[tuple[Pilot[None], Feed]]:
    async with FeedAlone().run_test(size=(120, 20)) as pilot:
        feed = pilot.app.query_one(Feed)
        feed.focus()
        await arrive(pilot, feed, rows, same_run=False)
        yield pilot, feed


async def arrive(pilot: Pilot[None], feed: Feed, rows: int, *, same_run: bool = True) -> None:
    feed.show(InvocationLog(ENTRIES, rows), same_run=same_run)
    await pilot.pause()


def numbers(pilot: Pilot[None]) -> list[int]:
    """The numbers of the invocations on screen."""
    words = [line.split() for line in screen_text(pilot.app).splitlines()]
    fields = [line[0].replace(",", "") for line in words if line]
    return [int(word) for word in fields if word.isdigit()]


async def test_it_follows_the_newest_row() -> None:
    async with feed_with(100) as (pilot, feed):
        assert numbers(pilot)[-1] == 100
        await arrive(pilot, feed, 200)
        assert numbers(pilot)[-1] == 200


async def test_scrolling_back_stays_where_it_is_until_the_end_is_reached_again() -> None:
    async with feed_with(100) as (pilot, feed):
        feed.scroll_to(y=30, animate=False, immediate=True)
        await pilot.pause()
        shown = numbers(pilot)
        await arrive(pilot, feed, 200)
        assert numbers(pilot) == shown
        feed.scroll_to(y=feed.max_scroll_y, animate=False, immediate=True)
        await arrive(pilot, feed, 300)
        assert numbers(pilot)[-1] == 300


async def test_f_follows_again_after_a_row_was_chosen() -> None:
    async with feed_with(100) as (pilot, feed):
        await pilot.press("k", "k")
        newest = feed.newest()
        assert newest is not None
        assert newest.index == 98
        await arrive(pilot, feed, 200)
        assert 99 in numbers(pilot)
        await pilot.press("f")
        await pilot.pause()
        assert numbers(pilot)[-1] == 200


async def test_a_click_chooses_the_row_under_the_mouse() -> None:
    async with feed_with(10) as (pilot, feed):
        text = screen_text(pilot.app).splitlines()
        line = next(number for number, words in enumerate(text) if words.split()[:1] == ["7"])
        await pilot.click(offset=(20, line))
        newest = feed.newest()
        assert newest is not None
        assert newest.index == 6


async def test_100_000_rows_scroll_from_end_to_end() -> None:
    many = [ENTRIES[index % len(ENTRIES)] for index in range(100_000)]
    async with feed_with(0) as (pilot, feed):
        feed.show(InvocationLog(many), same_run=False)
        await pilot.pause()
        assert numbers(pilot)[-1] == 500
        await pilot.press("g")
        await pilot.pause()
        assert numbers(pilot)[0] == 1
        await pilot.press("G")
        await pilot.pause()
        assert numbers(pilot)[-1] == 500
        assert feed.virtual_size.height == 100_001


async def test_a_filter_narrows_the_rows_as_it_is_typed_and_as_rows_arrive() -> None:
    async with feed_with(100) as (pilot, feed):
        cold = [entry.index + 1 for entry in ENTRIES[:200] if entry.cold]
        await pilot.press("slash", *"cold", "enter")
        await pilot.pause()
        assert numbers(pilot) == [number for number in cold if number <= 100]
        await arrive(pilot, feed, 200)
        assert numbers(pilot) == cold
        assert feed.border_title == "Invocations · cold: 1 of 200"
        await pilot.press("slash", "escape")
        await pilot.pause()
        assert numbers(pilot)[-1] == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {0, 1, 2, 3}), ("ok", {0, 1}), ("cold", {0}), ("throttled", {2}), (">150", {0, 3}),
        ("<150 ok", {1}), ("ENV-b", {1}), ("error crash", {3}), ("> cold", set()),
    ],
)  # fmt: skip
def test_what_a_filter_lets_pass(text: str, expected: set[int]) -> None:
    run = [
        answered(0, 0.0, 200.0, "env-a", init_ms=50.0),
        answered(1, 0.0, 100.0, "env-b"),
        refused(answered(2, 0.0, 90.0), "throttled"),
        replace(
            answered(3, 0.0, 300.0, "env-c"), status="function_error", error=InvocationError("Crash", "boom")
        ),
    ]
    assert {invocation.index for invocation in run if wanted(text)(invocation)} == expected


def test_a_narrow_feed_tells_every_error() -> None:
    failed = replace(ENTRIES[3], status="function_error", error=InvocationError("Crash", "boom"))
    head, row = feed_head(columns_for(78)), feed_row(failed, columns_for(78))
    assert row.index("✗ Crash: boom") == head.index("status")
    assert len(row) <= 78
    assert "env" in feed_head(columns_for(138))
