"""How much of a volume is allocated: a bar in the cell, and the number beside it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRect, QRectF, Qt
from PySide6.QtGui import QPainter

from lacuna_gui.delegates.cell import Cell, CellDelegate, Index, record_of, text_of
from lacuna_gui.paint.bar import paint_bar
from lacuna_gui.theme import space

__all__ = ["AllocationDelegate"]

_RIGHT = Qt.AlignmentFlag.AlignRight
_LEAST = 24
"""A bar shorter than this says nothing."""


def _amounts_of(index: Index) -> tuple[int, int]:
    record = record_of(index)
    return int(getattr(record, "allocation", 0)), int(getattr(record, "capacity", 0))


class AllocationDelegate(CellDelegate):
    """Paints what ``amounts`` returns for a cell, bytes allocated and the capacity, and its text.

    Without that function these are the attributes ``allocation`` and ``capacity`` of the record
    behind the row. A cell without text stays empty. Numbers are right-aligned under each other,
    bars equally long. An image may take more than its capacity (its metadata do); its bar is full
    then.
    """

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        amounts: Callable[[Index], tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(parent, height=space.BAR)
        self._amounts = amounts or _amounts_of

    def paint_cell(self, painter: QPainter, cell: Cell, index: Index) -> None:
        """Paint the bar and the number."""
        text = text_of(index)
        if not text:
            return
        allocated, capacity = self._amounts(index)
        inner = cell.rect.adjusted(space.SMALL, 0, -space.SMALL, 0)
        room = cell.metrics.horizontalAdvance("1000 bytes")
        bar = inner.width() - room - space.GAP
        if bar >= _LEAST:
            top = inner.top() + (inner.height() - space.BAR) / 2
            place = QRectF(inner.left(), top, bar, space.BAR)
            share = min(1.0, allocated / capacity) if capacity > 0 else None
            paint_bar(painter, place, share, cell.palette, selected=cell.selected)
            inner = QRect(inner.right() - room + 1, inner.top(), room, inner.height())
        self.paint_text(painter, cell, inner, text, _RIGHT)

    def width_hint(self, cell: Cell) -> int:
        """Return the width of the number and of a bar of some length."""
        return cell.metrics.horizontalAdvance("1000 bytes") + 80 + 2 * space.GAP
