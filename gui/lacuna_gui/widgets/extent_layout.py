"""Where the parts of the extent map are: columns or cells, axis, overview (pure arithmetic).

All numbers are device independent pixels, unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF

from lacuna_gui.format import offset_text
from lacuna_gui.theme import space

__all__ = ["CELL", "CELL_GAP", "MapLayout", "MapMode", "axis_labels", "axis_ticks"]

CELL: Final = 11
CELL_GAP: Final = 2
_EDGE: Final = space.SMALL - 1
_OVERVIEW: Final = 12
_LEAST_FOR_GUTTER: Final = 320


class MapMode(Enum):
    """Columns side by side, or cells read like text."""

    STRIP = "strip"
    GRID = "grid"


@dataclass(frozen=True, slots=True)
class MapLayout:
    """The places for a widget of this width and height.

    ``line`` is the height of a line of text and ``label`` the width of the longest offset.
    ``overview`` is whether one is shown, ``ratio`` how many device pixels a pixel has.
    """

    width: int
    height: int
    mode: MapMode
    line: int
    label: int
    overview: bool
    ratio: float = 1.0

    @property
    def has_axis(self) -> bool:
        """Whether there is room for offsets below the columns."""
        return self.mode is MapMode.STRIP and self.height > 3.4 * self.axis_height

    @property
    def axis_height(self) -> int:
        """How high the axis is."""
        return self.line + space.SMALL

    @property
    def gutter(self) -> int:
        """The room for offsets before the rows of the grid; 0 if there is none."""
        if self.mode is MapMode.STRIP or self.width < _LEAST_FOR_GUTTER:
            return 0
        return self.label + space.GAP

    @property
    def body(self) -> QRect:
        """Where columns or cells are."""
        foot = _OVERVIEW + space.SMALL if self.overview else 0
        foot += self.axis_height if self.has_axis else 0
        whole = QRect(0, 0, self.width, self.height)
        return whole.adjusted(_EDGE + self.gutter, _EDGE, -_EDGE, -_EDGE - foot)

    @property
    def overview_rect(self) -> QRect:
        """Where the overview is, if there is one."""
        top = self.height - _EDGE - _OVERVIEW
        return QRect(_EDGE, top, self.width - 2 * _EDGE, _OVERVIEW)

    @property
    def cell(self) -> int:
        """The side of a cell in device pixels, whole ones, so that all cells look alike."""
        return round(CELL * self.ratio)

    @property
    def cell_gap(self) -> int:
        """The device pixels between cells."""
        return max(1, round(CELL_GAP * self.ratio))

    @property
    def step(self) -> float:
        """From one cell to the next."""
        return (self.cell + self.cell_gap) / self.ratio

    @property
    def across(self) -> int:
        """How many cells are in a row of the grid."""
        return max(1, int((self.body.width() + self.cell_gap / self.ratio) / self.step))

    @property
    def down(self) -> int:
        """How many rows of cells there are."""
        return max(1, int((self.body.height() + self.cell_gap / self.ratio) / self.step))

    @property
    def columns(self) -> int:
        """How many columns there is room for, one for each device pixel, or cells."""
        if self.mode is MapMode.GRID:
            return self.across * self.down
        return max(1, round(self.body.width() * self.ratio))

    def column_at(self, place: QPoint, count: int) -> int | None:
        """Return which of ``count`` columns is at a place; None if there is none."""
        body = self.body
        if not count or not body.contains(place):
            return None
        x, y = place.x() - body.left(), place.y() - body.top()
        if self.mode is MapMode.STRIP:
            return min(count - 1, x * count // body.width())
        column = int(y / self.step) * self.across + min(int(x / self.step), self.across - 1)
        return column if column < count else None

    def rect_of(self, column: int, count: int) -> QRectF:
        """Return where one of ``count`` columns is."""
        body = self.body
        if self.mode is MapMode.STRIP:
            width = body.width() / max(1, count)
            return QRectF(body.left() + column * width, body.top(), max(width, 1.0), body.height())
        down, right = divmod(column, self.across)
        side = self.cell / self.ratio
        return QRectF(body.left() + right * self.step, body.top() + down * self.step, side, side)


def axis_labels(offsets: Sequence[int]) -> list[str]:
    """Return texts for rising offsets, each of them telling it from the one before.

    Far into a large image four digits behind the point are too few: there all but the first are
    distances from the first, ``+128 KiB``.
    """
    if not offsets:
        return []
    least = min((b - a for a, b in pairwise(offsets)), default=offsets[0])
    for digits in (2, 4):
        if least * 10**digits >= offsets[-1]:
            return [offset_text(offset, digits) for offset in offsets]
    first, *others = offsets
    return [offset_text(first), *(f"+{offset_text(offset - first)}" for offset in others)]


def axis_ticks(start: int, end: int, count: int) -> range:
    """Return at most about ``count`` offsets in ``[start, end)``, multiples of a power of two."""
    step = 1
    while step * max(1, count) < end - start:
        step *= 2
    return range(-(-start // step) * step, end, step)
