"""When Python looks for garbage: rarely at everything, and never at what was there at the start.

A full collection walks over all objects. With a large pool open these are some hundred thousand,
the window stands still meanwhile, and Python would do it again and again while the list grows.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

__all__ = ["Collector"]

YOUNG = 5_000
"""New objects until the youngest are looked at, which takes a millisecond."""

MIDDLE = 10
"""Such looks until those that have survived one are looked at again."""

NEVER = 1_000_000
"""How many of these until everything is: that is what the timer is for."""

EVERY = 60_000
"""Milliseconds between two full collections, if there was anything new."""


class Collector(QObject):
    """Made when everything is there that stays; tells Python so, and collects from then on."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._before = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect everything, unless nothing has been made since the last time."""
        if gc.get_count()[2]:
            gc.collect()

    def close(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.set_threshold(*self._before)
        gc.unfreeze()
