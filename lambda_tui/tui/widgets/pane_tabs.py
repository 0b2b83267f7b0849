"""Names of the panes, where there is room for one at a time only."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static


class PaneTabs(Static):
    """Clickable names; the shown pane's name stands out."""

    # Clickable text keeps its own colours instead of those of a link.
    auto_links = False

    def show(self, panes: Sequence[tuple[str, str]], current: str) -> None:
        parts = []
        for name, title in panes:
            style = "bold reverse $primary" if name == current else "$foreground"
            parts.append(Content.styled(f" {title} ", style).stylize(f"@click=screen.show_pane('{name}')"))
        self.update(Content.assemble(*parts, Content.styled("   [ ] switch", "$quiet")))
