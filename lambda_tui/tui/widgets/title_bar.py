"""The first line: the screens that exist, and the target."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from lambda_tui.tui.modes import MODES, Mode


class TitleBar(Horizontal):
    """Numbered screens on the left, the target on the right."""

    DEFAULT_CSS = """
    TitleBar { height: 1; background: $panel; dock: top; }
    TitleBar > #modes { width: auto; }
    TitleBar > #target-label { width: 1fr; text-align: right; color: $quiet; padding: 0 1; }
    """

    def __init__(self, current: Mode, target: str) -> None:
        super().__init__()
        self._current = current
        self._target = target

    def compose(self) -> ComposeResult:
        tabs = Static(self._tabs(), id="modes")
        tabs.auto_links = False
        yield tabs
        yield Static(self._target, id="target-label")

    def show_target(self, label: str) -> None:
        self.query_one("#target-label", Static).update(label)

    def _tabs(self) -> Content:
        parts = [Content.styled(" λ ", "bold $accent")]
        for mode in MODES:
            style = "bold reverse $primary" if mode == self._current else "$quiet"
            tab = Content.styled(f" {mode.key} {mode.title} ", style)
            parts.append(tab.stylize(f"@click=app.switch_mode('{mode.name}')"))
        return Content.assemble(*parts)
