"""The colours of lanes, wherever they are drawn."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from lambda_tui.scenario import ConcurrencyModel
from lambda_tui.tui.drawing.lanes import Ink
from lambda_tui.tui.widgets.model_picker import MODEL_CLASSES, MODEL_CSS

DIM = Style(dim=True)

LANE_CSS = f"""
    {MODEL_CSS}
    & > .lanes--init {{ color: $cold; text-style: bold; }}
    & > .lanes--frozen {{ color: $previous; }}
    & > .lanes--idle {{ color: $previous; }}
    & > .lanes--gone {{ color: $quiet; }}
    & > .lanes--error {{ color: $error; text-style: bold; }}
"""
LANE_CLASSES = MODEL_CLASSES | {f"lanes--{ink}" for ink in ("init", "frozen", "idle", "gone", "error")}


def ink_style(widget: Widget, ink: Ink, model: ConcurrencyModel) -> Style:
    """The style of an ink on a widget with LANE_CSS: what is busy has the colour of its model."""
    if ink in ("busy", "next"):
        style = widget.get_component_rich_style(f"model--{model}")
        return style if ink == "busy" else style + DIM
    return widget.get_component_rich_style(f"lanes--{ink}") if ink else Style.null()
