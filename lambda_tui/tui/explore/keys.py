"""The keys of the Explore screen."""

from __future__ import annotations

from lambda_tui.tui.modes import EXPLORE, closing_keys, pane_keys

_key = EXPLORE.binding

EXPLORE_KEYS = (
    # Priority, so that Enter runs from inside an input as well.
    _key(
        "enter", "run", "run", "Run", "Run the scenario of the form", shown=True, display="⏎", priority=True
    ),
    _key("a", "all_models", "all", "All models", "The same scenario through every model", shown=True),
    _key("escape", "stop", "stop", "Stop", "Stop the run, or leave the comparison", shown=True),
    _key("z,space", "pause", "pause", "Pause", "Freeze the view; the run goes on", shown=True),
    _key("x", "explain", "explain", "Explain", "How the bill is calculated", shown=True),
    _key("e", "export", "export", "Export", "Write the run document to a file", shown=True),
    _key("y", "copy", "copy", "Copy", "Copy a summary to the clipboard"),
    _key("m", "next_model(1)", "model", "Next model", "Choose the next model"),
    _key("M", "next_model(-1)", "model_back", "Previous model", "Choose the previous model"),
    _key("r", "restart", "restart", "Restart", "Start the target again after it went away"),
    *pane_keys(EXPLORE),
    *closing_keys(EXPLORE),
)
