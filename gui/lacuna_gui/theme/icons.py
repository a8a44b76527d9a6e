"""Icons that take the colours of the palette, whatever it is when they are painted.

The drawings are one-colour SVG with ``currentColor``. An engine paints them with the palette that
holds at that moment, so nothing has to be done when the scheme changes, at any scale, and disabled
or selected icons follow their text. Rendered pixmaps are kept in Qt's pixmap cache.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
    QPixmapCache,
)
from PySide6.QtSvg import QSvgRenderer

import lacuna_resources
from lacuna_gui.theme.colours import Severity, colours

__all__ = ["app_icon", "icon", "icon_pixmap", "paint_icon", "severity_icon"]

_CURRENT: Final = b"currentColor"


def icon(name: str, color: QColor | None = None) -> QIcon:
    """Return a drawing of the set as an icon; without a colour it takes that of button text.

    Raises:
        KeyError: if there is no such drawing.
    """
    return _icon(name, None if color is None else color.rgba())


@functools.cache
def _icon(name: str, rgba: int | None) -> QIcon:
    _drawing(name)
    return QIcon(_PaletteEngine(name, None if rgba is None else QColor.fromRgba(rgba)))


@functools.cache
def severity_icon(severity: Severity) -> QIcon:
    """Return the icon of a severity in its colour, which follows the scheme."""
    return QIcon(_PaletteEngine(severity.value, severity))


@functools.cache
def app_icon() -> QIcon:
    """Return the application's icon, in its own colours."""
    built = QIcon()
    for size in (16, 22, 24, 32, 48, 64, 128, 256):
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer = QSvgRenderer(QByteArray(lacuna_resources.app_icon_svg(size)))
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        built.addPixmap(pixmap)
    return built


def icon_pixmap(name: str, size: int, color: QColor, ratio: float = 1.0) -> QPixmap:
    """Return a drawing as a square pixmap of ``size`` logical pixels at a device pixel ratio.

    Raises:
        KeyError: if there is no such drawing.
    """
    return _rendered(name, QSize(size, size) * ratio, color, ratio)


def paint_icon(painter: QPainter, rect: QRect, name: str, color: QColor) -> None:
    """Paint a drawing, as large as fits into the middle of ``rect``.

    Raises:
        KeyError: if there is no such drawing.
    """
    side = min(rect.width(), rect.height())
    ratio = painter.device().devicePixelRatioF()
    left = rect.x() + (rect.width() - side) // 2
    top = rect.y() + (rect.height() - side) // 2
    painter.drawPixmap(QPoint(left, top), icon_pixmap(name, side, color, ratio))


class _PaletteEngine(QIconEngine):
    """Paints one drawing in a colour found at the time of painting."""

    def __init__(self, name: str, color: QColor | Severity | None) -> None:
        super().__init__()
        self._name = name
        self._color = color

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        pixmap = self.scaledPixmap(rect.size(), mode, state, ratio)
        painter.drawPixmap(rect, pixmap)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(  # noqa: N802
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        # The size is in device independent pixels, also where Qt's text does not say so.
        return _rendered(self._name, size * scale, self._color_in(mode, state), scale)

    def iconName(self) -> str:  # noqa: N802
        return self._name

    def key(self) -> str:
        return "lacuna"

    def clone(self) -> QIconEngine:
        # Qt owns what is returned, but Python's half of it would be freed on return: Qt then calls
        # into nothing. Icons are cloned only when someone adds to a copy of one, so few are kept.
        twin = _PaletteEngine(self._name, self._color)
        _clones.append(twin)
        return twin

    def _color_in(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        palette = QGuiApplication.palette()
        group = QPalette.ColorGroup.Active
        if mode == QIcon.Mode.Disabled:
            group = QPalette.ColorGroup.Disabled
            return palette.color(group, QPalette.ColorRole.ButtonText)
        if mode == QIcon.Mode.Selected:
            return palette.color(group, QPalette.ColorRole.HighlightedText)
        if isinstance(self._color, Severity):
            return colours(palette).of_severity(self._color)
        if self._color is not None:
            return self._color
        if state == QIcon.State.On:  # a pressed-in button shows that also by its icon
            return colours(palette).accent
        return palette.color(group, QPalette.ColorRole.ButtonText)


_clones: list[_PaletteEngine] = []


def _rendered(name: str, size: QSize, color: QColor, ratio: float) -> QPixmap:
    """Return a drawing of ``size`` device pixels, from the cache if it is there."""
    key = f"lacuna/{name}/{size.width()}x{size.height()}/{color.rgba():08x}/{ratio:.3f}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    side = min(size.width(), size.height())
    place = QRectF((size.width() - side) / 2, (size.height() - side) / 2, side, side)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _renderer(name, color.name()).render(painter, place)
    painter.end()
    if color.alpha() < 255:
        pixmap = _faded(pixmap, color.alphaF())
    pixmap.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, pixmap)
    return pixmap


def _faded(pixmap: QPixmap, opacity: float) -> QPixmap:
    faded = QPixmap(pixmap.size())
    faded.fill(Qt.GlobalColor.transparent)
    painter = QPainter(faded)
    painter.setOpacity(opacity)
    painter.drawPixmap(0, 0, pixmap)
    painter.end()
    return faded


def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_drawing(name).replace(_CURRENT, color.encode())))


@functools.cache
def _drawing(name: str) -> bytes:
    """Return the source of a drawing, without comments.

    Raises:
        KeyError: if there is no such drawing.
    """
    return re.sub(rb"<!--.*?-->\s*", b"", lacuna_resources.icon_svg(name), flags=re.DOTALL)
