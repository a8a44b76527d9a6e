"""A thin extent map in a widget, where the big one would be too much."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lacuna_engine.extents import ExtentMap
from lacuna_gui.paint.runs import Range, RunTable
from lacuna_gui.paint.strip import Strip, paint_strip
from lacuna_gui.theme import space
from lacuna_gui.widgets.extent_text import table_text

__all__ = ["ExtentStrip"]


class ExtentStrip(QWidget):
    """The strip of a queue's row as a widget of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip = Strip()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Extent map"))

    @property
    def strip(self) -> Strip:
        """What is shown."""
        return self._strip

    def set_size(self, size: int) -> None:
        """Begin anew: an image of ``size`` bytes of which nothing is known."""
        self.set_table(RunTable(size))

    def set_map(self, extents: ExtentMap) -> None:
        """Begin anew with what a map says now."""
        self.set_table(RunTable.from_map(extents))

    def set_table(self, table: RunTable) -> None:
        """Begin anew with runs read elsewhere, which are this widget's from now on."""
        self._strip.set_table(table)
        self._tell()

    def apply(self, ranges: Iterable[Range]) -> None:
        """Say what ranges are now."""
        self._strip.apply(ranges)
        self._tell()

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(240, space.STRIP)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(32, space.STRIP)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, D102, N802
        with QPainter(self) as painter:
            paint_strip(painter, self.rect(), self._strip, self.palette())

    def _tell(self) -> None:
        text = table_text(self._strip.table)
        self.setToolTip(text)
        self.setAccessibleDescription(text)
        self.update()
