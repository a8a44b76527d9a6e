"""A line of text that gives way: what does not fit is left out of its middle, or its end.

Names of images differ at both ends (`debian-13-…-amd64.qcow2`), so the middle goes first. The whole
text is in the tool tip while it is not all to be seen, and always what assistive technology reads.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QStyle, QWidget

from lacuna_gui.words import plain_tip

__all__ = ["ElidedLabel"]

_LEAST = 6
"""Characters that stay readable however narrow it gets."""


class ElidedLabel(QFrame):
    """Shows one line of plain text, never wider than there is room."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
        alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        role: QPalette.ColorRole = QPalette.ColorRole.WindowText,
    ) -> None:
        super().__init__(parent)
        self._text = ""
        self._mode = mode
        self._alignment = alignment
        self._role = role
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        """Return the whole text."""
        return self._text

    def setText(self, text: str) -> None:  # noqa: N802 - as QLabel has it
        """Show another text. Line ends become spaces."""
        text = " ".join(text.splitlines())
        if text == self._text:
            return
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self._tell()
        self.update()

    def is_elided(self) -> bool:
        """Tell whether something is left out now."""
        return self._shown() != self._text

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        metrics = self.fontMetrics()
        return self._framed(metrics.horizontalAdvance(self._text) + 1, metrics)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        metrics = self.fontMetrics()
        least = min(metrics.averageCharWidth() * _LEAST, metrics.horizontalAdvance(self._text) + 1)
        return self._framed(least, metrics)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        super().paintEvent(event)
        where = QStyle.visualAlignment(
            self.layoutDirection(), self._alignment | Qt.AlignmentFlag.AlignVCenter
        )
        with QPainter(self) as painter:
            painter.setPen(self.palette().color(self._role))
            painter.drawText(self.contentsRect(), where, self._shown())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        self._tell()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102, N802
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.updateGeometry()
            self._tell()

    def _shown(self) -> str:
        width = self.contentsRect().width()
        return self.fontMetrics().elidedText(self._text, self._mode, width)

    def _tell(self) -> None:
        self.setToolTip(plain_tip(self._text) if self.is_elided() else "")

    def _framed(self, width: int, metrics: QFontMetrics) -> QSize:
        edge = self.frameWidth() * 2
        return QSize(width + edge, metrics.height() + edge)
