"""How far something is, as a bar with a text: for work without a map of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QRect, QRectF, Qt
from PySide6.QtGui import QPainter

from lacuna_gui.delegates.cell import Cell, CellDelegate, Index
from lacuna_gui.paint.bar import Tone, paint_bar
from lacuna_gui.theme import space

__all__ = ["ProgressDelegate", "ProgressValue"]

_LEAST = 32


@dataclass(frozen=True, slots=True)
class ProgressValue:
    """The share that is done (None: not known), what is written beside it, and its tone."""

    fraction: float | None
    text: str = ""
    tone: Tone = Tone.NORMAL


class ProgressDelegate(CellDelegate):
    """Paints what ``progress`` returns for a cell; None leaves it empty.

    Room for ``room`` is kept for the text, so that all bars are equally long.
    """

    def __init__(
        self,
        progress: Callable[[Index], ProgressValue | None],
        parent: QObject | None = None,
        *,
        room: str = "100 %",
    ) -> None:
        super().__init__(parent, height=space.BAR)
        self._progress = progress
        self._room = room

    def paint_cell(self, painter: QPainter, cell: Cell, index: Index) -> None:
        """Paint bar and text."""
        value = self._progress(index)
        if value is None:
            return
        inner = cell.rect.adjusted(space.SMALL, 0, -space.SMALL, 0)
        room = cell.metrics.horizontalAdvance(self._room)
        bar = inner.width() - room - space.GAP
        if bar >= _LEAST:
            top = inner.top() + (inner.height() - space.BAR) / 2
            place = QRectF(inner.left(), top, bar, space.BAR)
            paint_bar(
                painter, place, value.fraction, cell.palette, value.tone, selected=cell.selected
            )
            inner = QRect(inner.right() - room + 1, inner.top(), room, inner.height())
        self.paint_text(painter, cell, inner, value.text, Qt.AlignmentFlag.AlignRight)
