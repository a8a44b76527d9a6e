"""A cell whose ground is painted by the style and whose contents are a drawing.

Cheaper than the usual item: nothing is asked of the model but what is drawn.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from lacuna_gui.theme import space

__all__ = ["Cell", "CellDelegate", "Index", "record_of", "text_of"]

Index = QModelIndex | QPersistentModelIndex


_DISPLAY: Final = int(Qt.ItemDataRole.DisplayRole)
_RECORD: Final = int(Qt.ItemDataRole.UserRole)
_SELECTED: Final = QStyle.StateFlag.State_Selected.value
_ENABLED: Final = QStyle.StateFlag.State_Enabled.value
"""Plain numbers: comparing an enum costs a model ten times as much."""


def text_of(index: Index) -> str:
    """Return the text of a cell; empty if it has none."""
    text: object = index.data(_DISPLAY)
    return text if isinstance(text, str) else ""


def record_of(index: Index) -> object:
    """Return the record behind a row, as models give it under the first user role."""
    record: object = index.data(_RECORD)
    return record


class Cell:
    """What a drawing needs of a style option, typed: PySide's own description lacks the fields."""

    __slots__ = ("enabled", "metrics", "option", "palette", "rect", "selected", "widget")

    def __init__(self, option: QStyleOptionViewItem) -> None:
        self.option = option
        self.rect: QRect = option.rect
        self.palette: QPalette = option.palette
        self.metrics: QFontMetrics = option.fontMetrics
        self.widget: QWidget | None = option.widget
        state: QStyle.StateFlag = option.state
        flags = state.value
        self.selected = bool(flags & _SELECTED)
        self.enabled = bool(flags & _ENABLED)

    @property
    def text_color(self) -> QColor:
        """The colour of text, also on a chosen row."""
        group = QPalette.ColorGroup.Active if self.enabled else QPalette.ColorGroup.Disabled
        role = QPalette.ColorRole.HighlightedText if self.selected else QPalette.ColorRole.Text
        return self.palette.color(group, role)

    def paint_ground(self, painter: QPainter) -> None:
        """Paint what lies behind any item: the choice, the mouse over it."""
        style = self.widget.style() if self.widget is not None else QApplication.style()
        panel = QStyle.PrimitiveElement.PE_PanelItemViewItem
        style.drawPrimitive(panel, self.option, painter, self.widget)


class CellDelegate(QStyledItemDelegate):
    """The base: subclasses paint a `Cell`."""

    def __init__(self, parent: QObject | None = None, *, height: int = 0) -> None:
        super().__init__(parent)
        self._height = height

    def paint(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        cell = Cell(option)
        cell.paint_ground(painter)
        self.paint_cell(painter, cell, index)

    def paint_cell(self, painter: QPainter, cell: Cell, index: Index) -> None:
        """Paint the contents above the ground."""
        raise NotImplementedError

    def sizeHint(  # noqa: D102, N802
        self,
        option: QStyleOptionViewItem,
        index: Index,  # noqa: ARG002
    ) -> QSize:
        cell = Cell(option)
        return QSize(self.width_hint(cell), max(cell.metrics.height(), self._height) + space.GAP)

    def width_hint(self, cell: Cell) -> int:
        """Return the width that is good for a column of this kind."""
        return cell.metrics.averageCharWidth() * 24

    @staticmethod
    def paint_text(
        painter: QPainter,
        cell: Cell,
        rect: QRect,
        text: str,
        alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        """Write one line, elided at its end, in the colour of the cell's text."""
        shown = text
        if cell.metrics.horizontalAdvance(text) > rect.width():
            shown = cell.metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.setPen(cell.text_color)
        painter.drawText(rect, alignment | Qt.AlignmentFlag.AlignVCenter, shown)
