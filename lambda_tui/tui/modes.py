"""The screens of the application: their keys, names and titles, and the keys that several of them have."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Mode:
    """A screen of the application. `name` is Textual's name of the mode."""

    key: str
    name: str
    title: str

    def binding(
        self,
        keys: str,
        action: str,
        name: str,
        text: str,
        tooltip: str,
        *,
        shown: bool = False,
        display: str | None = None,
        priority: bool = False,
    ) -> Binding:
        """A key of this mode's screen, with the id `MODE.NAME` that keymaps go by."""
        return Binding(
            keys,
            action,
            text,
            id=f"{self.name}.{name}",
            tooltip=tooltip,
            show=shown,
            key_display=display,
            priority=priority,
        )


EXPLORE = Mode("1", "explore", "Explore")
WHATIF = Mode("3", "whatif", "What-if")
ENVIRONMENTS = Mode("4", "environments", "Environments")
HISTORY = Mode("5", "history", "History")

MODES = (EXPLORE, WHATIF, ENVIRONMENTS, HISTORY)
"""In the order of the title bar."""

PROGRAM_KEYS = (
    Binding("q", "leave", "Quit", id="app.quit", tooltip="Quit; asks while a run is in progress", show=False),
    Binding(
        "ctrl+z",
        "suspend_process",
        "Suspend",
        id="app.suspend",
        tooltip="Back to the shell; fg returns, and a run goes on meanwhile",
        show=False,
    ),
    Binding("t", "next_theme", "Theme", id="app.theme", tooltip="Next colour theme", show=False),
    *(
        Binding(
            mode.key,
            f"switch_mode('{mode.name}')",
            mode.title,
            id=f"app.{mode.name}",
            tooltip=mode.title,
            show=False,
        )
        for mode in MODES
    ),
)


def pane_keys(mode: Mode, noun: str = "pane") -> list[Binding]:
    """The keys that turn from one pane of a small terminal to the next."""
    back, on = f"Show the {noun} before", f"Show the {noun} after"
    return [
        mode.binding("left_square_bracket", "turn(-1)", "pane_back", f"Previous {noun}", back),
        mode.binding("right_square_bracket", "turn(1)", "pane", f"Next {noun}", on),
    ]


def closing_keys(mode: Mode, help_tooltip: str = "Keys and explanations") -> list[Binding]:
    """Help and quit: the last of every screen, which the key bar always has room for."""
    leaving = "Quit; asks while a run is in progress"
    return [
        mode.binding("question_mark,f1", "help", "help", "Help", help_tooltip, shown=True),
        mode.binding("q", "app.leave", "quit", "Quit", leaving, shown=True),
    ]
