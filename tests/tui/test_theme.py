"""Both themes are readable on a projector: WCAG contrast of every colour that text is written in."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from lambda_tui.tui.theme import DARK, LIGHT

READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA."""
DRAWN_ONLY = frozenset({"grid", "border", "border-blurred"})


def luminance(color: Color) -> float:
    """Relative luminance as WCAG defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_stands_out_from_its_paper(theme: Theme) -> None:
    named = {name: getattr(theme, name) for name in ("foreground", "primary", "accent", "success", "error")}
    named |= {name: value for name, value in theme.variables.items() if name not in DRAWN_ONLY}
    papers = [theme.background, theme.surface]
    assert all(papers)
    poor = {
        name: round(contrast(color, paper), 2)
        for name, color in named.items()
        for paper in papers
        if paper is not None and not name.endswith(("background", "cursor-foreground"))
        if contrast(color, paper) < READABLE
    }
    assert not poor
