"""What the tables of the window have in common."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

__all__ = ["EntryTable", "PlainTable"]


class PlainTable(QTableView):
    """Rows that are read and selected as a whole; ``padding`` pixels more than their text is high.

    Tab leaves it: it is one stop among the parts of the window.
    """

    def __init__(self, model: QAbstractItemModel, parent: QWidget, *, padding: int) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(self.font()).height() + padding)

    def set_widths(self, widths: Sequence[tuple[int, int]]) -> None:
        """Set the widths of columns, in characters."""
        character = QFontMetrics(self.font()).averageCharWidth()
        for column, characters in widths:
            self.setColumnWidth(column, characters * character)


class EntryTable(PlainTable):
    """Things that commands act upon: several can be selected, each has a menu.

    The column ``stretched`` gets what the others leave, however small the window is.
    """

    def __init__(self, model: QAbstractItemModel, parent: QWidget, *, stretched: int) -> None:
        super().__init__(model, parent, padding=10)
        self.setAlternatingRowColors(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(8 * QFontMetrics(self.font()).averageCharWidth())

    def paint_hint(self, area: QRect, text: str) -> None:
        """Write into an empty part of the viewport, while it is painted."""
        with QPainter(self.viewport()) as painter:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)
