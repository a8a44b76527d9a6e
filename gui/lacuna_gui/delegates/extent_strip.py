"""The thin extent map in the row of a transfer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QPainter

from lacuna_gui.delegates.cell import Cell, CellDelegate, Index, record_of, text_of
from lacuna_gui.paint.strip import Drawable, paint_strip
from lacuna_gui.theme import space

__all__ = ["ExtentStripDelegate"]

_RIGHT = Qt.AlignmentFlag.AlignRight


def _strip_of(index: Index) -> Drawable | None:
    strip: Drawable | None = getattr(record_of(index), "strip", None)
    return strip


class ExtentStripDelegate(CellDelegate):
    """Paints what ``strip`` returns for a cell; None is a strip of which nothing is known.

    Without that function it is the attribute ``strip`` of the record behind the row. To the right
    stands the cell's text, such as percents; room for ``room`` is kept there, so that the strips of
    all rows are equally long, and none if it is empty.
    """

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        strip: Callable[[Index], Drawable | None] | None = None,
        room: str = "100 %",
    ) -> None:
        super().__init__(parent, height=space.STRIP)
        self._strip = strip or _strip_of
        self._room = room

    def paint_cell(self, painter: QPainter, cell: Cell, index: Index) -> None:
        """Paint the strip, and the text beside it."""
        inner = cell.rect.adjusted(space.SMALL, 0, -space.SMALL, 0)
        if self._room:
            room = cell.metrics.horizontalAdvance(self._room) + space.GAP
            if inner.width() > room + 3 * space.STRIP:
                right = QRect(inner)
                right.setLeft(inner.right() - room + space.GAP + 1)
                inner.setRight(inner.right() - room)
                self.paint_text(painter, cell, right, text_of(index), _RIGHT)
        height = min(space.STRIP, inner.height() - space.SMALL)
        top = inner.top() + (inner.height() - height) // 2
        place = QRect(inner.left(), top, inner.width(), height)
        if cell.selected:
            painter.fillRect(place.adjusted(-1, -1, 1, 1), cell.text_color)
        paint_strip(painter, place, self._strip(index), cell.palette)

    def width_hint(self, cell: Cell) -> int:
        """Return the width of a strip in which a hundredth is seen."""
        return 160 + cell.metrics.horizontalAdvance(self._room)
