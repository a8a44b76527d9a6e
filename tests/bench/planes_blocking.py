"""The data path alone, with blocking sockets and threads: what the loop of asyncio is held against.

It speaks through the same peer as the engine, and does nothing else of what a transfer does: the
volume is there already, nothing is looked at, proved or noted. So it is the least that a data plane
in Python can cost, and no transfer.
"""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import TypeVar

from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.peer import ClientPeer
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record
from lacuna_engine.rpc.records import Open, VolumeHandle, VolumeRange
from lacuna_engine.transfer.receiver import LANES
from lacuna_engine.transport.socket_pipe import SEND_BUFFER

A = TypeVar("A", bound=Record)
R = TypeVar("R", bound=Record)

HEADS = 28 + 24 + 28
"""Bytes read where headers are expected: two of them may be 24 bytes apart (protocol.md 4.4)."""

FIRST_PACKET, PACKET = 4 << 20, 1 << 20
"""As the engine cuts data into packets: see `lacuna_engine.transfer.packets`."""


class Line:
    """A connection to a daemon's socket, opened."""

    def __init__(self, address: str) -> None:
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._sock.connect(address)
        self._peer = ClientPeer()
        self._block = memoryview(bytearray(1 << 20))
        self._early: list[e.Event] = []
        self._call(p.AUTH_LIST, p.AUTH_LIST.arguments())
        self._call(p.CONNECT_OPEN, Open("storage:///system"))

    def upload(self, volume: VolumeHandle, fd: int, size: int) -> None:
        """Send a file into a volume."""
        serial = self._call(p.VOL_UPLOAD, VolumeRange(volume, 0, size))
        position, most = 0, FIRST_PACKET
        while position < size:
            count = min(most, size - position)
            self._sock.sendall(self._peer.data_header(serial, count))
            while count:
                sent = os.sendfile(self._sock.fileno(), fd, position, count)
                position, count = position + sent, count - sent
            most = PACKET
        self._finish(serial)

    def download(self, volume: VolumeHandle, fd: int, start: int, size: int) -> None:
        """Receive a part of a volume into the same part of a file."""
        serial, position = self._call(p.VOL_DOWNLOAD, VolumeRange(volume, start, size)), start
        while True:
            awaited = self._peer.awaited_data()
            if awaited is not None and not self._early:
                count = self._sock.recv_into(self._block[: min(awaited[1], len(self._block))])
                self._peer.took_data(count)
                position += os.pwrite(fd, self._block[:count], position)
                continue
            early, self._early = self._early, []
            for event in early or self._receive():
                if isinstance(event, e.StreamData):
                    position += os.pwrite(fd, event.data, position)
                elif isinstance(event, e.StreamEnd):
                    self._finish(serial)
                    return

    def close(self) -> None:
        """End the connection."""
        self._sock.close()

    def _call(self, procedure: Procedure[A, R], arguments: A) -> int:
        serial = self._peer.call(procedure, arguments)
        self._send()
        self._wait(e.CallReturned)
        return serial

    def _finish(self, serial: int) -> None:
        self._peer.send_finish(serial)
        self._send()
        self._wait(e.StreamFinished)

    def _wait(self, kind: type[e.Event]) -> None:
        """Wait for an event; data may come before it, or with it."""
        came = False
        while not came:
            for event in self._receive():
                came = came or isinstance(event, kind)
                if isinstance(event, e.StreamData):
                    event = event._replace(data=memoryview(bytes(event.data)))  # noqa: PLW2901
                if not isinstance(event, kind):
                    self._early.append(event)

    def _send(self) -> None:
        for part in self._peer.data_to_send():
            self._sock.sendall(part)

    def _receive(self) -> list[e.Event]:
        count = self._sock.recv_into(self._block[:HEADS])
        events = list(self._peer.receive(self._block[:count]))
        failed = [one for one in events if isinstance(one, e.CallFailed | e.StreamFailed)]
        if failed or not count:
            raise SystemExit(f"the daemon ended it: {failed}")
        return events


def upload(address: str, volume: VolumeHandle, file: Path) -> None:
    """Send a file over one connection."""
    line = Line(address)
    with file.open("rb") as opened:
        line.upload(volume, opened.fileno(), file.stat().st_size)
    line.close()


def download(address: str, volume: VolumeHandle, file: Path, size: int) -> None:
    """Receive a volume in as many threads as the engine has streams, each on a connection."""
    with file.open("wb") as opened:
        os.ftruncate(opened.fileno(), size)
        part = -(-size // LANES)

        def receive(start: int) -> None:
            line = Line(address)
            line.download(volume, opened.fileno(), start, min(part, size - start))
            line.close()

        threads = [threading.Thread(target=receive, args=(at,)) for at in range(0, size, part)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
