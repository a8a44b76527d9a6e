"""Volumes dragged out of the window: a file manager says where they are to be saved.

On X11 that is the direct save protocol (XDS): what is dragged offers a name in a property of the
window it comes from, the file manager writes the whole place there, and asks for the answer. The
download is then an ordinary transfer. Other platforms have no such thing that Qt knows of: there
volumes can be dragged within the window only, and the action to download is the way.
"""

from __future__ import annotations

import importlib
import logging
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QMetaType,
    QMimeData,
    QObject,
    QTimer,
    QUrl,
    Signal,
)
from PySide6.QtGui import QCursor, QGuiApplication, QWindow

from lacuna_gui.slots import ignoring

__all__ = ["DragOut", "Whereabouts", "local_path"]

_log = logging.getLogger(__name__)

DIRECT_SAVE = "XdndDirectSave0"
_SELECTION = "XdndSelection"
_SAVED, _FAILED = b"S", b"E"
Kind = QMetaType | QMetaType.Type

_LONGEST = 16 * 1024
"""Bytes of a place that are read at most."""


class DragOut(QMimeData):
    """What is dragged: ``inner`` for this window, and ``name`` to be saved elsewhere."""

    dropped = Signal(object)
    """The path at which somebody wants it saved. Once at most."""

    def __init__(self, inner: QMimeData, name: str) -> None:
        super().__init__()
        for mimetype in inner.formats():
            self.setData(mimetype, inner.data(mimetype))
        self._name = name
        self._told = False
        self._where = SourceProperty.reach()
        if self._where is not None:
            # The drop is answered after the drag has ended, so this lives as long as the data.
            self.destroyed.connect(ignoring(self._where.close))
            # The window it comes from is known when the drag has begun.
            QTimer.singleShot(0, self, self._offer)

    @property
    def can_leave(self) -> bool:
        """Whether another program can be told how to save it."""
        return self._where is not None

    def _offer(self) -> None:
        if self._where is not None:
            self._where.write(self._name.encode("utf-8", "replace"))

    def formats(self) -> list[str]:  # noqa: D102
        own = super().formats()
        return own if self._where is None else [*own, DIRECT_SAVE]

    def hasFormat(self, mimetype: str) -> bool:  # noqa: D102, N802
        return mimetype in self.formats()

    def retrieveData(self, mimetype: str, preferred: Kind) -> object:  # noqa: D102, N802
        if mimetype != DIRECT_SAVE or self._where is None:
            return super().retrieveData(mimetype, preferred)
        place = self._where.read()
        if not place.startswith(b"file:"):
            return QByteArray()  # it only hovers: nobody has written a place
        path = local_path(place)
        if path is None:
            return QByteArray(_FAILED)
        if not self._told:
            self._told = True
            # Not from within the answer, for which another program waits.
            QTimer.singleShot(0, self, partial(self.dropped.emit, path))
        return QByteArray(_SAVED)


class Whereabouts(QObject):
    """Notes whether something that is dragged is over a window of ours, or somewhere else."""

    def __init__(self, window: QWindow | None) -> None:
        super().__init__(window)
        self._window = window
        self._has_left = False
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, D102, N802
        if event.type() in (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.DragLeave):
            self._has_left = event.type() == QEvent.Type.DragLeave
        return False

    @property
    def is_outside(self) -> bool:
        """Whether it is somewhere else. Giving up, and a refusal inside, are told as leaving too.

        Wayland tells nobody where the pointer is.
        """
        if not self._has_left or self._window is None:
            return False
        if QGuiApplication.platformName().startswith("wayland"):
            return True
        return not self._window.frameGeometry().contains(QCursor.pos())


def local_path(place: bytes) -> Path | None:
    """Return the path of a URI another program has written; None if nothing can be saved there."""
    url = QUrl.fromEncoded(place.rstrip(b"\0"))
    # Some write their own host's name, and then it is this one; saving on others is not offered.
    if url.scheme() != "file" or not url.path():
        return None
    path = Path(url.path(QUrl.ComponentFormattingOption.FullyDecoded))
    return path if path.is_absolute() and path.name and path.parent.is_dir() else None


class SourceProperty:
    """The property of the window that something is dragged from, by a connection of its own.

    Qt knows of no such properties.
    """

    def __init__(self, display: Any) -> None:
        self._display = display
        self._name = display.intern_atom(DIRECT_SAVE)
        self._text = display.intern_atom("text/plain")

    @classmethod
    def reach(cls) -> SourceProperty | None:
        """Connect to the X server; None where there is none, or no library for it."""
        if QGuiApplication.platformName() != "xcb":
            return None
        try:
            library: Any = importlib.import_module("Xlib.display")
            errors: Any = importlib.import_module("Xlib.error")
        except ImportError:
            return None
        try:
            return cls(library.Display())
        except (OSError, errors.DisplayError) as error:
            _log.info("no second connection to the X server: %s", type(error).__name__)
            return None

    def _window(self) -> Any:
        owner = self._display.get_selection_owner(self._display.intern_atom(_SELECTION))
        return owner or None

    def write(self, value: bytes) -> None:
        """Set it."""
        if (window := self._window()) is not None:
            window.change_property(self._name, self._text, 8, value)
            self._display.sync()

    def read(self) -> bytes:
        """Return what is there, nothing if there is none."""
        window = self._window()
        found = None if window is None else window.get_full_property(self._name, 0, _LONGEST // 4)
        return b"" if found is None else bytes(found.value)[:_LONGEST]

    def close(self) -> None:
        """Close the connection."""
        self._display.close()
