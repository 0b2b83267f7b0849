"""The last line: the keys that matter here, each also a button for the mouse."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen

from lambda_tui.tui.widgets.flat_text import FlatText

PALETTE_WIDTH = len("  ^p palette")


class KeyBar(Horizontal):
    """Textual's Footer as two widgets instead of ten: that one is rebuilt with every focus change."""

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $footer-background; padding: 0 1; }
    KeyBar > #keys { width: 1fr; }
    KeyBar > #palette { width: auto; }
    """

    def compose(self) -> ComposeResult:
        yield FlatText(id="keys")
        yield FlatText(id="palette")

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._show_bindings)
        self._show_bindings(self.screen)

    def on_resize(self) -> None:
        self._show_bindings(self.screen)

    def _show_bindings(self, screen: Screen[object]) -> None:
        if not screen.is_current:
            return
        keys: list[Content] = []
        seen: set[str] = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in seen:
                seen.add(binding.action)
                display = self.app.get_key_display(binding)
                keys.append(_key(binding.key, display, binding.description))
        room = self.size.width - PALETTE_WIDTH
        self.query_one("#keys", FlatText).show(Content("  ").join(_fitting(keys, room)))
        palette = _key(self.app.COMMAND_PALETTE_BINDING, "^p", "palette")
        self.query_one("#palette", FlatText).show(palette)


def _fitting(keys: list[Content], room: int) -> list[Content]:
    """As many as there is room for; the last two, help and quit, in any case."""
    shown, last = keys[:-2], keys[-2:]
    while shown and Content("  ").join([*shown, *last]).cell_length > room:
        shown.pop()
    return shown + last


def _key(key: str, display: str, text: str) -> Content:
    shown = Content.assemble((display, "bold $footer-key-foreground"), f" {text}")
    return shown.stylize(f"@click=app.simulate_key('{key}')")
