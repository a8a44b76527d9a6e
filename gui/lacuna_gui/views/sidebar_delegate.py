"""Rows of the sidebar: on the right a connection's transport, or how full a pool is."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lacuna_gui import words
from lacuna_gui.delegates import Cell
from lacuna_gui.format import ratio_text
from lacuna_gui.hosts import HostState
from lacuna_gui.models.connections import Node, is_unsafe, transport_of
from lacuna_gui.models.roles import ENTRY
from lacuna_gui.paint.bar import fill_tone, paint_bar
from lacuna_gui.theme import Severity, colours, space

__all__ = ["SidebarDelegate", "side_text"]

Index = QModelIndex | QPersistentModelIndex

BAR_WIDTH = 44
DOT = 4.0
"""The radius of the point that tells how a connection is."""

_STATES = {
    HostState.CONNECTING: Severity.WARNING,
    HostState.ONLINE: Severity.GOOD,
    HostState.LOST: Severity.BAD,
}


class SidebarDelegate(QStyledItemDelegate):
    """Draws the usual row, narrower, and beside it what is left to say."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: D102, N802
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), Cell(option).metrics.height() + space.GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: D102
        node = index.data(ENTRY)
        full = QStyleOptionViewItem(option)
        self.initStyleOption(full, index)
        cell = Cell(full)
        widget = cell.widget
        if not isinstance(node, Node) or widget is None:
            super().paint(painter, option, index)
            return
        style = widget.style()
        text = side_text(node, self.tr("stopped"), self.tr("{0}, not safe"))
        side = self._side_width(cell, node, text)
        if not cell.selected and _is_quiet(node):
            cell.palette.setColor(QPalette.ColorRole.Text, colours(cell.palette).muted)
            full.palette = cell.palette
        # The style draws background and focus over all of the row, the text in what is left of it.
        place = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, full, widget)
        room = max(place.width() - side, 0)
        whole: str = full.text
        full.text = cell.metrics.elidedText(whole, Qt.TextElideMode.ElideMiddle, room)
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, full, painter, widget)
        if node.host is not None and not node.pool:
            icon = style.subElementRect(QStyle.SubElement.SE_ItemViewItemDecoration, full, widget)
            _paint_state(painter, cell, node.host.state, icon)
        _paint_side(painter, cell, node, text)

    @staticmethod
    def _side_width(cell: Cell, node: Node, text: str) -> int:
        if _has_bar(node):
            return _percent_width(cell) + BAR_WIDTH + 3 * space.GAP
        return cell.metrics.horizontalAdvance(text) + 2 * space.GAP if text else 0


def _paint_side(painter: QPainter, cell: Cell, node: Node, text: str) -> None:
    inner = cell.rect.adjusted(0, 0, -space.GAP, 0)
    if text:
        colour = QColor(cell.text_color if cell.selected else colours(cell.palette).muted)
        painter.setPen(colour)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(inner, right, text)
    record = node.record
    if _has_bar(node) and record is not None:
        left = inner.right() - _percent_width(cell) - space.GAP - BAR_WIDTH
        top = cell.rect.center().y() - space.BAR / 2 + 1
        place = QRectF(left, top, BAR_WIDTH, space.BAR - 1)
        tone = fill_tone(record.fill)
        paint_bar(painter, place, record.fill, cell.palette, tone, selected=cell.selected)


def _percent_width(cell: Cell) -> int:
    """Return the room for percents, the same in all rows so that bars stand below each other."""
    return cell.metrics.horizontalAdvance(ratio_text(1, 1))


def _paint_state(painter: QPainter, cell: Cell, state: HostState, icon: QRect) -> None:
    """Paint a point into the corner of the icon; its state is in the tool tip as text."""
    severity = _STATES.get(state)
    if severity is None:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = QPalette.ColorRole.Highlight if cell.selected else QPalette.ColorRole.Base
    painter.setPen(cell.palette.color(ground))
    meant = colours(cell.palette)
    painter.setBrush(meant.behind(severity) if cell.selected else meant.of_severity(severity))
    painter.drawEllipse(QPointF(icon.right() - 1.5, icon.center().y() + 5.5), DOT, DOT)
    painter.restore()


def _has_bar(node: Node) -> bool:
    record = node.record
    return record is not None and record.active and record.capacity > 0


def _is_quiet(node: Node) -> bool:
    record = node.record
    if node.pool:
        return record is None or not record.active
    return node.host is not None and node.host.state is HostState.OFFLINE


def side_text(node: Node, stopped: str, unsafe: str) -> str:
    """Return what stands on the right; ``stopped`` and ``unsafe`` are the words for that."""
    if node.host is None:
        return ""
    if not node.pool:
        uri = node.host.profile.uri
        text = words.transport_text(transport_of(uri))
        return unsafe.format(text) if is_unsafe(uri) else text
    record = node.record
    if record is None or not record.active:
        return stopped
    # Not "71 %" of nothing: some pools have no size of their own.
    return ratio_text(record.allocation, record.capacity) if record.capacity else ""
