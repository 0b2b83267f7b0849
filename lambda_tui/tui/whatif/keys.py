"""The keys of the What-if screen."""

from __future__ import annotations

from textual.binding import Binding


def _key(keys: str, action: str, name: str, text: str, tooltip: str, *, shown: bool = False) -> Binding:
    return Binding(keys, action, text, id=f"whatif.{name}", tooltip=tooltip, show=shown)


WHATIF_KEYS = (
    _key(
        "p", "pin", "pin", "Pin", "Compare everything with this month; again takes the pin away", shown=True
    ),
    _key("b", "tables", "tables", "Table", "The tables behind the pictures", shown=True),
    _key("x", "explain", "explain", "Explain", "How the chosen amount comes about", shown=True),
    _key("o", "choose_base", "base", "Open", "Start from another run or typed numbers", shown=True),
    _key("r", "reset", "reset", "Reset", "Back to the values of the start", shown=True),
    _key("e", "export", "export", "Export", "Write the cost document as JSON", shown=True),
    _key("y", "copy", "copy", "Copy", "Copy a summary to the clipboard", shown=True),
    _key("up,k", "app.focus_previous", "up", "Up", "The field above"),
    _key("down,j", "app.focus_next", "down", "Down", "The field below"),
    _key("left_square_bracket", "turn(-1)", "pane_back", "Previous picture", "Show the picture before"),
    _key("right_square_bracket", "turn(1)", "pane", "Next picture", "Show the picture after"),
    _key("question_mark,f1", "help", "help", "Help", "Keys and explanations", shown=True),
    _key("q", "app.leave", "quit", "Quit", "Quit; asks while a run is in progress", shown=True),
)
