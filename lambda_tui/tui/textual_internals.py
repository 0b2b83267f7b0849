"""All that relies on how Textual works inside or on what it does not document: read it with every upgrade.

Written against Textual 8.2.8. Each piece says what it is for and what it relies on;
`tests/tui/test_textual_internals.py` fails when a private name of Textual is used elsewhere.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Size
from textual.notifications import Notification, Notify, SeverityLevel
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection


class TerminalDriver(LinuxDriver):
    """Starts over after a plain SIGSTOP and SIGCONT, as a debugger, a batch system or `kill` sends them.

    Textual starts a second time instead: a second thread takes some of the keys and can block quitting for
    ever, and the terminal modes restored at the end are Textual's own.
    Relies on: SIGCONT calls `resume_application_mode`; the driver's application is `_app`.
    """

    _is_suspended = False

    def suspend_application_mode(self) -> None:
        super().suspend_application_mode()
        self._is_suspended = True

    def resume_application_mode(self) -> None:
        if self._is_suspended:
            self._is_suspended = False
            super().resume_application_mode()
        elif self._app.is_running:
            # Not within the signal handler: what it interrupted may hold the writer's lock.
            asyncio.get_running_loop().call_soon_threadsafe(self._start_over)

    def _start_over(self) -> None:
        """The terminal's modes and screen may have changed while the process was stopped."""
        self.suspend_application_mode()
        self.resume_application_mode()
        self.send_message(self.SignalResume())


class LateStyles(App[None]):
    """Parses the style sheets once before the first screen is up, where Textual does it three times.

    Relies on: setting the theme calls `refresh_css`, which has nothing to restyle before the first screen;
    a style sheet needs its variables once before it is parsed.
    """

    shows_screen = False
    _has_variables = False

    def refresh_css(self, animate: bool = True) -> None:
        if self.shows_screen:
            super().refresh_css(animate)
        elif not self._has_variables:
            self._has_variables = True
            self.stylesheet.set_variables(self.get_css_variables())


SHORTEST_NOTICE_S = 0.1


@dataclass
class Notice(Notification):
    """A notification whose toast always has some time left.

    Textual makes the toasts anew on every screen and with every further notification. One that expires at
    that very moment starts a timer with a negative delay, which never leaves its loop: the program freezes.
    Relies on: a toast's timer runs for `time_left`; `has_expired` keeps expired ones from getting a toast.
    """

    @property
    def time_left(self) -> float:
        return max(SHORTEST_NOTICE_S, super().time_left)

    @property
    def has_expired(self) -> bool:
        return super().time_left <= 0


class LastingNotices(App[None]):
    """Shows every notification as a `Notice`.

    Relies on: the `notify` of every widget ends here, and posts `Notify`.
    """

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Notice(message, title, severity, seconds, markup=markup)))


def style_once(event: events.ScreenResume, *, is_styled: bool) -> None:
    """Spare a screen the restyling on its resume where every widget has just been styled.

    Relies on: a handler of the screen's own is called before Textual's, which looks at `refresh_styles`.
    """
    event.refresh_styles = not is_styled


def filters_of_drawing(widget: Widget) -> list[LineFilter]:
    """All but the one that translates the terminal's own colours: a drawing is in those of the theme.

    Relies on: `Widget.get_line_filters`, and the class of that filter.
    """
    return [each for each in widget.app.get_line_filters() if not isinstance(each, ANSIToTruecolor)]


def set_scrolled_size(widget: Widget, size: Size) -> None:
    """Set the size of what a widget scrolls over without a layout of the whole screen.

    Relies on: the watcher of `virtual_size` does nothing but ask for that layout and move scrollbars.
    """
    widget.set_reactive(Widget.virtual_size, size)


class QuietInput(Input):
    """A compact input of one line that is styled once and not three times before the first paint.

    Relies on: what the constructor and its watchers set for a value, `compact` and the cursor.
    """

    def __init__(self, value: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, select_on_focus=True)
        self.add_class("-textual-compact", "-valid", update=False)
        self.set_reactive(Input.value, value)
        self.set_reactive(Input.compact, True)
        self.set_reactive(Input.selection, Selection.cursor(len(value)))
        set_scrolled_size(self, Size(len(value) + 1, 1))
        # A blinking cursor is a timer, and an idle screen should cost nothing.
        self.cursor_blink = False

    def takes(self, character: str | None) -> bool:
        """This character is typed; any other is a key of the screen."""
        return character is not None and character.isprintable()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.takes(character)

    async def _on_key(self, event: events.Key) -> None:
        """Relies on: Textual types in `Input._on_key`, after the handlers of subclasses, unless prevented."""
        if event.is_printable and not self.takes(event.character):
            event.prevent_default()
