"""Qt's messages are logged, and the offscreen platform's complaints are not."""

import os
import subprocess
import sys

CHILD = """
import logging
from PySide6.QtCore import qCritical, qDebug, qWarning
from PySide6.QtWidgets import QApplication, QWidget
from lacuna_gui.qt_log import log_qt

logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
log_qt()
application = QApplication([])
window = QWidget()
window.show()
window.setMinimumSize(300, 200)  # the platform is told
window.raise_()
application.processEvents()
qDebug("detail")
qWarning("odd")
qCritical("bad")
window.close()
"""


def test_what_qt_says_is_logged() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True, timeout=60,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.stderr.splitlines() == [
        "WARNING lacuna_gui.qt odd",
        "ERROR lacuna_gui.qt bad",
    ]


def test_the_last_words_are_seen() -> None:
    """There is no window then, and nobody looks into a log to find out why."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":987"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "lacuna: This application failed to start" in done.stderr
