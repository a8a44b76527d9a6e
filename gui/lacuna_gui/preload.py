"""What the first picture of the window can do without, loaded in a thread when it has been shown.

What is wanted before that is loaded at that moment: nobody has to ask whether it is there.
"""

from __future__ import annotations

import importlib
import threading

from PySide6.QtCore import QObject, QTimer

__all__ = ["Preload"]

MODULES = ("numpy",)
"""Drawing extents needs it, and takes 0.1 s longer the first time without this."""

DELAY = 300
"""Milliseconds after the start of the loop: until the window is on the screen."""


class Preload(QObject):
    """Loads the modules once, in a thread that is waited for if the program ends meanwhile."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = threading.Thread(target=self._load, name="lacuna-preload")
        QTimer.singleShot(DELAY, self, self._thread.start)

    @staticmethod
    def _load() -> None:
        for name in MODULES:
            importlib.import_module(name)
