"""Which panes of Explore a small terminal shows."""

from __future__ import annotations

PANES = (("controls", "Scenario"), ("chart", "Chart"), ("bill", "Bill"), ("tasks", "Tasks"), ("feed", "Feed"))
"""Ids and titles of the panes, in the order of the tabs of a small terminal."""

CONTAINERS = ("top", "controls", "results", "upper", "chart", "bill", "tasks", "comparison", "feed")
"""Everything that has to go or stay when one pane is shown, from the outside in."""


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
