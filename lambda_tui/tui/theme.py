"""The colours: one dark and one light theme; every other file names theme variables only.

The seven model colours keep apart for the common colour vision deficiencies (after Okabe and Ito), and a
model is always named beside its colour.
"""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="lambda-dark",
    primary="#7aa2f7",
    secondary="#8290ab",
    accent="#f0b35a",
    success="#6ccf96",
    warning="#f0b35a",
    error="#f4796b",
    foreground="#d7deea",
    background="#10141b",
    surface="#161b24",
    panel="#202836",
    dark=True,
    variables={
        "border": "#7aa2f7",
        "border-blurred": "#2c3648",
        "block-cursor-background": "#7aa2f7",
        "block-cursor-foreground": "#10141b",
        "footer-background": "#161b24",
        "footer-key-foreground": "#f0b35a",
        "input-cursor-background": "#d7deea",
        "quiet": "#8894a8",
        "grid": "#2c3648",
        "chosen": "#7aa2f7 30%",
        "alarm": "#f4796b 25%",
        "alarm-ink": "#d7deea",
        "previous": "#75839c",
        "cold": "#a5e1f5",
        "model-sequential": "#aeb9cc",
        "model-threads": "#56b4f5",
        "model-thread-pool": "#3fcfb4",
        "model-asyncio": "#c99bf5",
        "model-asyncio-blocking": "#ec8fbd",
        "model-processes": "#f0b35a",
        "model-process-pool": "#ef8262",
        "series-1": "#56b4f5",
        "series-2": "#f0b35a",
        "series-3": "#3fcfb4",
        "series-4": "#c99bf5",
        "series-5": "#ec8fbd",
        "series-6": "#aeb9cc",
    },
)

LIGHT = Theme(
    name="lambda-light",
    primary="#2059b5",
    secondary="#5b6780",
    accent="#925600",
    success="#13713c",
    warning="#9a5b00",
    error="#b52a1c",
    foreground="#1c2430",
    background="#f6f7f9",
    surface="#ffffff",
    panel="#e6eaf0",
    dark=False,
    variables={
        "border": "#2059b5",
        "border-blurred": "#c9d1dc",
        "block-cursor-background": "#2059b5",
        "block-cursor-foreground": "#ffffff",
        "footer-background": "#e6eaf0",
        "footer-key-foreground": "#925600",
        "input-cursor-background": "#1c2430",
        "quiet": "#566276",
        "grid": "#d8dee7",
        "chosen": "#2059b5 25%",
        "alarm": "#b52a1c 20%",
        "alarm-ink": "#1c2430",
        "previous": "#626f85",
        "cold": "#07657f",
        "model-sequential": "#566276",
        "model-threads": "#0a66b0",
        "model-thread-pool": "#08756a",
        "model-asyncio": "#7637ad",
        "model-asyncio-blocking": "#ad3373",
        "model-processes": "#96590a",
        "model-process-pool": "#b23c1a",
        "series-1": "#0a66b0",
        "series-2": "#96590a",
        "series-3": "#08756a",
        "series-4": "#7637ad",
        "series-5": "#ad3373",
        "series-6": "#566276",
    },
)

_INKS_OF_THE_TERMINAL = {
    "border-blurred": "ansi_bright_black",
    "quiet": "ansi_default",
    "grid": "ansi_bright_black",
    "alarm": "ansi_red",
    "alarm-ink": "ansi_bright_white",
    "model-sequential": "ansi_default",
    "model-threads": "ansi_blue",
    "model-thread-pool": "ansi_cyan",
    "model-asyncio": "ansi_magenta",
    "model-asyncio-blocking": "ansi_bright_magenta",
    "model-processes": "ansi_yellow",
    "model-process-pool": "ansi_red",
    "series-1": "ansi_blue",
    "series-2": "ansi_yellow",
    "series-3": "ansi_cyan",
    "series-4": "ansi_magenta",
    "series-5": "ansi_red",
    "series-6": "ansi_default",
}


def _ansi(name: str, **inks: str) -> Theme:
    """Textual's theme of the terminal's own colours, with an ink for everything of ours."""
    theme = BUILTIN_THEMES[name]
    return replace(theme, variables={**theme.variables, **_INKS_OF_THE_TERMINAL, **inks})


ANSI_DARK = _ansi("ansi-dark", cold="ansi_bright_cyan", previous="ansi_white", chosen="ansi_bright_black")
ANSI_LIGHT = _ansi(
    "ansi-light",
    **{
        "cold": "ansi_cyan",
        "previous": "ansi_bright_black",
        "chosen": "ansi_white",
        # Yellow and the bright colours are hardly seen on white.
        "model-asyncio-blocking": "ansi_bright_blue",
        "model-processes": "ansi_bright_red",
        "series-2": "ansi_bright_red",
    },
)

THEMES = (DARK, LIGHT, ANSI_DARK, ANSI_LIGHT)
CYCLE = tuple(theme.name for theme in THEMES)
"""What `t` steps through; every other Textual theme is in the command palette."""

CYCLE_WITHOUT_COLOUR = ("lambda-dark", "lambda-light")
"""With NO_COLOR, Textual 8.2 paints its ANSI themes black on black: they are left out."""

_OWN = frozenset(ANSI_DARK.variables) & frozenset(DARK.variables)


def variable_defaults(*, dark: bool) -> dict[str, str]:
    """Our own variables for a theme that does not define them."""
    source = DARK if dark else LIGHT
    return {name: value for name, value in source.variables.items() if name in _OWN}
