"""The keys of the What-if screen."""

from __future__ import annotations

from lambda_tui.tui.modes import WHATIF, closing_keys, pane_keys

_key = WHATIF.binding

WHATIF_KEYS = (
    _key(
        "p", "pin", "pin", "Pin", "Compare everything with this month; again takes the pin away", shown=True
    ),
    _key("b", "tables", "tables", "Table", "The tables behind the pictures", shown=True),
    _key("x", "explain", "explain", "Explain", "How the chosen amount is calculated", shown=True),
    _key("o", "choose_base", "base", "Open", "Start from another run or typed numbers", shown=True),
    _key("r", "reset", "reset", "Reset", "Back to the values of the start", shown=True),
    _key("e", "export", "export", "Export", "Write the cost document as JSON", shown=True),
    _key("y", "copy", "copy", "Copy", "Copy a summary to the clipboard", shown=True),
    _key("up,k", "app.focus_previous", "up", "Up", "The field above"),
    _key("down,j", "app.focus_next", "down", "Down", "The field below"),
    *pane_keys(WHATIF, "picture"),
    *closing_keys(WHATIF),
)
