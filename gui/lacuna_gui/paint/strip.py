"""Extents as an image: one row of columns, or a grid of cells read like text.

The image is made of device pixels when something changes, and painting is copying it. `Strip` is
all a model needs to keep for a row: the runs of the image and the last drawing of them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Final, Protocol, TypeAlias

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter, QPalette

from lacuna_engine.extents import ExtentMap
from lacuna_gui.paint.arrays import NDArray, np
from lacuna_gui.paint.coverage import Coverage
from lacuna_gui.paint.lanes import (
    BASE,
    GAP,
    LANES,
    MARK,
    MIDDLE,
    RAIL,
    TOP,
    Ink,
    Lanes,
    ink,
    lanes,
)
from lacuna_gui.paint.runs import Change, Range, RunTable

__all__ = [
    "Drawable",
    "Strip",
    "cells_image",
    "column_profile",
    "paint_strip",
    "snapped",
    "strip_image",
]


class Drawable(Protocol):
    """What can be painted as a strip."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen."""
        ...

    def image(self, width: int, height: int, ratio: float, paint: Ink) -> QImage:
        """Return an image of this many device pixels, or fewer columns to be stretched."""
        ...


Profile: TypeAlias = "NDArray[np.intp]"
"""The lane of each row of pixels."""

_RAIL_SHARE: Final = 0.24
_TOP_SHARE: Final = 0.34
_BASE_SHARE: Final = 0.26


@functools.lru_cache(maxsize=64)
def column_profile(height: int, ratio: float = 1.0) -> Profile:
    """Return which lane each of ``height`` device pixels of a column shows, from the top down."""
    gap = round(ratio) if height >= 8 * ratio else 0
    rail = max(round(2 * ratio), round(height * _RAIL_SHARE)) if height > 4 * ratio else 0
    body = max(0, height - gap - rail)
    top = round(body * _TOP_SHARE)
    base = min(body - top, max(round(ratio), round(body * _BASE_SHARE)))
    sizes = {TOP: top, MIDDLE: body - top - base, BASE: base, GAP: gap, RAIL: rail}
    return np.repeat(np.arange(LANES), [sizes[lane] for lane in range(LANES)])


def strip_image(drawn: Lanes, height: int, ratio: float = 1.0) -> QImage:
    """Return columns side by side, each one device pixel wide."""
    return _image(drawn[column_profile(height, ratio)], ratio)


def cells_image(
    drawn: Lanes, columns: int, *, cell: int, gap: int, paint: Ink, ratio: float = 1.0
) -> QImage:
    """Return columns as square cells of ``cell`` device pixels, ``columns`` of them in a row.

    There are ``gap`` pixels between cells and none around them.
    """
    count = drawn.shape[1]
    rows = -(-count // columns) if count else 0
    step = cell + gap
    back = paint.pixel(paint.back)
    padded = np.full((LANES, rows * columns), back, np.uint32)
    padded[:, :count] = drawn
    pixels = np.full((rows, step, columns, step), back, np.uint32)
    inside = padded[column_profile(cell, ratio)].reshape(cell, rows, columns)
    pixels[:, :cell, :, :cell] = inside.transpose(1, 0, 2)[:, :, :, None]
    flat = pixels.reshape(rows * step, columns * step)
    return _image(flat[: max(0, rows * step - gap), : max(0, columns * step - gap)], ratio)


def _image(pixels: NDArray[np.uint32], ratio: float) -> QImage:
    height, width = pixels.shape
    if not height or not width:
        return QImage()
    data = np.ascontiguousarray(pixels)
    # The copy frees Qt from a buffer that belongs to Python.
    image = QImage(data.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()
    image.setDevicePixelRatio(ratio)
    return image


class Strip:
    """The extents of one transfer, ready to be painted small again and again.

    It is for the thread of the window. Painting the same at the same size copies an image.
    """

    def __init__(self, size: int = 0) -> None:
        self._table = RunTable(size)
        self._coverage = Coverage(self._table)
        self._shown: tuple[int, float, int] | None = None
        self._drawn: tuple[int, int, float, int] | None = None
        self._image = QImage()

    @property
    def table(self) -> RunTable:
        """The runs. Who else changes them tells it by `take`."""
        return self._table

    @property
    def is_empty(self) -> bool:
        """Whether the image has no bytes."""
        return not self._table.size

    def set_size(self, size: int) -> None:
        """Begin anew: an image of ``size`` bytes of which nothing is known."""
        self.set_table(RunTable(size))

    def set_map(self, extents: ExtentMap) -> None:
        """Begin anew with what a map says now; see `RunTable.from_map` for large ones."""
        self.set_table(RunTable.from_map(extents))

    def set_table(self, table: RunTable) -> None:
        """Begin anew with runs read elsewhere, which are this strip's from now on."""
        self._table = table
        self._coverage = Coverage(table)
        self._shown = self._drawn = None

    def apply(self, ranges: Iterable[Range]) -> None:
        """Say what ranges are now."""
        self.take(self._table.apply(ranges))

    def take(self, changes: Iterable[Change]) -> None:
        """Draw what has changed in the table, if someone else has changed it."""
        if self._coverage.patch(changes):
            self._drawn = None

    def image(self, width: int, height: int, ratio: float, paint: Ink) -> QImage:
        """Return the strip as an image of this many device pixels; fewer columns if fewer bytes."""
        wanted = width, ratio, id(self._table)
        if wanted != self._shown:
            self._coverage.show(0, self._table.size, width)
            self._shown, self._drawn = wanted, None
        drawing = width, height, ratio, id(paint)
        if drawing != self._drawn:
            mark = max(MARK, round(MARK * ratio))
            self._image = strip_image(lanes(self._coverage.counts, paint, mark), height, ratio)
            self._drawn = drawing
        return self._image


def paint_strip(painter: QPainter, rect: QRect, strip: Drawable | None, palette: QPalette) -> None:
    """Paint a strip into ``rect`` with a border; None is one of which nothing is known."""
    paint = ink(palette)
    frame, width, height = snapped(painter, QRectF(rect))
    ratio = width / frame.width() if frame.width() else 1.0
    border = 1 / ratio * max(1, round(ratio))
    inner = frame.adjusted(2 * border, 2 * border, -2 * border, -2 * border)
    painter.fillRect(frame, paint.frame)
    painter.fillRect(frame.adjusted(border, border, -border, -border), paint.ground)
    if inner.width() <= 0 or inner.height() <= 0:
        return
    if strip is None or strip.is_empty:
        painter.fillRect(inner, paint.blank)
        return
    around = 4 * max(1, round(ratio))
    painter.drawImage(inner, strip.image(width - around, height - around, ratio, paint))


def snapped(painter: QPainter, rect: QRectF) -> tuple[QRectF, int, int]:
    """Return ``rect`` moved to whole device pixels, and how many it is wide and high.

    At a factor of 1.5 every second logical pixel lies between two of the screen: an image painted
    there is blurred, a border is one pixel wide here and two there.
    """
    transform = painter.deviceTransform()
    device = transform.mapRect(rect)
    left, top = round(device.left()), round(device.top())
    right, bottom = round(device.right()), round(device.bottom())
    back, invertible = transform.inverted()
    if not invertible:
        return rect, max(0, right - left), max(0, bottom - top)
    placed = back.mapRect(QRectF(left, top, right - left, bottom - top))
    return placed, max(0, right - left), max(0, bottom - top)
