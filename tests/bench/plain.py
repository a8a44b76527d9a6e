"""A file through a socket, and nothing else: the most that a link can do.

``plain.py serve HOST PORT FOLDER`` takes and gives files; ``plain.py put|get plain://HOST:PORT/NAME
FILE`` is its client. Holes are sent as zeros.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

PIECE = 1 << 20
ORDER = 256
"""Bytes of an order: a word, a name and a size."""


def receive(source: socket.socket, path: Path, size: int) -> None:
    """Write what comes to a file."""
    buffer = memoryview(bytearray(PIECE))
    with path.open("wb") as file:
        while size:
            count = source.recv_into(buffer[: min(PIECE, size)])
            if not count:
                raise ConnectionError("the other side is gone")
            file.write(buffer[:count])
            size -= count


def serve(host: str, port: int, folder: Path) -> None:
    """Serve one client after the other, until the process is ended."""
    with socket.create_server((host, port)) as listener:
        while True:
            client, _ = listener.accept()
            with client:
                order = client.recv(ORDER, socket.MSG_WAITALL)
                if len(order) < ORDER:
                    continue  # who only looks whether somebody listens
                word, name, size = order.decode().split()
                path = folder / name
                if word == "put":
                    receive(client, path, int(size))
                    client.sendall(b"done")
                else:
                    client.sendall(path.stat().st_size.to_bytes(8, "big"))
                    with path.open("rb") as file:
                        client.sendfile(file)


def transfer(word: str, uri: str, file: Path) -> None:
    """Send or fetch a file."""
    parts = urlsplit(uri)
    size = file.stat().st_size if word == "put" else 0
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as server:
        server.sendall(f"{word} {parts.path.lstrip('/')} {size}".encode().ljust(ORDER))
        if word == "put":
            with file.open("rb") as source:
                server.sendfile(source)
            if server.recv(4, socket.MSG_WAITALL) != b"done":
                raise ConnectionError("the other side is gone")
        else:
            receive(server, file, int.from_bytes(server.recv(8, socket.MSG_WAITALL), "big"))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    transfer(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    os._exit(0)  # the end of the interpreter is no part of the copy
