"""The speed of the last minutes as a graph."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lacuna_gui.format import duration_text, rate_text
from lacuna_gui.theme import colours, space
from lacuna_gui.widgets.speed_history import SpeedHistory, nice_ceiling

__all__ = ["SpeedGraph"]


class SpeedGraph(QWidget):
    """Draws a `SpeedHistory`: an area, the peak, a limit if there is one, and labelled axes.

    Shows data speed; logical progress is another number and does not belong here. The arrow keys
    move a line over the graph as the mouse does.
    """

    def __init__(
        self, parent: QWidget | None = None, *, history: SpeedHistory | None = None
    ) -> None:
        super().__init__(parent)
        self._history = history or SpeedHistory()
        self._limit: float | None = None
        self._at: int | None = None
        """The step that is looked at, counted back from the latest."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Speed"))
        self._tell()

    @property
    def history(self) -> SpeedHistory:
        """The speeds."""
        return self._history

    def add(self, rate: float, at: float | None = None) -> None:
        """Take a sample of ``rate`` bytes a second; ``at`` is as of `time.monotonic`."""
        self._history.add(rate, time.monotonic() if at is None else at)
        self._tell()
        self.update()

    def set_history(self, history: SpeedHistory) -> None:
        """Show another history, for example that of the transfer now chosen."""
        self._history = history
        self._at = None
        self._tell()
        self.update()

    def set_limit(self, rate: float | None) -> None:
        """Mark the limit that is set; None or 0 for none."""
        self._limit = rate or None
        self.update()

    def clear(self) -> None:
        """Forget all speeds."""
        self._history.clear()
        self._tell()
        self.update()

    def text_at(self, steps: int) -> str:
        """Return what the speed was some steps ago, in words."""
        means = self._history.means
        if not 0 <= steps < len(means):
            return ""
        rate = rate_text(means[-1 - steps])
        if not steps:
            return self.tr("now: {0}").format(rate)
        ago = duration_text(steps * self._history.step)
        return self.tr("{0} ago: {1}").format(ago, rate)

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(260, 96)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(80, 40)

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, D102, N802
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        meant = colours(self.palette())
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        plot = self._plot()
        top = nice_ceiling(max(self._history.peak, self._limit or 0.0))
        self._paint_grid(painter, plot, top)
        means = self._history.means
        if len(means):
            self._paint_speeds(painter, plot, top, means)
        if self._limit:
            y = plot.bottom() - plot.height() * min(1.0, self._limit / top)
            painter.setPen(QPen(meant.in_flight, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        self._paint_labels(painter, plot, top)
        if self._at is not None:
            self._paint_mark(painter, plot, top, means)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 2, 2)

    def _plot(self) -> QRectF:
        line = self.fontMetrics().height()
        left = top = float(space.SMALL)
        foot = line + 2 if self._has_foot() else space.SMALL
        return QRectF(left, top, self.width() - 2 * left, self.height() - top - foot)

    def _has_foot(self) -> bool:
        return self.height() >= 3.2 * self.fontMetrics().height()

    def _x_of(self, plot: QRectF, steps: float) -> float:
        span = max(1, round(self._history.span / self._history.step) - 1)
        return plot.right() - plot.width() * steps / span

    def _paint_grid(self, painter: QPainter, plot: QRectF, top: float) -> None:  # noqa: ARG002
        meant = colours(self.palette())
        painter.setPen(QPen(meant.faint, 1))
        for share in (0.0, 0.5, 1.0):
            y = round(plot.bottom() - plot.height() * share) + 0.5 - (share == 0.0)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))

    def _paint_speeds(
        self, painter: QPainter, plot: QRectF, top: float, means: Sequence[float]
    ) -> None:
        meant = colours(self.palette())
        count = len(means)
        bottom, height = plot.bottom(), plot.height()
        line = [
            QPointF(self._x_of(plot, count - 1 - place), bottom - height * min(mean / top, 1.0))
            for place, mean in enumerate(means)
        ]
        area = [QPointF(line[0].x(), bottom), *line, QPointF(line[-1].x(), bottom)]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(meant.accent_back)
        painter.drawPolygon(QPolygonF(area))
        pen = QPen(meant.accent, 1.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(line))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _paint_labels(self, painter: QPainter, plot: QRectF, top: float) -> None:
        meant = colours(self.palette())
        metrics = self.fontMetrics()
        peak = self._history.peak
        scale = rate_text(top)
        self._paint_text(painter, QPointF(plot.left() + 2, plot.top() + 2), scale, meant.muted)
        text = self.tr("peak {0}").format(rate_text(peak)) if peak else ""
        width = metrics.horizontalAdvance(text)
        if text and width + metrics.horizontalAdvance(scale) + 4 * space.GAP < plot.width():
            place = QPointF(plot.right() - width - 2, plot.top() + 2)
            self._paint_text(painter, place, text, meant.muted)
        if not self._has_foot():
            return
        painter.setPen(meant.muted)
        foot = QRectF(plot.left(), plot.bottom() + 1, plot.width(), metrics.height())
        early = self.tr("{0} ago").format(duration_text(self._history.span))
        late = self.tr("now")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, late)
        room = plot.width() - metrics.horizontalAdvance(late) - space.GAP
        if metrics.horizontalAdvance(early) <= room:
            painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, early)

    def _paint_text(self, painter: QPainter, place: QPointF, text: str, color: QColor) -> None:
        """Write on the graph, on a ground that keeps the text readable above the area."""
        metrics = self.fontMetrics()
        ground = self.palette().color(QPalette.ColorRole.Base)
        ground.setAlphaF(0.8)
        size = QRectF(
            place.x() - 2, place.y(), metrics.horizontalAdvance(text) + 4, metrics.height()
        )
        painter.fillRect(size, ground)
        painter.setPen(color)
        painter.drawText(QPointF(place.x(), place.y() + metrics.ascent()), text)

    def _paint_mark(
        self, painter: QPainter, plot: QRectF, top: float, means: Sequence[float]
    ) -> None:
        if self._at is None or self._at >= len(means):
            return
        meant = colours(self.palette())
        x = self._x_of(plot, self._at)
        y = plot.bottom() - plot.height() * min(1.0, means[-1 - self._at] / top)
        painter.setPen(QPen(meant.outline, 1))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.setPen(QPen(meant.accent, 2))
        painter.drawEllipse(QPointF(x, y), 3.5, 3.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    # -- looking at a moment

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        plot = self._plot()
        span = max(1, round(self._history.span / self._history.step) - 1)
        steps = round((plot.right() - event.position().x()) / max(1.0, plot.width()) * span)
        self._look_at(min(max(steps, 0), span))
        text = self.text_at(self._at or 0) if self._at is not None else ""
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102, N802
        super().leaveEvent(event)
        self._look_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        steps = {Qt.Key.Key_Left: 1, Qt.Key.Key_Right: -1}.get(Qt.Key(event.key()))
        if steps is None or not len(self._history):
            super().keyPressEvent(event)
            return
        at = -1 if self._at is None and steps > 0 else self._at or 0
        self._look_at(min(max(at + steps, 0), len(self._history) - 1))
        x = self._x_of(self._plot(), self._at or 0)
        text = self.text_at(self._at or 0)
        self.setAccessibleDescription(text)
        QToolTip.showText(self.mapToGlobal(QPointF(x, 0)).toPoint(), text, self)

    def focusOutEvent(self, event: object) -> None:  # noqa: D102, N802
        super().focusOutEvent(event)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        self._look_at(None)
        self._tell()

    def _look_at(self, steps: int | None) -> None:
        known = steps is not None and steps < len(self._history)
        self._at = steps if known else None
        self.update()

    def _tell(self) -> None:
        if self._at is not None and self.hasFocus():
            return  # the step that is looked at is being read out
        history = self._history
        text = self.tr("{0} now, {1} on average, {2} at most")
        rates = map(rate_text, (history.now, history.mean, history.peak))
        self.setAccessibleDescription(text.format(*rates))
