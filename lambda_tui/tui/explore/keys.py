"""The keys of the Explore screen."""

from __future__ import annotations

from textual.binding import Binding


def _key(keys: str, action: str, name: str, text: str, tooltip: str, *, shown: bool = False) -> Binding:
    return Binding(keys, action, text, id=f"explore.{name}", tooltip=tooltip, show=shown)


EXPLORE_KEYS = (
    # Priority, so that Enter runs from inside an input as well.
    Binding(
        "enter",
        "run",
        "Run",
        id="explore.run",
        key_display="⏎",
        priority=True,
        tooltip="Run the scenario of the form",
    ),
    _key("a", "all_models", "all", "All models", "The same scenario through every model", shown=True),
    _key("escape", "stop", "stop", "Stop", "Stop the run, or leave the comparison", shown=True),
    _key("z,space", "pause", "pause", "Pause", "Freeze the view; the run goes on", shown=True),
    _key("x", "explain", "explain", "Explain", "How the bill comes about", shown=True),
    _key("e", "export", "export", "Export", "Write the run document to a file", shown=True),
    _key("y", "copy", "copy", "Copy", "Copy a summary to the clipboard"),
    _key("m", "next_model(1)", "model", "Next model", "Choose the next model"),
    _key("M", "next_model(-1)", "model_back", "Previous model", "Choose the previous model"),
    _key("r", "restart", "restart", "Restart", "Start the target again after it went away"),
    _key("left_square_bracket", "turn(-1)", "pane_back", "Previous pane", "Show the pane before"),
    _key("right_square_bracket", "turn(1)", "pane", "Next pane", "Show the pane after"),
    _key("question_mark,f1", "help", "help", "Help", "Keys and explanations", shown=True),
    _key("q", "app.leave", "quit", "Quit", "Quit; asks while a run is in progress", shown=True),
)
