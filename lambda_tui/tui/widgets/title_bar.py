"""The first line: the screens that exist, and the target."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from lambda_tui.tui.modes import MODES, Mode

SEPARATOR = " · "


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
        yield Static(self._fitting(), id="target-label", markup=False)

    def show_target(self, label: str) -> None:
        self._target = label
        self.on_resize()

    def on_resize(self) -> None:
        self.query_one("#target-label", Static).update(self._fitting())

    def _fitting(self) -> str:
        """As many parts of the target's label as there is room for, the first in any case."""
        parts = self._target.split(SEPARATOR)
        room = self.app.size.width - self._tabs().cell_length - 2
        while len(parts) > 1 and cell_len(SEPARATOR.join(parts)) > room:
            parts.pop()
        return SEPARATOR.join(parts)

    def _tabs(self) -> Content:
        parts = [Content.styled(" λ ", "bold $accent")]
        for mode in MODES:
            style = "bold reverse $primary" if mode == self._current else "$quiet"
            tab = Content.styled(f" {mode.key} {mode.title} ", style)
            parts.append(tab.stylize(f"@click=app.switch_mode('{mode.name}')"))
        return Content.assemble(*parts)
