"""Defects that show themselves where Qt calls Python: in a slot, or while something is painted.

Nobody is there to catch them. They are logged and told in the window, each place of the source
once: what is painted is painted again and again.
"""

from __future__ import annotations

import logging
import sys
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal

from lacuna_engine.logs import error_fields, log_event
from lacuna_gui.problem import problem_of

__all__ = ["Unexpected"]

_log = logging.getLogger(__name__)


class Unexpected(QObject):
    """Told of every exception that nobody has caught, from when it is made until `close`."""

    told = Signal(object)
    """A `Problem`; never from within what has failed."""

    _found = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: set[tuple[str, int]] = set()
        self._before = sys.excepthook
        # A painting that has failed is not to be followed by another one within it.
        self._found.connect(self.told, Qt.ConnectionType.QueuedConnection)
        sys.excepthook = self._on_exception

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception):
            self._before(kind, error, trace)
            return
        place = _place(trace)
        if place in self._known:
            return
        self._known.add(place)
        log_event(_log, logging.ERROR, "defect", **error_fields(error))
        self._found.emit(problem_of(error))

    def close(self) -> None:
        """Leave it to Python again."""
        sys.excepthook = self._before


def _place(trace: TracebackType | None) -> tuple[str, int]:
    """Return where in the source it was raised."""
    place = ("", 0)
    while trace is not None:
        place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place
