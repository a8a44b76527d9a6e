"""One window for a user, a display and a data folder: whoever comes later hands its files over.

The first process holds a lock of the operating system, which ends with it, and listens on a local
socket in a folder that only its user can enter. A later one sends one line and waits for the
answer. What comes in is treated as anybody's: bounded, and every value looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from lacuna_engine.journal.folders import data_folder
from lacuna_engine.journal.locking import open_lock_file, try_lock

__all__ = ["Instance", "Request", "channel_of", "decode_request", "encode_request"]

MOST_BYTES = 1 << 20
"""Bytes of a request at most."""

MOST_FILES = 4096
MOST_CLIENTS = 8
"""Who connects while that many are being served is sent away."""

PATIENCE = 5000
"""Milliseconds that either side waits for the other one."""

RETRY = 0.05
"""Seconds until a process that is just beginning is asked again."""

_ACCEPTED = b"ok\n"
_LONGEST_TOKEN = 256


@dataclass(frozen=True, slots=True)
class Request:
    """What a later process wants: its files in the window, and the window in front.

    ``token`` is what the desktop gave it to come to the front with; it may be empty.
    """

    files: tuple[Path, ...] = ()
    token: str = ""


def encode_request(request: Request) -> bytes:
    """Return a request as a line. Its paths must be absolute."""
    fields = {"files": [str(path) for path in request.files], "token": request.token}
    # ASCII only: names of files may hold bytes that are no UTF-8.
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def decode_request(line: bytes) -> Request:
    """Read a line. Raises ``ValueError`` if it is no request."""
    try:
        fields = json.loads(line)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(fields, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for whatever comes in
    known = cast("dict[str, object]", fields)
    files, token = known.get("files"), known.get("token", "")
    if not isinstance(files, list) or len(cast("list[object]", files)) > MOST_FILES:
        raise ValueError("no list of files")
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise ValueError("no token")
    if not (token.isascii() and token.isprintable()):
        raise ValueError("no token")
    return Request(tuple(_path(one) for one in cast("list[object]", files)), token)


def _path(value: object) -> Path:
    if not isinstance(value, str) or "\0" in value or not Path(value).is_absolute():
        raise ValueError("no absolute path")
    return Path(value)


class Instance(QObject):
    """This process as the only one, or as one that hands over to the first."""

    asked = Signal(object)
    """A `Request` of a process that came later."""

    def __init__(self, channel: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._channel = channel
        self._lock: int | None = None
        self._is_locked = False
        self._server: QLocalServer | None = None
        self._clients = 0

    def hand_over(self, request: Request) -> bool:
        """Give a request to the process that is there; false if this one is to open a window.

        Blocks, for some seconds at most: before there is a window to be blocked.
        """
        if self._channel is None or self._listen():
            return False
        limit = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < limit:
            if _send(self._channel, encode_request(request)):
                return True
            if self._listen():  # it has ended meanwhile
                return False
            time.sleep(RETRY)
        return False

    def listen(self) -> bool:
        """Become the one that others hand over to; false if somebody is, or nobody can be."""
        return self._channel is not None and self._listen()

    def close(self) -> None:
        """Hear no more. The next process is the first one."""
        if self._server is not None:
            self._server.close()
            self._server.deleteLater()
            self._server = None
        if self._lock is not None:
            if self._channel is not None and self._is_locked:
                with suppress(OSError):
                    _lock_file(self._channel).unlink()
            os.close(self._lock)
            self._lock, self._is_locked = None, False

    def _listen(self) -> bool:
        if self._server is not None:
            return True
        assert self._channel is not None  # noqa: S101 - both callers have asked
        if not self._is_first(self._channel):
            return False
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.setMaxPendingConnections(MOST_CLIENTS)
        # Whoever held the lock before may have died without taking the socket away.
        QLocalServer.removeServer(_address(self._channel))
        if not server.listen(_address(self._channel)):
            self.close()
            return False
        server.newConnection.connect(self._on_connection)
        self._server = server
        return True

    def _is_first(self, channel: Path) -> bool:
        try:
            if self._lock is None:
                self._lock = open_lock_file(_lock_file(channel))
            if not try_lock(self._lock):
                return False
            if os.path.samestat(os.fstat(self._lock), _lock_file(channel).stat()):
                self._is_locked = True
                return True
        except OSError:
            pass
        # Who held it has just taken the file away, and another process may hold the next one.
        self.close()
        return False

    # --- hearing -------------------------------------------------------------------------------

    def _on_connection(self) -> None:
        while self._server is not None and self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            if self._clients >= MOST_CLIENTS:
                socket.abort()
                socket.deleteLater()
                continue
            self._clients += 1
            socket.setReadBufferSize(MOST_BYTES + 1)
            socket.readyRead.connect(partial(self._on_data, socket))
            socket.disconnected.connect(partial(self._on_gone, socket))
            QTimer.singleShot(PATIENCE, socket, socket.abort)
            self._on_data(socket)
            if socket.state() == QLocalSocket.LocalSocketState.UnconnectedState:
                self._on_gone(socket)  # before it could be told

    def _on_gone(self, socket: QLocalSocket) -> None:
        self._clients -= 1
        socket.deleteLater()

    def _on_data(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > MOST_BYTES:
                socket.abort()
            return
        try:
            request = decode_request(bytes(socket.readLine(MOST_BYTES + 1).data()))
        except ValueError:
            socket.abort()
            return
        socket.write(_ACCEPTED)
        socket.flush()
        socket.disconnectFromServer()
        self.asked.emit(request)


def _send(channel: Path, line: bytes) -> bool:
    """Send a request; tell whether it was taken."""
    socket = QLocalSocket()
    try:
        socket.connectToServer(_address(channel))
        if not socket.waitForConnected(PATIENCE):
            return False
        socket.write(line)
        while socket.bytesToWrite():
            if not socket.waitForBytesWritten(PATIENCE):
                return False
        while not socket.canReadLine():
            if not socket.waitForReadyRead(PATIENCE):
                return False
        return bytes(socket.readLine().data()) == _ACCEPTED
    finally:
        socket.abort()


# --- the place of the socket ----------------------------------------------------------------------


def channel_of(environment: Mapping[str, str], *places: object) -> Path | None:
    """Return where processes of one user, display and data folder meet; None if nowhere can be.

    ``places`` are further things that tell processes apart.
    """
    folder = _private_folder(environment)
    if folder is None:
        return None
    session = [environment.get(name, "") for name in ("WAYLAND_DISPLAY", "DISPLAY", "SESSIONNAME")]
    apart = [*session, str(data_folder()), *map(str, places)]
    digest = hashlib.sha256("\0".join(apart).encode("utf-8", "surrogateescape")).hexdigest()
    return folder / f"lacuna-{digest[:20]}.socket"


def _lock_file(channel: Path) -> Path:
    return channel.with_suffix(".lock")


def _address(channel: Path) -> str:
    """Return a channel as Qt wants it: Windows has names of pipes, others have paths."""
    return channel.stem if sys.platform == "win32" else str(channel)


def _private_folder(environment: Mapping[str, str]) -> Path | None:
    """Return a folder that only this user can enter, made if need be."""
    if sys.platform == "win32":
        return Path(tempfile.gettempdir())  # the user's own there
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime and _is_private(Path(runtime)):
        return Path(runtime)
    folder = Path(tempfile.gettempdir()) / f"lacuna-{os.getuid()}"
    with suppress(OSError):
        folder.mkdir(mode=0o700)
    return folder if _is_private(folder) else None


def _is_private(folder: Path) -> bool:
    """Tell whether a folder is this user's, and nobody else can get into it."""
    try:
        about = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(about.st_mode) or not folder.is_absolute():
        return False
    return about.st_uid == os.getuid() and not about.st_mode & 0o077
