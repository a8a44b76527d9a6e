"""What mouse and keys do to the extent map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from lacuna_gui.widgets.extent_canvas import ExtentCanvas
from lacuna_gui.widgets.extent_layout import MapMode
from lacuna_gui.widgets.extent_view import ExtentView

__all__ = ["ZOOM_STEP", "ExtentHands"]

ZOOM_STEP: Final = 1.25
"""How much closer a notch of the wheel brings; keys and buttons bring two."""
_DRAGGED: Final = 3
"""Pixels the mouse moves before a click becomes dragging."""

_Key = Qt.Key


class ExtentHands(ExtentCanvas):
    """The canvas with its controls.

    Wheel: closer and back at the pointer; sideways or with Shift: along. Drag: move; in the
    overview: show that part. Double click: closer. Keys: arrows move a cursor, with Shift to where
    the next extent begins; ``+`` and ``-`` bring closer and back, ``0`` shows all; Page up and
    down, Home and End move along. At each step it is said what is there.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drag: tuple[QPointF, ExtentView] | None = None
        self._keys: Final[dict[Qt.Key, Callable[[], None]]] = {
            _Key.Key_Plus: lambda: self.zoom_by(ZOOM_STEP**2),
            _Key.Key_Equal: lambda: self.zoom_by(ZOOM_STEP**2),
            _Key.Key_Minus: lambda: self.zoom_by(ZOOM_STEP**-2),
            _Key.Key_Underscore: lambda: self.zoom_by(ZOOM_STEP**-2),
            _Key.Key_0: self.fit,
            _Key.Key_PageUp: lambda: self._page(-1),
            _Key.Key_PageDown: lambda: self._page(1),
            _Key.Key_Home: lambda: self._set_cursor(0),
            _Key.Key_End: lambda: self._set_cursor(self.view.size - 1),
            _Key.Key_Left: lambda: self._step(-1),
            _Key.Key_Right: lambda: self._step(1),
        }

    # -- mouse

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102, N802
        if not self.view.size:
            event.ignore()
            return
        turn = event.angleDelta()
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        sideways = turn.x() or (turn.y() if shifted else 0)
        if sideways:
            self._set_view(self.view.moved(-sideways * self.view.span // 1200))
        elif turn.y():
            offset = self.offset_at(event.position().toPoint())
            self.zoom_by(ZOOM_STEP ** (turn.y() / 120), offset)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if event.button() != Qt.MouseButton.LeftButton or not self.view.size:
            super().mousePressEvent(event)
            return
        where = self._layout()
        if where.overview and where.overview_rect.contains(event.position().toPoint()):
            self._drag = None
            self._jump(event.position())
            return
        self._drag = event.position(), self.view
        offset = self.offset_at(event.position().toPoint())
        if offset is not None:
            self._cursor = offset
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if event.buttons() & Qt.MouseButton.LeftButton:
            if self._drag is not None:
                self._pan(event.position())
            elif not self.view.is_whole:
                self._jump(event.position())
            return
        column = self._column_at(event.position().toPoint())
        if column != self._hover:
            self._hover = column
            self.update()
        text = "" if column is None else self._text_of(column)
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        super().mouseReleaseEvent(event)
        self._drag = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        offset = self.offset_at(event.position().toPoint())
        if offset is not None:
            self.zoom_by(4, offset)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102, N802
        super().leaveEvent(event)
        self._hover = None
        self.update()

    def _pan(self, place: QPointF) -> None:
        if self._drag is None or self.view.is_whole:
            return
        origin, view = self._drag
        moved = place - origin
        if moved.manhattanLength() < _DRAGGED and view == self.view:
            return
        where = self._layout()
        if where.mode is MapMode.STRIP:
            distance = round(-moved.x() / max(1, where.body.width()) * view.span)
        else:
            cells = round(moved.y() / where.step) * where.across + round(moved.x() / where.step)
            distance = -cells * view.span // max(1, self._coverage.columns)
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._set_view(view.moved(distance))

    def _jump(self, place: QPointF) -> None:
        """Show the part of the image at a place of the overview."""
        strip = self._layout().overview_rect
        share = (place.x() - strip.left()) / max(1, strip.width())
        self._set_view(self.view.centred(round(share * self.view.size)))

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        if not self.view.size or not self._on_key(_Key(event.key()), event.modifiers()):
            super().keyPressEvent(event)

    def _on_key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Do what a key means here; tell whether it means anything."""
        if modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return False
        shifted = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        if shifted and key in {_Key.Key_Left, _Key.Key_Right}:
            self._to_extent(forward=key == _Key.Key_Right)
        elif self.mode is MapMode.GRID and key in {_Key.Key_Up, _Key.Key_Down}:
            across = self._layout().across
            self._step(-across if key == _Key.Key_Up else across)
        elif key in self._keys:
            self._keys[key]()
        else:
            return False
        return True

    def _page(self, way: int) -> None:
        at = self.view.start if self._cursor is None else self._cursor
        self._set_cursor(at + way * self.view.span * 9 // 10)

    def _step(self, columns: int) -> None:
        """Move the cursor by columns; the first step only shows it, where the view begins."""
        if self._cursor is None:
            self._set_cursor(self.view.start)
            return
        column = self._column_of(self._cursor)
        target = None if column is None else column + columns
        if target is not None and 0 <= target < self._coverage.columns:
            self._set_cursor(int(self._coverage.edges[target]))
        else:
            width = max(1, self.view.span // max(1, self._coverage.columns))
            self._set_cursor(self._cursor + columns * width)

    def _to_extent(self, *, forward: bool) -> None:
        """Move the cursor to where the next extent begins, or this one, or the one before."""
        if self.table is None or self._cursor is None:
            self._set_cursor(self.view.start)
            return
        start, end, _ = self.table.run_at(self._cursor)
        if forward:
            self._set_cursor(end)
        elif start < self._cursor:
            self._set_cursor(start)
        else:
            self._set_cursor(self.table.run_at(max(0, start - 1))[0])

    # -- focus

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        super().focusOutEvent(event)
        QToolTip.hideText()
        self._describe()
        self.update()
