"""Whether something that is dragged has left the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QPoint
from PySide6.QtGui import QCursor, QDragLeaveEvent, QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from lacuna_gui.views.drag_out import Whereabouts


@pytest.mark.parametrize("platform", ["xcb", "wayland"])
def test_giving_up_inside_is_no_leaving(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(100, 100, 300, 200)
    window.show()
    qtbot.waitExposed(window)
    handle = window.windowHandle()
    monkeypatch.setattr(QGuiApplication, "platformName", staticmethod(lambda: platform))
    where = Whereabouts(handle)
    seen = [where.is_outside]
    QCoreApplication.sendEvent(handle, QDragLeaveEvent())
    for place in (QPoint(200, 200), QPoint(700, 500)):
        QCursor.setPos(place)
        seen.append(where.is_outside)
    # Wayland tells no places: there each leaving counts.
    assert seen == [False, platform == "wayland", True]
