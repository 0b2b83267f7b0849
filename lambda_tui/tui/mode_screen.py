"""What the screens of the application have in common; each of them adds only what is its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from lambda_tui.errors import LambdaTuiError
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.dialogs.reading import Reading, explanation_content, reading_width
from lambda_tui.tui.messages import ThreadCrashed
from lambda_tui.tui.modes import Mode
from lambda_tui.tui.textual_internals import style_once
from lambda_tui.tui.widgets.key_bar import KeyBar
from lambda_tui.tui.widgets.pane_tabs import PaneTabs
from lambda_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from lambda_tui.tui.export import Document

WIDE = (120, 36)
"""From this many columns and rows on, all panes are shown at once."""

SMALLEST = (60, 16)
"""Below it not even one pane could be read."""


def room_class(width: int, height: int) -> str:
    """`-wide`, `-folded` where one pane at a time is shown, or `-too-small`."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return "-too-small"
    return "-folded" if width < WIDE[0] or height < WIDE[1] else "-wide"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Derivations as `billing.explain` writes them, and a closing sentence."""

    title: str
    text: str
    why: str = ""


class ModeScreen(Screen[None]):
    """Title bar, banner, own content and key bar; one pane at a time where the terminal is small.

    The classes `-wide`, `-folded` and `-too-small` say how much room there is, and `-away` is on every pane
    that a folded screen has no room for. Help, copy, export and explain ask `help_text`, `copied`, `exports`
    and `explanation` what to show.
    """

    MODE: ClassVar[Mode]
    PANES: ClassVar[Sequence[tuple[str, str]]] = ()
    """Ids and titles of the panes, in the order of the tabs of a small terminal; empty for none."""
    NOTHING_YET: ClassVar[str] = "Nothing was run yet."

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.target = target
        self.pane = self.PANES[0][0] if self.PANES else ""
        self._was_resumed = False

    # What a screen adds

    def compose_content(self) -> ComposeResult:
        """The widgets between banner and key bar."""
        raise NotImplementedError

    def arranged(self) -> None:
        """The classes for a new size are set; hide and name what depends on it."""

    def classes_for(self, width: int, height: int) -> set[str]:
        """Classes of the screen at this size: how much room there is, and those of its state."""
        return {room_class(width, height)}

    def help_text(self) -> Content:
        """What `?` shows."""
        raise NotImplementedError

    def copied(self) -> str:
        """What `y` copies; empty where there is nothing."""
        return ""

    def exports(self) -> Iterable[Document]:
        """What `e` writes."""
        return ()

    def explanation(self) -> Explanation | None:
        """What `x` shows; None where there is nothing to explain."""
        return None

    # The frame

    def compose(self) -> ComposeResult:
        # With the right classes from the start, the style sheet is applied once to 100 widgets, not 3 times.
        self.set_classes(self.classes_for(*self.app.size))
        yield TitleBar(self.MODE, self.target.label)
        yield Static(id="banner", markup=False)
        yield from self.compose_content()
        yield KeyBar()
        yield Static(
            f"lambda-tui needs at least {SMALLEST[0]} columns and {SMALLEST[1]} rows.", id="too-small"
        )

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """The first resume comes right after every widget was styled: once is enough."""
        style_once(event, is_styled=not self._was_resumed)
        self._was_resumed = True
        self.query_one(TitleBar).show_target(self.target.label)

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out(*event.size)

    def lay_out(self, width: int, height: int) -> None:
        """Set the classes for this size, and show the panes there is room for."""
        self.set_classes(self.classes_for(width, height))
        self.arranged()

    def action_show_pane(self, name: str) -> None:
        """Show one pane of a folded screen."""
        self.pane = name
        self.lay_out(*self.size)

    def action_turn(self, by: int) -> None:
        """Show the next pane of a folded screen."""
        if self.has_class("-folded"):
            names = [name for name, _ in self.PANES]
            self.action_show_pane(names[(names.index(self.pane) + by) % len(names)])

    def show_tabs(self, titles: Sequence[tuple[str, str]]) -> None:
        """Name the panes, where one of them is shown at a time."""
        self.query_one(PaneTabs).show(titles, self.pane)

    # What it says

    def show_banner(self, text: str | None) -> None:
        """A sentence below the title bar that stays until it is taken away with None."""
        banner = self.query_one("#banner", Static)
        banner.set_class(text is not None, "-shown")
        if text is not None:
            banner.update(text)

    def notify_error(self, error: LambdaTuiError) -> None:
        """A foreseeable failure that leaves everything as it is."""
        self.notify(str(error), title=error.title, severity="error", markup=False)

    def on_thread_crashed(self, message: ThreadCrashed) -> None:
        raise message.error

    # Keys

    def action_help(self) -> None:
        self.app.push_screen(Reading(f"Help: {self.MODE.title}", self.help_text()))

    def action_explain(self) -> None:
        """How the numbers on screen are calculated."""
        shown = self.explanation()
        if shown is None:
            self.notify(self.NOTHING_YET, severity="warning", markup=False)
            return
        content = explanation_content(shown.text, shown.why, reading_width(self.size.width))
        self.app.push_screen(Reading(shown.title, content))

    def action_copy(self) -> None:
        text = self.copied()
        if not text:
            self.notify(self.NOTHING_YET, severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(text)
        self.notify(text, title="Copied", markup=False)

    def action_export(self) -> None:
        """Write documents into the current folder, and say which and where, or why not."""
        from lambda_tui.tui.export import export_document  # noqa: PLC0415  (not needed for the first paint)

        folder = Path.cwd()
        try:
            paths = [export_document(document, folder) for document in self.exports()]
        except LambdaTuiError as error:
            self.notify_error(error)
            return
        if not paths:
            self.notify(self.NOTHING_YET, severity="warning", markup=False)
            return
        names = "\n".join(path.name for path in paths)
        self.notify(f"{names}\nin {folder}", title="Exported", markup=False)
