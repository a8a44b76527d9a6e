"""An icon in the tray, where somebody wants one and the desktop has a tray: nothing depends on it.

It says how far transfers are, shows and hides the window, and has the most needed commands.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from lacuna_gui.actions import Actions
from lacuna_gui.format import bytes_text, percent_text, rate_text
from lacuna_gui.models.transfers import TransfersModel
from lacuna_gui.queue import QueueSignals, QueueTotals
from lacuna_gui.slots import ignoring
from lacuna_gui.theme import app_icon

__all__ = ["Tray", "has_tray"]

_CLICK = QSystemTrayIcon.ActivationReason.Trigger
"""Of two clicks the first is told as this too, so that the second must do nothing."""

_CHANGES = (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowStateChange)

LOOKS = 5000
"""Milliseconds between looks at whether the tray of a hidden window is still there."""


def has_tray() -> bool:
    """Tell whether the desktop has a tray now."""
    return QSystemTrayIcon.isSystemTrayAvailable()


class Tray(QObject):
    """The icon; `wanted` asks for the window to come to the front."""

    wanted = Signal()

    def __init__(
        self, window: QWidget, actions: Actions, active: TransfersModel, signals: QueueSignals
    ) -> None:
        super().__init__(window)
        self._window, self._active = window, active
        self._totals = QueueTotals()
        self._icon: QSystemTrayIcon | None = None
        self._toggle = QAction(self)
        self._toggle.triggered.connect(ignoring(self.toggle))
        self._looks = QTimer(self, interval=LOOKS)
        self._looks.timeout.connect(self._look)
        self._menu = QMenu(window)
        for action in (self._toggle, actions["queue.pause"], actions["app.quit"]):
            self._menu.addAction(action)
        window.installEventFilter(self)
        active.counted.connect(ignoring(self._tell))
        signals.totals.connect(self._on_totals)
        self._tell()

    @property
    def icon(self) -> QSystemTrayIcon | None:
        """The icon, while it is wanted; a tray that comes later takes it in."""
        return self._icon

    def show(self, on: bool) -> None:  # noqa: FBT001 - a switch
        """Show the icon, or take it away: then the window is shown, if it was not."""
        if on and self._icon is None:
            self._icon = QSystemTrayIcon(app_icon(), self)
            self._icon.setContextMenu(self._menu)
            if sys.platform != "darwin":  # there a click opens the menu, and is told as well
                self._icon.activated.connect(self._on_activated)
            self._icon.messageClicked.connect(self.wanted)
            self._icon.show()
            self._tell()
        elif not on and self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None
            self._looks.stop()
            if not self._window.isVisible():
                self.wanted.emit()

    def close(self) -> None:
        """Take the icon away for good."""
        self._looks.stop()
        if self._icon is not None:
            self._icon.hide()

    def toggle(self) -> None:
        """Hide the window, or show it; without a tray it stays, for nothing would bring it back."""
        if self._is_shown() and has_tray():
            self._window.hide()
            self._looks.start()
        else:
            self.wanted.emit()

    def text(self) -> str:
        """Return what is under way, for the tool tip."""
        rows = self._active.rows()
        if not rows:
            paused = self.tr("Transfers are paused") if self._totals.paused else ""
            return "\n".join(filter(None, ("Lacuna", paused)))
        total = sum(row.total for row in rows)
        passed = sum(min(row.passed, row.total) for row in rows)
        lines = ["Lacuna", self.tr("%n transfer(s) under way", "", len(rows))]
        if total:
            share = percent_text(min(passed, total - 1), total)
            lines.append(self.tr("{0} of {1}").format(share, bytes_text(total)))
        if self._totals.rate:
            lines.append(rate_text(self._totals.rate))
        return "\n".join(lines)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102, N802
        if watched is self._window and event.type() in _CHANGES:
            self._tell()
        return False

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == _CLICK:
            self.toggle()

    def _look(self) -> None:
        """Bring back a hidden window whose tray has gone: nothing else would."""
        if self._window.isVisible():
            self._looks.stop()
        elif not has_tray():
            self._looks.stop()
            self.wanted.emit()

    def _is_shown(self) -> bool:
        return self._window.isVisible() and not self._window.isMinimized()

    def _on_totals(self, totals: QueueTotals) -> None:
        self._totals = totals
        self._tell()

    def _tell(self) -> None:
        shown = self._is_shown()
        self._toggle.setText(self.tr("&Hide window") if shown else self.tr("&Show window"))
        if self._icon is not None:
            self._icon.setToolTip(self.text())
