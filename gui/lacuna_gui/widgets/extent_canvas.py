"""The drawing of the extent map: what is shown, counted, drawn and said.

`extent_hands` adds what mouse and keys do to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lacuna_gui.format import offset_text
from lacuna_gui.paint.coverage import Coverage
from lacuna_gui.paint.lanes import MARK, ink, lanes
from lacuna_gui.paint.runs import Range, RunTable
from lacuna_gui.paint.strip import Strip, cells_image, snapped, strip_image
from lacuna_gui.widgets.extent_layout import MapLayout, MapMode
from lacuna_gui.widgets.extent_painting import (
    paint_axis,
    paint_frame,
    paint_gutter,
    paint_mark,
    paint_note,
    paint_overview,
)
from lacuna_gui.widgets.extent_text import range_text, table_text
from lacuna_gui.widgets.extent_view import ExtentView

__all__ = ["ExtentCanvas"]

_LONGEST = 999_999_999_999
"""An offset whose text is as long as such texts get."""
_SPEAK_EVERY = 1000
"""Milliseconds between new numbers for assistive technology, which reads each of them out."""


class ExtentCanvas(QWidget):
    """Draws a `RunTable`, of which a part may be shown, and an overview of all while it is.

    ``view_changed`` tells that another part is shown, ``mode_changed`` that it is drawn otherwise.
    """

    view_changed = Signal()
    mode_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: RunTable | None = None
        self._view = ExtentView.whole(0)
        self._mode = MapMode.STRIP
        self._note = ""
        self._image = QImage()
        self._counted: tuple[ExtentView, int] | None = None
        self._drawn: tuple[object, ...] | None = None
        self._cursor: int | None = None
        """The offset of the byte the keys have come to."""
        self._hover: int | None = None
        """The column under the mouse."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Extent map"))
        self._speak = QTimer(self)
        self._speak.setSingleShot(True)
        self._speak.timeout.connect(self._describe)
        self._describe()

    # Made with the first table: the window starts without any, and without what they are made of.

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage(RunTable(0))

    @cached_property
    def _overview(self) -> Strip:
        return Strip()

    # -- what is shown

    @property
    def table(self) -> RunTable | None:
        """The runs; None if there is no map."""
        return self._table

    @property
    def view(self) -> ExtentView:
        """The part that is shown."""
        return self._view

    @property
    def mode(self) -> MapMode:
        """Strip or grid."""
        return self._mode

    @property
    def cursor_offset(self) -> int | None:
        """The byte the cursor is at; None while there is no cursor."""
        return self._cursor

    def set_table(self, table: RunTable | None) -> None:
        """Show other runs, all of them; None for no map."""
        before, self._table = self._table, table
        if table is not None or before is not None:
            shown = table if table is not None else RunTable(0)
            self._coverage = Coverage(shown)
            self._overview.set_table(shown)
        self._cursor = self._hover = self._counted = None
        self._set_view(ExtentView.whole(0 if table is None else table.size))
        self._describe()

    def set_note(self, text: str) -> None:
        """Say why there is no map, in place of it."""
        self._note = text
        self._describe()
        self.update()

    def apply(self, ranges: Iterable[Range]) -> None:
        """Say what ranges are now."""
        if self._table is None:
            return
        changes = self._table.apply(ranges)
        if not changes:
            return
        self._overview.take(changes)
        if self._coverage.patch(changes):
            self._drawn = None
        self.update()
        if not self._speak.isActive():
            self._speak.start(_SPEAK_EVERY)

    def set_mode(self, mode: MapMode) -> None:
        """Draw as a strip or a grid."""
        if mode is self._mode:
            return
        self._mode = mode
        self._hover = None
        self.update()
        self.mode_changed.emit(mode)

    def fit(self) -> None:
        """Show all."""
        self._set_view(ExtentView.whole(self._view.size))

    def zoom_by(self, factor: float, anchor: int | None = None) -> None:
        """Come closer, to a byte, or without one to the cursor or the middle."""
        if not self._view.size:
            return
        if anchor is None:
            middle = self._view.start + self._view.span // 2
            anchor = middle if self._cursor is None else self._cursor
        self._set_view(self._view.zoomed(factor, anchor, self._columns()))

    def show_range(self, start: int, end: int) -> None:
        """Show a range of bytes, as closely as can be."""
        span = max(1, end - start)
        whole = ExtentView.whole(self._view.size)
        close = whole.zoomed(whole.size / span, start, self._columns())
        self._set_view(close.centred(start + span // 2))

    def offset_at(self, place: QPoint) -> int | None:
        """Return the first byte of the column at a place of the widget; None beside the map."""
        column = self._column_at(place)
        return None if column is None else int(self._coverage.edges[column])

    def text_at(self, place: QPoint) -> str:
        """Return what is at a place of the widget, in words."""
        column = self._column_at(place)
        return "" if column is None else self._text_of(column)

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(480, 110)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(120, 48)

    def _set_view(self, view: ExtentView) -> None:
        self._view = view
        self._hover = None
        self.update()
        self.view_changed.emit()

    def _set_cursor(self, offset: int) -> None:
        """Put the cursor on a byte, in view, and say what is there."""
        self._cursor = min(max(0, offset), self._view.size - 1)
        self._set_view(self._view.showing(self._cursor))
        self._count()
        column = self._column_of(self._cursor)
        if column is None:
            return
        text = self._text_of(column)
        self.setAccessibleDescription(text)
        place = self._layout().rect_of(column, self._coverage.columns)
        QToolTip.showText(self.mapToGlobal(place.bottomLeft()).toPoint(), text, self)

    def _describe(self) -> None:
        text = table_text(self._table) if self._table is not None else self._note
        if self.accessibleDescription() != text:
            self.setAccessibleDescription(text)

    # -- where things are

    def _layout(self) -> MapLayout:
        metrics = self.fontMetrics()
        return MapLayout(
            self.width(),
            self.height(),
            self._mode,
            metrics.height(),
            metrics.horizontalAdvance(offset_text(_LONGEST)),
            overview=not self._view.is_whole,
            ratio=self.devicePixelRatioF(),
        )

    def _columns(self) -> int:
        return self._layout().columns

    def _column_at(self, place: QPoint) -> int | None:
        if not self._view.size:
            return None
        self._count()
        return self._layout().column_at(place, self._coverage.columns)

    def _column_of(self, offset: int) -> int | None:
        edges = self._coverage.edges
        if not self._coverage.columns or not edges[0] <= offset < edges[-1]:
            return None
        return int(edges.searchsorted(offset, "right")) - 1

    def _text_of(self, column: int) -> str:
        if self._table is None:
            return ""
        edges = self._coverage.edges
        return range_text(self._table, int(edges[column]), int(edges[column + 1]))

    # -- drawing

    def _count(self) -> None:
        """Count anew if the view or the room has changed."""
        wanted = self._view, self._columns()
        if wanted != self._counted:
            self._coverage.show(self._view.start, self._view.end, wanted[1])
            self._counted = wanted
            self._drawn = None

    def _draw(self, where: MapLayout, height: int) -> None:
        """Make the image anew if anything has changed."""
        paint = ink(self.palette())
        wanted = (self._counted, where, height, id(paint))
        if wanted == self._drawn:
            return
        counts, ratio = self._coverage.counts, where.ratio
        if where.mode is MapMode.STRIP:
            drawn = lanes(counts, paint, max(MARK, round(MARK * ratio)))
            self._image = strip_image(drawn, height, ratio)
        else:
            self._image = cells_image(
                lanes(counts, paint, 1),
                where.across,
                cell=where.cell,
                gap=where.cell_gap,
                paint=paint,
                ratio=ratio,
            )
        self._drawn = wanted

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, D102, N802
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        palette = self.palette()
        where = self._layout()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        if self._table is None:
            paint_note(painter, where, self._note, palette)
        elif not self._table.size:
            paint_note(painter, where, self.tr("The image is empty: it has no bytes"), palette)
        else:
            self._paint_map(painter, where, palette)
        paint_frame(painter, where, palette, focused=self.hasFocus())

    def _paint_map(self, painter: QPainter, where: MapLayout, palette: QPalette) -> None:
        self._count()
        frame, _, height = snapped(painter, QRectF(where.body))
        self._draw(where, height)
        metrics = self.fontMetrics()
        if where.mode is MapMode.STRIP:
            painter.drawImage(frame, self._image)
            if where.has_axis:
                paint_axis(painter, where, self._view, metrics, palette)
        else:
            painter.drawImage(frame.topLeft(), self._image)
            paint_gutter(painter, where, self._coverage.edges, metrics, palette)
        if self._hover is not None and self._hover < self._coverage.columns:
            place = where.rect_of(self._hover, self._coverage.columns)
            paint_mark(painter, where, place, palette, cursor=False)
        column = None if self._cursor is None else self._column_of(self._cursor)
        if column is not None and self.hasFocus():
            place = where.rect_of(column, self._coverage.columns)
            paint_mark(painter, where, place, palette, cursor=True)
        if where.overview:
            paint_overview(painter, where, self._view, self._overview, palette)

    # -- states

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        self._hover = None

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102, N802
        super().changeEvent(event)
        self.update()
