"""A relay in front of a daemon's socket that counts what passes, and cuts when told to."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Relay"]

CHUNK = 1 << 18


class Relay:
    """Passes connections at ``path`` on to the unix socket ``target``; a context manager.

    ``sent`` and ``received`` are bytes to and from the daemon.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self.path = path
        self.sent = 0
        self.received = 0
        self._target = target
        self._listener = socket.socket(socket.AF_UNIX)
        self._pairs: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._cut_at: int | None = None
        self._closing = False
        self.cuts = 0

    def __enter__(self) -> Self:
        self._listener.bind(str(self.path))
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self.path.unlink(missing_ok=True)

    @property
    def passed(self) -> int:
        """Bytes both ways."""
        return self.sent + self.received

    def cut_after(self, count: int) -> None:
        """Break all connections when so many more bytes have passed, once."""
        self._cut_at = self.passed + count

    def cut(self) -> None:
        """Break all connections now."""
        with self._lock:
            ends = list(self._pairs)
            self._pairs.clear()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            there = socket.socket(socket.AF_UNIX)
            try:
                there.connect(str(self._target))
            except OSError:
                here.close()
                there.close()
                continue
            with self._lock:
                self._pairs |= {here, there}
            for source, sink, up in ((here, there, True), (there, here, False)):
                threading.Thread(target=self._pump, args=(source, sink, up), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        buffer = memoryview(bytearray(CHUNK))
        with suppress(OSError):
            while count := source.recv_into(buffer):
                sink.sendall(buffer[:count])
                if up:
                    self.sent += count
                else:
                    self.received += count
                if self._cut_at is not None and self.passed >= self._cut_at:
                    self._cut_at = None
                    self.cuts += 1
                    self.cut()
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._pairs.discard(end)
            end.close()
