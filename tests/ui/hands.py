"""Mouse and keys for tests, typed: pytest-qt's own are not."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

PLAIN = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.MouseButton.NoButton


def press(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(widget, key, modifiers)


def click(widget: QWidget, place: QPoint | None = None) -> None:
    QTest.mouseClick(widget, LEFT, PLAIN, widget.rect().center() if place is None else place)


def drag(widget: QWidget, first: QPoint, last: QPoint) -> None:
    QTest.mousePress(widget, LEFT, PLAIN, first)
    move(widget, last, LEFT)
    QTest.mouseRelease(widget, LEFT, PLAIN, last)


def move(widget: QWidget, place: QPoint, buttons: Qt.MouseButton = NONE) -> None:
    """Offscreen has no pointer that drags: the event is made by hand."""
    at = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, widget.mapToGlobal(at), Qt.MouseButton.NoButton, buttons, PLAIN
    )
    QApplication.sendEvent(widget, event)


def leave(widget: QWidget) -> None:
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))


def wheel(widget: QWidget, place: QPoint, turn: int, sideways: int = 0) -> None:
    at = QPointF(place)
    phase = Qt.ScrollPhase.NoScrollPhase
    turns = QPoint(sideways, turn)
    everywhere = widget.mapToGlobal(at)
    event = QWheelEvent(at, everywhere, QPoint(), turns, NONE, PLAIN, phase, False)
    QApplication.sendEvent(widget, event)
