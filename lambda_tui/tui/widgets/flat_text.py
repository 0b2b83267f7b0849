"""Text that is replaced ten times a second without laying out the screen again."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class FlatText(Static):
    """A Static whose `show` paints only what changed: a layout costs as much as the rest of a frame."""

    # Clickable text keeps its own colours instead of those of a link.
    auto_links = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._shown = Content("")

    def show(self, content: Content) -> None:
        """Replace the text; a layout follows only where the number of rows may have changed."""
        before = self._shown
        if content.plain == before.plain and content.spans == before.spans:
            return
        self._shown = content
        self.update(content, layout=self._rows(content) != self._rows(before))

    def _rows(self, content: Content) -> int:
        width = max(1, self.size.width)
        return sum(max(1, -(-len(line) // width)) for line in content.plain.split("\n"))
