"""The keys of the Environments screen, and of its lanes."""

from __future__ import annotations

from textual.binding import Binding

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
    _key("x", "explain", "explain", "Explain", "How the numbers are calculated", shown=True),
    _key("o", "open", "open", "Open", "Show a run of the history", shown=True),
    _key("f", "follow", "follow", "Follow", "Keep the live end on screen", shown=True),
    _key("d", "dense", "dense", "Dense", "Two lanes a row, or one", shown=True),
    _key("e", "export", "export", "Export", "Write the run document to a file", shown=True),
    _key("y", "copy", "copy", "Copy", "Copy the figures to the clipboard"),
    _key("escape", "back", "back", "Back", "Stop the run; then back to the lanes"),
    *closing_keys(ENVIRONMENTS, "Keys, and what is inferred"),
)  # fmt: skip


def _lanes_key(keys: str, action: str, name: str, text: str, tooltip: str) -> Binding:
    return Binding(keys, action, text, id=f"lanes.{name}", tooltip=tooltip, show=False)


LANES_KEYS = (
    _lanes_key("up,k", "lane(-1)", "up", "Up", "The lane above"),
    _lanes_key("down,j", "lane(1)", "down", "Down", "The lane below"),
    _lanes_key("pageup", "lane(-10)", "back", "Back", "Ten lanes up"),
    _lanes_key("pagedown", "lane(10)", "on", "On", "Ten lanes down"),
    _lanes_key("home,g", "lane(-1000000)", "first", "First", "First lane"),
    _lanes_key("end,G", "lane(1000000)", "last", "Last", "Last lane"),
    _lanes_key("left,h", "time(-1)", "earlier", "Earlier", "Cursor back"),
    _lanes_key("right,l", "time(1)", "later", "Later", "Cursor on"),
    _lanes_key("shift+left,H", "pan(-0.5)", "pan_back", "Pan back", "Back"),
    _lanes_key("shift+right,L", "pan(0.5)", "pan_on", "Pan on", "On"),
    _lanes_key("n", "invocation(1)", "next", "Next", "Next invocation"),
    _lanes_key("p", "invocation(-1)", "previous", "Previous", "The one before"),
)
