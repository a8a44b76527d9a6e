"""What colours of a map mean, with numbers: a row of entries that wraps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from lacuna_engine.extents import Kind, Progress
from lacuna_gui.format import bytes_text
from lacuna_gui.paint.lanes import body_color, rail_color
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.theme import colours, mix, space
from lacuna_gui.widgets.extent_text import kinds_text, progress_text, unknown_text

__all__ = ["Legend", "LegendEntry", "entries_of"]

_SWATCH = 14
_HEIGHTS = {Kind.DATA: 1.0, Kind.ZERO: 0.66, Kind.HOLE: 0.26}
"""As `paint.strip` draws them."""


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A sign, its name and its number. The sign of None is that of what is not known."""

    sign: Kind | Progress | None
    text: str
    value: str = ""


def entries_of(table: RunTable | None) -> list[LegendEntry]:
    """Return the entries of a map: all kinds, then how far; rare ones only where there are any."""
    shown = table if table is not None else RunTable(0)
    entries = [
        LegendEntry(kind, kinds_text(kind), bytes_text(shown.bytes_of(kind)))
        for kind in (Kind.DATA, Kind.ZERO, Kind.HOLE)
    ]
    for progress in Progress:
        count = shown.bytes_at(progress)
        if count or progress not in {Progress.VERIFIED, Progress.FAILED}:
            entries.append(LegendEntry(progress, progress_text(progress), bytes_text(count)))
    if shown.bytes_unknown:
        name = unknown_text()
        entries.append(LegendEntry(None, name, bytes_text(shown.bytes_unknown)))
    return entries


class Legend(QWidget):
    """Paints entries one beside the other, in as many lines as they need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[LegendEntry, ...] = ()
        self._widths: dict[str, int] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("Legend"))

    @property
    def entries(self) -> tuple[LegendEntry, ...]:
        """What is shown."""
        return self._entries

    def set_entries(self, entries: Sequence[LegendEntry]) -> None:
        """Show other entries, or other numbers."""
        fresh = tuple(entries)
        if fresh == self._entries:
            return
        before = [(entry.text, self._widths.get(entry.text)) for entry in self._entries]
        self._entries = fresh
        metrics = self.fontMetrics()
        for entry in fresh:
            # Room only grows: entries stand still while their numbers run.
            width = metrics.horizontalAdvance(entry.value)
            self._widths[entry.text] = max(width, self._widths.get(entry.text, 0))
        if before != [(entry.text, self._widths[entry.text]) for entry in fresh]:
            self.updateGeometry()
        self.setAccessibleDescription(", ".join(f"{e.text} {e.value}".strip() for e in fresh))
        self.update()

    def hasHeightForWidth(self) -> bool:  # noqa: D102, N802
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: D102, N802
        places = self._places(width)
        return (places[-1].bottom() + 1 if places else self._line()) + space.HAIR

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        places = self._places(10_000)
        width = places[-1].right() + 1 if places else space.WIDE
        return QSize(width, self._line() + space.HAIR)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(120, self._line())

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102, N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._widths.clear()
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, D102, N802
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        text = self.palette().color(QPalette.ColorRole.WindowText)
        muted = colours(self.palette()).muted
        metrics = self.fontMetrics()
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for entry, place in zip(self._entries, self._places(self.width()), strict=True):
            top = place.center().y() - _SWATCH // 2 + 1
            self._paint_sign(painter, QRect(place.left(), top, _SWATCH, _SWATCH), entry.sign)
            place.setLeft(place.left() + _SWATCH + space.SMALL + 1)
            painter.setPen(muted)
            painter.drawText(place, middle, entry.text)
            place.setLeft(place.left() + metrics.horizontalAdvance(entry.text + " "))
            painter.setPen(text)
            painter.drawText(place, middle, entry.value)

    def _line(self) -> int:
        return max(_SWATCH + 2, self.fontMetrics().height())

    def _places(self, width: int) -> list[QRect]:
        metrics = self.fontMetrics()
        line = self._line()
        places: list[QRect] = []
        corner = QPoint(0, 0)
        for entry in self._entries:
            room = _SWATCH + space.SMALL + 1 + metrics.horizontalAdvance(entry.text + " ")
            room += self._widths.get(entry.text, metrics.horizontalAdvance(entry.value))
            if corner.x() and corner.x() + room > width:
                corner = QPoint(0, corner.y() + line + space.HAIR)
            places.append(QRect(corner, QSize(room, line)))
            corner += QPoint(room + space.LARGE + space.SMALL, 0)
        return places

    def _paint_sign(self, painter: QPainter, rect: QRect, sign: Kind | Progress | None) -> None:
        """Paint a column as the map does: kinds differ in height, progress is the rail."""
        meant = colours(self.palette())
        back = self.palette().color(QPalette.ColorRole.Base)
        painter.fillRect(rect, mix(meant.outline, back, 0.35))
        inner = rect.adjusted(1, 1, -1, -1)
        painter.fillRect(inner, back)
        inner = inner.adjusted(1, 1, -1, -1)
        if sign is None:
            painter.fillRect(inner, mix(meant.unknown, back, 0.7))
        elif isinstance(sign, Kind):
            height = max(2, round(inner.height() * _HEIGHTS[sign]))
            color = body_color(meant, back, sign, Progress.ACKNOWLEDGED)
            painter.fillRect(inner.adjusted(0, inner.height() - height, 0, 0), color)
        else:
            rail = 4
            body = body_color(meant, back, Kind.DATA, sign)
            painter.fillRect(inner.adjusted(0, 0, 0, -rail - 1), body)
            color = rail_color(meant, back, sign)
            painter.fillRect(inner.adjusted(0, inner.height() - rail, 0, 0), color)
