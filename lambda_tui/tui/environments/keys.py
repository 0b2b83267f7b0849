"""The keys of the Environments screen."""

from __future__ import annotations

from lambda_tui.tui.modes import ENVIRONMENTS, closing_keys

_key = ENVIRONMENTS.binding

ENVIRONMENTS_KEYS = (
    _key("c", "clicks", "clicks", "Clicks", "The same clicks all at once and spread over time", shown=True),
    _key(
        "plus,equals_sign", "zoom(0.5)", "zoom_in", "Zoom", "See half as much time, around the cursor",
        shown=True, display="+ −",
    ),
    _key("minus", "zoom(2)", "zoom_out", "Zoom out", "See twice as much time"),
    _key("0", "fit", "fit", "All", "See the whole run", shown=True),
    _key("z,space", "pause", "pause", "Pause", "Freeze the view; the run goes on", shown=True),
    _key("x", "explain", "explain", "Explain", "How the numbers come about", shown=True),
    _key("o", "open", "open", "Open", "Show a run of the history", shown=True),
    _key("f", "follow", "follow", "Follow", "Keep the live end on screen", shown=True),
    _key("d", "dense", "dense", "Dense", "Two lanes a row, or one", shown=True),
    _key("e", "export", "export", "Export", "Write the run document to a file", shown=True),
    _key("y", "copy", "copy", "Copy", "Copy the figures to the clipboard"),
    _key("escape", "back", "back", "Back", "Stop the run; then back to the lanes"),
    *closing_keys(ENVIRONMENTS, "Keys, and what is inferred"),
)  # fmt: skip
