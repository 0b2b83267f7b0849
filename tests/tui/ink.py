"""How well what is painted stands out from what it is painted on."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from rich.color import Color as RichColor
from rich.color import ColorType
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.geometry import Region

from tests.tui.screen_text import painted

TEXT, DRAWN = 3.0, 1.2
"""Least contrast (WCAG) of characters, and of lines, blocks and dots that a picture is made of."""

PICTURES = range(0x2500, 0x2900)
"""Box drawing, blocks, geometric shapes, arrows' tails and braille: what pictures are drawn with."""

HALVES = "▀▄"
"""These paint with both of their colours, which may be the same."""


def luminance(color: Color) -> float:
    """Relative luminance as WCAG defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@cache
def contrast(first: Color, other: Color) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    light, dark = sorted((luminance(first), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def faint(app: App[None], within: Region | None = None) -> dict[str, str]:
    """What does not stand out, by its colours: the characters, and where the first of them is."""
    texts: dict[str, list[str]] = defaultdict(list)
    places: dict[str, str] = {}
    judged: dict[tuple[Style, bool, bool], str] = {}
    for character, style, column, row in painted(app, within):
        is_half, is_drawn = character in HALVES, ord(character) in PICTURES
        key = (style, is_half, is_drawn)
        if key not in judged:
            judged[key] = _too_faint(app, style, is_half=is_half, is_drawn=is_drawn)
        if colours := judged[key]:
            texts[colours].append(character)
            places.setdefault(colours, f"row {row}, column {column}")
    return {colours: f"{places[colours]}: {''.join(text)[:60]}" for colours, text in texts.items()}


def _too_faint(app: App[None], style: Style, *, is_half: bool, is_drawn: bool) -> str:
    """Both colours, where they stand out too little for such a character; otherwise nothing."""
    ink, paper = _colours(app, style)
    if is_half:
        ink, paper = _more_visible(app, ink, paper)
    seen = contrast(ink, paper)
    return f"{ink.hex} on {paper.hex} ({seen:.2f})" if seen < (DRAWN if is_drawn else TEXT) else ""


def _colours(app: App[None], style: Style) -> tuple[Color, Color]:
    ink = _colour(app, style.color, is_ink=True)
    paper = _colour(app, style.bgcolor, is_ink=False)
    if style.dim:
        ink = paper.blend(ink, 0.5)
    return (paper, ink) if style.reverse else (ink, paper)


def _more_visible(app: App[None], *inks: Color) -> tuple[Color, Color]:
    """The ink that stands out most from the paper of the screen, and that paper."""
    paper = app.screen.background_colors[1]
    return max(inks, key=lambda ink: contrast(ink, paper)), paper


def _colour(app: App[None], color: RichColor | None, *, is_ink: bool) -> Color:
    """As a terminal shows it. Its own colours belong to the ANSI themes: with others it is not known whether
    they are light or dark."""
    own = color is None or color.type in (ColorType.DEFAULT, ColorType.STANDARD)
    assert not own or app.native_ansi_color, f"{color} is the terminal's own, in a theme that is not"
    palette = app.ansi_theme_dark if app.current_theme.dark else app.ansi_theme_light
    triplet = (color or RichColor.default()).get_truecolor(palette, foreground=is_ink)
    return Color(*triplet)
