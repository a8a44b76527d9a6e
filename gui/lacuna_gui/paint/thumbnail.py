"""A strip of fixed resolution that never changes: what one moment of a map looks like small.

For those who hand on snapshots, between threads too, where `paint.strip.Strip` follows changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from PySide6.QtGui import QImage

from lacuna_engine.extents import ExtentMap, ExtentRecord
from lacuna_gui.paint.arrays import np
from lacuna_gui.paint.coverage import Counts, Coverage
from lacuna_gui.paint.lanes import MARK, Ink, lanes
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.paint.strip import strip_image

__all__ = ["COLUMNS", "Outline", "Thumbnail", "thumbnail_of"]

COLUMNS: Final = 256
"""More than most cells are wide; a row shows some 150."""


@dataclass(eq=False)
class Thumbnail:
    """The counted columns of a moment, and the last image made of them by the window."""

    counts: Counts
    _drawn: tuple[int, float, int] | None = field(default=None, repr=False)
    _image: QImage = field(default_factory=QImage, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen."""
        return not self.counts.size

    def __eq__(self, other: object) -> bool:
        """Tell whether both look the same."""
        if not isinstance(other, Thumbnail):
            return NotImplemented
        return bool(np.array_equal(self.counts, other.counts))

    __hash__ = None  # type: ignore[assignment]  # compared by what they look like

    def image(self, width: int, height: int, ratio: float, paint: Ink) -> QImage:
        """Return an image of this height, of as many columns as were counted."""
        drawing = height, ratio, id(paint)
        if drawing != self._drawn:
            # A mark is counted in columns here, which are painted about a pixel wide or more.
            mark = max(1, round(MARK * ratio * self.counts.shape[1] / max(width, 1)))
            self._image = strip_image(lanes(self.counts, paint, mark), height, ratio)
            self._drawn = drawing
        return self._image


def thumbnail_of(extents: ExtentMap, columns: int = COLUMNS) -> Thumbnail:
    """Return what a map looks like now. Takes 0.3 s for a million extents."""
    return _thumbnail(RunTable.from_map(extents), columns)


def _thumbnail(table: RunTable, columns: int) -> Thumbnail:
    coverage = Coverage(table)
    coverage.show(0, table.size, columns)
    return Thumbnail(coverage.counts)


class Outline:
    """A thumbnail that is made when it is first painted: most rows are not on the screen.

    Raises:
        ValueError: if the record's runs do not cover its size.
    """

    def __init__(self, record: ExtentRecord) -> None:
        if any(sum(record[axis][::2]) != record["size"] for axis in ("kinds", "progress")):
            raise ValueError(f"an outline of {record['size']} bytes whose runs do not cover them")
        self._record = record

    @cached_property
    def thumbnail(self) -> Thumbnail:
        """What it looks like."""
        return _thumbnail(RunTable.from_record(self._record), COLUMNS)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen."""
        return not self._record["size"]

    def image(self, width: int, height: int, ratio: float, paint: Ink) -> QImage:
        """Return an image as a thumbnail does."""
        return self.thumbnail.image(width, height, ratio, paint)
