"""How full a pool is: a bar, and beside it the percents."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from lacuna_gui.format import bytes_text, percent_text
from lacuna_gui.paint.bar import Tone, fill_tone, paint_bar
from lacuna_gui.theme import space

__all__ = ["FillBar"]


class FillBar(QWidget):
    """Shows ``used`` of ``total`` bytes; a total of 0 is one that is not known.

    The colour turns to a warning and to an alarm where room gets short, unless a tone is given.
    """

    def __init__(self, parent: QWidget | None = None, *, show_text: bool = True) -> None:
        super().__init__(parent)
        self._used = 0
        self._total = 0
        self._tone: Tone | None = None
        self._show_text = show_text
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Space in use"))

    @property
    def fraction(self) -> float | None:
        """The share in use; None if it is not known."""
        return min(1.0, self._used / self._total) if self._total > 0 else None

    def text(self) -> str:
        """Return the percents; empty if they are not known."""
        return percent_text(self._used, self._total) if self._total > 0 else ""

    def set_fill(self, used: int, total: int, tone: Tone | None = None) -> None:
        """Show other numbers."""
        if (used, total, tone) == (self._used, self._total, self._tone):
            return
        self._used, self._total, self._tone = used, total, tone
        whole = self.tr("{0} of {1} in use").format(bytes_text(used), bytes_text(total))
        self.setToolTip(whole if total > 0 else self.tr("Size not known"))
        self.setAccessibleDescription(f"{self.text()} {self.toolTip()}".strip())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        height = max(space.BAR, self.fontMetrics().height() if self._show_text else 0)
        return QSize(96, height + space.HAIR)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(space.WIDE, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102, N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, D102, N802
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        metrics = self.fontMetrics()
        room = metrics.horizontalAdvance(percent_text(100, 100)) if self._show_text else 0
        # The number goes first where there is no room for both.
        if self.width() < room + space.GAP + 3 * space.BAR:
            room = 0
        width = self.width() - (room + space.GAP if room else 0)
        top = (self.height() - space.BAR) / 2
        fraction = self.fraction
        tone = self._tone or fill_tone(fraction or 0.0)
        paint_bar(painter, QRectF(0, top, width, space.BAR), fraction, self.palette(), tone)
        if room:
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(self.rect(), right, self.text())
