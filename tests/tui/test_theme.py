"""Both themes are readable on a projector: WCAG contrast of every colour that text is written in."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from lambda_tui.tui.theme import DARK, LIGHT
from tests.tui.ink import contrast

READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA."""
DRAWN_ONLY = frozenset({"grid", "border", "border-blurred"})
PAPER = ("background", "chosen", "alarm", "cursor-foreground")


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_stands_out_from_its_paper(theme: Theme) -> None:
    named = {name: getattr(theme, name) for name in ("foreground", "primary", "accent", "success", "error")}
    named |= {name: value for name, value in theme.variables.items() if name not in DRAWN_ONLY}
    papers = [theme.background, theme.surface]
    assert all(papers)
    poor = {
        name: round(contrast(Color.parse(color), Color.parse(paper)), 2)
        for name, color in named.items()
        for paper in papers
        if paper is not None and not name.endswith(PAPER)
        if contrast(Color.parse(color), Color.parse(paper)) < READABLE
    }
    assert not poor
