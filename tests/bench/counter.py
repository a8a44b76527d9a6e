"""Counting what goes through a server's socket: a relay between it and its client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

PIECE = 1 << 18

Address = str | tuple[str, int]


class Counts:
    """Bytes from the client to the server, and back."""

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
        self._lock = threading.Lock()

    def add(self, count: int, *, up: bool) -> None:
        with self._lock:
            if up:
                self.sent += count
            else:
                self.received += count


def split(uri: str) -> Address:
    """Return where a URI leads: a unix socket's path, or host and port."""
    parts = urlsplit(uri)
    paths = parse_qs(parts.query).get("socket")
    if paths:
        return paths[0]
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def led(uri: str, address: Address) -> str:
    """Return the same URI for another address of the same kind."""
    if isinstance(address, str):
        old = split(uri)
        assert isinstance(old, str)
        return uri.replace(old, address)
    host, port = address
    return urlunsplit(urlsplit(uri)._replace(netloc=f"{host}:{port}"))


@contextmanager
def counting(uri: str, folder: Path) -> Iterator[tuple[str, Counts]]:
    """Yield a URI that leads to the same server, and what went through it so far."""
    there, counts = split(uri), Counts()
    family = socket.AF_UNIX if isinstance(there, str) else socket.AF_INET
    here: Address = str(folder / "count.sock") if isinstance(there, str) else ("127.0.0.1", 0)
    if isinstance(here, str):
        Path(here).unlink(missing_ok=True)
    with socket.socket(family) as listener:
        listener.bind(here)
        listener.listen(16)
        here = listener.getsockname()
        threading.Thread(target=_serve, args=(listener, family, there, counts), daemon=True).start()
        try:
            yield led(uri, here), counts
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, family: int, there: Address, counts: Counts) -> None:
    with suppress(OSError):  # closed
        while True:
            near, _ = listener.accept()
            far = socket.socket(family)
            threading.Thread(target=_join, args=(near, far, there, counts), daemon=True).start()


def _join(near: socket.socket, far: socket.socket, there: Address, counts: Counts) -> None:
    """Connect a client with its server until both have said all."""
    with near, far, suppress(ConnectionError):
        far.connect(there)
        back = threading.Thread(target=_pass_on, args=(far, near, counts), kwargs={"up": False})
        back.start()
        _pass_on(near, far, counts, up=True)
        back.join()


def _pass_on(source: socket.socket, sink: socket.socket, counts: Counts, *, up: bool) -> None:
    """Move what comes until the end, and pass the end on too."""
    buffer = memoryview(bytearray(PIECE))
    with suppress(OSError):
        while count := source.recv_into(buffer):
            counts.add(count, up=up)
            sink.sendall(buffer[:count])
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
