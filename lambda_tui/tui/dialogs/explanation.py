"""How an amount comes about, laid out for a dialog."""

from __future__ import annotations

from textwrap import wrap

from textual.content import Content

_INDENT = " " * 12
"""Where the values stand in the text of `billing.explain`."""


def reading_width(columns: int) -> int:
    """Cells of a line in a Reading dialog on a screen of so many columns."""
    return min(84, columns * 9 // 10) - 7


def explanation_content(text: str, why: str, width: int) -> Content:
    """A derivation by `billing.explain`, wrapped under its own columns, then `why` as a closing sentence."""
    lines = []
    for line in text.splitlines():
        if line.startswith(" "):
            lines += [Content(part) for part in wrap(line, width, subsequent_indent=_INDENT)]
        else:
            lines.append(Content.styled(line, "bold $accent"))
    if why:
        lines += [Content(""), Content.styled(why, "$quiet")]
    return Content("\n").join(lines)
