"""What Qt says goes where everything else is logged, and not to the terminal; its last words do."""

from __future__ import annotations

import atexit
import logging
import re
import sys
from typing import Final

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication

__all__ = ["log_qt"]

_log = logging.getLogger("lacuna_gui.qt")

_LEVELS: Final = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

_NO_WINDOW_MANAGER: Final = re.compile(
    r"This plugin does not support (propagateSizeHints|raise|grabbing)"
)
"""The offscreen platform says so at every window: it has nobody to pass such wishes on to."""

_reasons: Final[list[str]] = []
"""What the plugins for displays have complained of: few, and only before there is a window."""


def log_qt() -> None:
    """Take over Qt's messages until Python ends."""
    qInstallMessageHandler(_on_message)
    # Qt goes on for a while when there is no Python any more.
    atexit.register(qInstallMessageHandler, None)


def _on_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    level = _LEVELS.get(kind, logging.WARNING)
    if _NO_WINDOW_MANAGER.match(text) and QGuiApplication.platformName() == "offscreen":
        level = logging.DEBUG
    category = context.category or "default"
    _log.log(level, "%s%s", "" if category == "default" else f"{category}: ", text)
    if category == "qt.qpa.plugin" and kind == QtMsgType.QtWarningMsg:
        _reasons.append(text)
    if kind == QtMsgType.QtFatalMsg and sys.stderr is not None:
        # Qt ends the program now, as where it cannot reach the display.
        sys.stderr.write("\n".join([f"lacuna: {text.strip()}", *_reasons, ""]))
        sys.stderr.flush()
