"""Which panes a terminal has room for."""

from __future__ import annotations

PANES = (("controls", "Scenario"), ("chart", "Chart"), ("bill", "Bill"), ("tasks", "Tasks"), ("feed", "Feed"))
"""Ids and titles of the panes, in the order of the tabs of a small terminal."""

WIDE = (120, 36)
"""From this many columns and rows on, all panes are shown at once."""

SMALLEST = (60, 16)

CONTAINERS = ("top", "controls", "results", "upper", "chart", "bill", "tasks", "comparison", "feed")
"""Everything that has to go or stay when one pane is shown, from the outside in."""


def layout_class(width: int, height: int) -> str:
    """The class of the screen: `-wide`, `-folded` where one pane at a time is shown, or `-too-small` where
    even one could not be read."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return "-too-small"
    return "-folded" if width < WIDE[0] or height < WIDE[1] else "-wide"


def containers_of(pane: str, *, comparing: bool) -> frozenset[str]:
    """The pane and what it sits in; while models are compared, the comparison is the chart."""
    if pane == "chart" and comparing:
        return frozenset({"top", "results", "comparison"})
    around = {
        "controls": {"top"},
        "chart": {"top", "results", "upper"},
        "bill": {"top", "results", "upper"},
        "tasks": {"top", "results"},
    }
    return frozenset({pane, *around.get(pane, ())})
