"""Bars: how full something is, how far something is, how much of a disk is allocated.

Plain functions over a painter, for widgets and delegates alike. Beside each of them stands a
number: no bar has to be read exactly.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette

from lacuna_gui.theme import Colours, colours

__all__ = ["FULL", "NEARLY_FULL", "Tone", "fill_tone", "paint_bar"]

NEARLY_FULL = 0.85
FULL = 0.95
"""From here on there is hardly room for another image."""


class Tone(Enum):
    """What the colour of a bar says."""

    NORMAL = "normal"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    QUIET = "quiet"
    """Nothing moves: paused, waiting."""

    def color(self, meant: Colours) -> QColor:
        """Return the colour among these."""
        return {
            Tone.NORMAL: meant.accent,
            Tone.GOOD: meant.verified,
            Tone.WARNING: meant.in_flight,
            Tone.BAD: meant.failed,
            Tone.QUIET: meant.outline,
        }[self]


def fill_tone(fraction: float) -> Tone:
    """Return how a pool this full is to be seen."""
    if fraction >= FULL:
        return Tone.BAD
    return Tone.WARNING if fraction >= NEARLY_FULL else Tone.NORMAL


def paint_bar(
    painter: QPainter,
    rect: QRectF,
    fraction: float | None,
    palette: QPalette,
    tone: Tone = Tone.NORMAL,
    *,
    selected: bool = False,
) -> None:
    """Paint a rounded bar, ``fraction`` (0 to 1) of it filled; None draws one that is not known.

    A little is never nothing: the filled part is at least a disc. Nor is nearly all ever all. On a
    ``selected`` row it has a border, which its colours need there.
    """
    meant = colours(palette)
    radius = rect.height() / 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    if selected:
        base = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Base)
        painter.setBrush(base)
        painter.drawRoundedRect(rect.adjusted(-1.5, -1.5, 1.5, 1.5), radius + 1.5, radius + 1.5)
    painter.setBrush(meant.track)
    painter.drawRoundedRect(rect, radius, radius)
    if fraction is None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(meant.faint))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    elif fraction > 0:
        room = rect.width() - rect.height()
        share = min(1.0, fraction)
        width = rect.height() + room * share
        if share < 1:
            width = min(width, rect.width() - 1.5)
        painter.setBrush(tone.color(meant))
        painter.drawRoundedRect(QRectF(rect.x(), rect.y(), width, rect.height()), radius, radius)
    painter.restore()
