"""A client that does what one would think is enough: to show why Lacuna does more.

It blocks, waits for one answer at a time and believes what it is told.
"""

import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.rpc.records import Hole, Open, VolumeRange

CALL, REPLY, STREAM, HOLE = 0, 1, 3, 6
OK, ERROR, CONTINUE = 0, 1, 2
REMOTE = 0x20008086
HEADER = struct.Struct(">7I")


A = TypeVar("A", bound=Record)
R = TypeVar("R", bound=Record)


class NaiveError(Exception):
    """The daemon answered with an error."""


@dataclass(frozen=True)
class Message:
    """What came from the daemon."""

    procedure: int
    type: int
    serial: int
    status: int
    payload: bytes

    @property
    def said(self) -> tuple[int, int]:
        return self.type, self.status


class Naive:
    """A connection to the daemon's unix socket, as a context manager."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))
        self._serial = 0
        self.call(p.AUTH_LIST, Void())
        self.call(p.CONNECT_OPEN, Open("storage:///system"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(
        self, procedure: int, type_: int, serial: int, status: int = OK, payload: bytes = b""
    ) -> None:
        length = HEADER.size + len(payload)
        head = HEADER.pack(length, REMOTE, 1, procedure, type_, serial, status)
        self._socket.sendall(head + payload)

    def receive(self) -> Message | None:
        """Return the next message, None if the daemon has hung up."""
        head = self._exactly(HEADER.size)
        if head is None:
            return None
        length, _, _, procedure, type_, serial, status = HEADER.unpack(head)
        payload = self._exactly(length - HEADER.size)
        return None if payload is None else Message(procedure, type_, serial, status, payload)

    def _exactly(self, count: int) -> bytes | None:
        got = b""
        while len(got) < count:
            try:
                piece = self._socket.recv(count - len(got))
            except ConnectionResetError:
                return None
            if not piece:
                return None
            got += piece
        return got

    def ask(self, procedure: int, arguments: Record) -> int:
        """Send a call and return its serial, without waiting for the answer."""
        self._serial += 1
        self.send(procedure, CALL, self._serial, OK, arguments.pack())
        return self._serial

    def call(self, procedure: Procedure[A, R], arguments: A) -> bytes:
        self.ask(procedure.number, arguments)
        message = self.receive()
        assert message is not None
        if message.status != OK:
            raise NaiveError(message.payload)
        return message.payload

    # --- uploads ------------------------------------------------------------------------------

    def upload(self, target: VolumeRange) -> int:
        serial = self.ask(p.VOL_UPLOAD.number, target)
        message = self.receive()
        assert message is not None
        assert message.said == (REPLY, OK), message
        return serial

    def data(self, serial: int, content: bytes) -> None:
        self.send(p.VOL_UPLOAD.number, STREAM, serial, CONTINUE, content)

    def hole(self, serial: int, length: int) -> None:
        self.send(p.VOL_UPLOAD.number, HOLE, serial, CONTINUE, Hole(length).pack())

    def finish(self, serial: int) -> Message | None:
        self.send(p.VOL_UPLOAD.number, STREAM, serial, OK)
        return self.receive()
