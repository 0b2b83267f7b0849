"""The lanes of a run: a row an environment, scrolled, zoomed and panned; only what is seen is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lambda_tui.results.environments import RECLAIMED_AFTER_MS, Lane
from lambda_tui.scenario import ConcurrencyModel
from lambda_tui.tui.drawing.time_window import TimeView, TimeWindow
from lambda_tui.tui.environments.keys import LANES_KEYS
from lambda_tui.tui.environments.lane_painter import ROW_CLASSES, ROW_CSS, LanePainter, Scene, lane_columns
from lambda_tui.tui.textual_internals import filters_of_drawing


class Lanes(ScrollView, can_focus=True):
    """One lane an environment under a time axis, with a cursor at a lane and a time."""

    DEFAULT_CSS = f"Lanes {{ height: 1fr; {ROW_CSS} }}"
    COMPONENT_CLASSES: ClassVar[set[str]] = ROW_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [*LANES_KEYS]

    @dataclass
    class Moved(Message):
        """The cursor or the window is another."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.view = TimeView()
        self.dense = False
        self.cursor_ms: float | None = None
        self._lanes: Sequence[Lane] = ()
        self._selected = 0
        self._chosen = False
        self._model: ConcurrencyModel = "sequential"
        self._now_ms = 0.0
        self._live = False
        self._idle_limit_ms = RECLAIMED_AFTER_MS
        self._painter = LanePainter(self)

    # What is shown

    def show(
        self,
        lanes: Sequence[Lane],
        now_ms: float,
        *,
        live: bool,
        model: ConcurrencyModel = "sequential",
        idle_limit_ms: float = RECLAIMED_AFTER_MS,
    ) -> None:
        """Draw these lanes, of a run that lasted or lasts `now_ms`."""
        selected = self.lane if self._chosen else None
        if model != self._model:
            self._painter.forget_rows()
        self._lanes, self._now_ms, self._live, self._model = lanes, now_ms, live, model
        self._idle_limit_ms = idle_limit_ms
        self._selected = lanes.index(selected) if selected is not None and selected in lanes else 0
        self._lay_out()

    def start_over(self) -> None:
        """Another run: the whole of it, from its first lane."""
        self.view, self.cursor_ms, self._selected, self._chosen = TimeView(), None, 0, False
        self._painter.forget()
        self.scroll_home(animate=False)

    @property
    def lane(self) -> Lane | None:
        """The lane under the cursor."""
        return self._lanes[self._selected] if self._selected < len(self._lanes) else None

    @property
    def lane_number(self) -> int:
        """The number of the lane under the cursor, from 1."""
        return self._selected + 1

    @property
    def window(self) -> TimeWindow:
        """The time on screen."""
        return self.view.window(self._now_ms, self._columns()[1], live=self._live)

    @property
    def seen(self) -> tuple[int, int]:
        """The first and the last lane on screen, from 1."""
        per_row = 2 if self.dense else 1
        first = self.scroll_offset.y * per_row
        rows = max(0, self.scrollable_content_region.height - 1)
        return min(first + 1, len(self._lanes)), min(first + rows * per_row, len(self._lanes))

    def set_view(self, view: TimeView) -> None:
        self.view = view
        self._lay_out()
        self.post_message(self.Moved())

    def set_dense(self, dense: bool) -> None:
        """Two lanes a row, or one."""
        self.dense = dense
        self._painter.forget_rows()
        self._lay_out()
        self._reveal()

    def _columns(self) -> tuple[int, int]:
        return lane_columns(self.size.width)

    def _lay_out(self) -> None:
        rows = -(-len(self._lanes) // 2) if self.dense else len(self._lanes)
        self.virtual_size = Size(0, rows + 1)
        self.refresh()

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter.forget_styles()

    def on_resize(self) -> None:
        self._painter.forget()
        self.post_message(self.Moved())

    def get_line_filters(self) -> Sequence[LineFilter]:
        return filters_of_drawing(self)

    def render_line(self, y: int) -> Strip:
        scene = self._scene()
        self._painter.look_at(scene.window)
        if y == 0:
            return self._painter.axis(scene)
        row = self.scroll_offset.y + y - 1
        lanes = self._lanes[row * 2 : row * 2 + 2] if self.dense else self._lanes[row : row + 1]
        cursor = (self._selected, self.cursor_ms) if self._row_of(self._selected) == row else None
        return self._painter.row(row, lanes, scene, cursor)

    def _scene(self) -> Scene:
        window = self.window
        return Scene(
            window,
            self._model,
            self._now_ms,
            self._idle_limit_ms,
            self.dense,
            self._columns()[0],
            self.scrollable_content_region.width,
            self._cursor_column(window),
        )

    def _cursor_column(self, window: TimeWindow) -> int | None:
        if self.cursor_ms is None:
            return None
        column = window.column(self.cursor_ms)
        return column if 0 <= column < window.columns else None

    # Moving

    def action_lane(self, by: int) -> None:
        if self._lanes:
            self._chosen = True
            before, self._selected = self._selected, min(max(self._selected + by, 0), len(self._lanes) - 1)
            self._reveal()
            self._refresh_rows(before, self._selected)
            self.post_message(self.Moved())

    def action_time(self, by: int) -> None:
        """Move the cursor by columns; at the edge of the window the window moves."""
        window = self.window
        column = self._cursor_column(window)
        self._point(window, window.columns // 2 if column is None else column + by)

    def action_invocation(self, by: int) -> None:
        """Put the cursor on the lane's next or previous invocation."""
        lane = self.lane
        if lane is None:
            return
        moment = None if self.cursor_ms is None else lane.at(self.cursor_ms)
        if moment is None:
            position = 0
        elif moment.kind in ("init", "busy", "after"):
            position = moment.position + (by if moment.kind != "after" or by > 0 else 0)
        else:
            position = moment.position - (by < 0)
        position = min(max(position, 0), len(lane) - 1)
        self._reach((lane.begins_ms[position] + lane.ends_ms[position]) / 2)

    def action_pan(self, share: float) -> None:
        window = self.window
        self.set_view(self.view.moved(window, share * window.span_ms))

    def zoom(self, factor: float, around_ms: float | None = None) -> None:
        """Show `factor` times as much time, around the cursor, or the middle where it is not on screen."""
        window = self.window
        if around_ms is None:
            visible = self._cursor_column(window) is not None
            around_ms = self.cursor_ms if visible else (window.start_ms + window.end_ms) / 2
        assert around_ms is not None
        view = self.view.zoomed(window, factor, around_ms, self._now_ms)
        self.set_view(TimeView(view.span_ms, view.start_ms, self._live and self.view.follow))

    def _point(self, window: TimeWindow, column: int) -> None:
        self._reach(window.border(column) + window.ms_per_column / 2)

    def _reach(self, time_ms: float) -> None:
        """Put the cursor at a time, and the window around it."""
        window = self.window
        self._chosen = True
        latest_ms = max(window.end_ms, self._now_ms) - window.ms_per_column / 2
        self.cursor_ms = max(0.0, min(time_ms, latest_ms))
        if self.cursor_ms < window.start_ms:
            self.view = self.view.moved(window, self.cursor_ms - window.start_ms)
        elif self.cursor_ms >= window.end_ms:
            self.view = self.view.moved(window, self.cursor_ms - window.end_ms + window.ms_per_column)
        self._refresh_rows(self._selected)
        self.post_message(self.Moved())

    def _refresh_rows(self, *lanes: int) -> None:
        """Draw the axis and the rows of some lanes again; all rows where the window is another."""
        if self.window != self._painter.drawn_window:
            self.refresh()
            return
        rows = (0, *(self._row_of(lane) - self.scroll_offset.y + 1 for lane in lanes))
        self.refresh(*(Region(0, row, self.size.width, 1) for row in rows))

    def _row_of(self, lane: int) -> int:
        return lane // 2 if self.dense else lane

    def _reveal(self) -> None:
        self.scroll_to_region(Region(0, self._row_of(self._selected), 1, 2), animate=False)

    # Mouse

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or at.y == 0:
            return
        label, columns = self._columns()
        row = self.scroll_offset.y + at.y - 1
        lane = row * 2 if self.dense else row
        if lane < len(self._lanes):
            self._refresh_rows(self._selected)
            self._selected, self._chosen = lane, True
        if label <= at.x < label + columns:
            self._point(self.window, at.x - label)
        else:
            self.action_lane(0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def _wheel(self, event: events.MouseScrollUp | events.MouseScrollDown, direction: int) -> None:
        """With ctrl the wheel zooms, with shift it pans; alone it scrolls the lanes."""
        if not (event.ctrl or event.shift):
            return
        event.prevent_default()
        event.stop()
        if event.ctrl:
            window = self.window
            column = min(max(event.x - self.gutter.left - self._columns()[0], 0), window.columns - 1)
            self.zoom(1.25**direction, window.border(column))
        else:
            self.action_pan(direction / 8)
