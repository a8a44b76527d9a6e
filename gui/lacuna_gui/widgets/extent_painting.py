"""What surrounds the columns of the extent map: axis, offsets of rows, overview, marks."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPalette, QPen

from lacuna_gui.paint.runs import Offsets
from lacuna_gui.paint.strip import Strip, paint_strip
from lacuna_gui.theme import colours, mix, space
from lacuna_gui.widgets.extent_layout import MapLayout, MapMode, axis_labels, axis_ticks
from lacuna_gui.widgets.extent_view import ExtentView

__all__ = [
    "paint_axis",
    "paint_frame",
    "paint_gutter",
    "paint_mark",
    "paint_note",
    "paint_overview",
]


def paint_axis(
    painter: QPainter, where: MapLayout, view: ExtentView, metrics: QFontMetrics, palette: QPalette
) -> None:
    """Paint offsets below the columns, as many as fit."""
    meant = colours(palette)
    body = where.body
    top = body.bottom() + 1
    free = body.left() - 1
    count = max(1, body.width() // (where.label + space.WIDE))
    ticks = axis_ticks(view.start, view.end, count)
    for offset, text in zip(ticks, axis_labels(ticks), strict=True):
        x = body.left() + (offset - view.start) * body.width() / max(1, view.span)
        painter.setPen(meant.outline)
        painter.drawLine(QPointF(x, top), QPointF(x, top + 3))
        width = metrics.horizontalAdvance(text)
        left = min(max(round(x) - width // 2, body.left()), body.right() - width + 1)
        if left < free:
            continue
        free = left + width + space.GAP
        painter.setPen(meant.muted)
        painter.drawText(left, top + space.SMALL + metrics.ascent() - 1, text)


def paint_gutter(
    painter: QPainter, where: MapLayout, edges: Offsets, metrics: QFontMetrics, palette: QPalette
) -> None:
    """Paint before rows of the grid where they begin."""
    if not where.gutter:
        return
    every = max(1, -int(-(metrics.height() + 2) // where.step))
    body = where.body
    painter.setPen(colours(palette).muted)
    rows = range(0, -(-(len(edges) - 1) // where.across), every)
    labels = axis_labels([int(edges[row * where.across]) for row in rows])
    for row, text in zip(rows, labels, strict=True):
        top = body.top() + round((row + 0.4) * where.step) - metrics.height() // 2
        place = QRect(space.SMALL, max(top, 0), where.gutter - space.GAP, metrics.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def paint_overview(
    painter: QPainter, where: MapLayout, view: ExtentView, strip: Strip, palette: QPalette
) -> None:
    """Paint the whole image small, with a frame around the part that is shown large."""
    place = where.overview_rect
    paint_strip(painter, place, strip, palette)
    size = max(1, view.size)
    width = max(6.0, view.span * place.width() / size)
    left = place.left() + view.start * place.width() / size
    left = min(left, place.left() + place.width() - width)
    right = left + width
    shade = palette.color(QPalette.ColorRole.Base)
    shade.setAlphaF(0.6)
    height = place.height()
    painter.fillRect(QRectF(place.left(), place.top(), left - place.left(), height), shade)
    rest = place.left() + place.width() - right
    painter.fillRect(QRectF(right, place.top(), rest, height), shade)
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Accent), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(left, place.top(), width, height).adjusted(1, 1, -1, -1))


def paint_mark(
    painter: QPainter, where: MapLayout, place: QRectF, palette: QPalette, *, cursor: bool
) -> None:
    """Paint the column under the mouse, or the one with the ``cursor``."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if cursor:
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Accent), 2))
        painter.drawRect(place.adjusted(-2, -1, 2, 1))
    elif where.mode is MapMode.STRIP:
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1))
        x = place.center().x()
        painter.drawLine(QPointF(x, place.top() - 2), QPointF(x, place.bottom() + 2))
    else:
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1))
        painter.drawRect(place.adjusted(-1, -1, 0, 0))


def paint_note(painter: QPainter, where: MapLayout, text: str, palette: QPalette) -> None:
    """Say why there is no map."""
    painter.setPen(colours(palette).muted)
    place = QRect(0, 0, where.width, where.height)
    inner = place.adjusted(space.GAP, space.SMALL, -space.GAP, -space.SMALL)
    painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


def paint_frame(painter: QPainter, where: MapLayout, palette: QPalette, *, focused: bool) -> None:
    """Paint the border, in the accent's colour and wider with the focus."""
    base = palette.color(QPalette.ColorRole.Base)
    accent = palette.color(QPalette.ColorRole.Accent)
    pen = QPen(accent, 2) if focused else QPen(mix(colours(palette).outline, base, 0.45), 1)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = pen.widthF() / 2
    painter.drawRect(QRectF(0, 0, where.width, where.height).adjusted(inset, inset, -inset, -inset))
