"""A client peer and a server peer joined by bytes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from lacuna_engine.rpc import events as e
from lacuna_engine.rpc.packet import Packet, PacketReader
from lacuna_engine.rpc.peer import ClientPeer, Peer, ServerPeer
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange

__all__ = ["Link", "Piece", "deliver", "sent"]

A = TypeVar("A", bound=Record)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Piece:
    """Stream data that can be kept, unlike :class:`StreamData`."""

    serial: int
    data: bytes


def deliver(peer: Peer, raw: bytes, step: int = 0) -> list[e.Event | Piece]:
    """Give bytes to a peer, in steps if asked, and return what it reports.

    Data that arrives in pieces is joined, and the buffer is spoiled after each step, so that a
    view kept too long is noticed.
    """
    found: list[e.Event | Piece] = []
    size = step or max(len(raw), 1)
    for start in range(0, len(raw), size):
        buffer = bytearray(raw[start : start + size])
        with memoryview(buffer) as view:
            for event in peer.receive(view):
                if not isinstance(event, e.StreamData):
                    found.append(event)
                    continue
                data = bytes(event.data)
                event.data.release()
                if found and isinstance(last := found[-1], Piece) and last.serial == event.serial:
                    found[-1] = Piece(event.serial, last.data + data)
                else:
                    found.append(Piece(event.serial, data))
        buffer[:] = b"\xee" * len(buffer)
    return found


def sent(peer: Peer) -> list[Packet]:
    """Return the messages a peer has queued, whole."""
    raw = b"".join(peer.data_to_send())
    packets: list[Packet] = []
    for part in PacketReader().feed(memoryview(raw)):
        assert isinstance(part, Packet)
        packets.append(part)
    return packets


class Link:
    """Both peers, and what goes between them when told to."""

    def __init__(self, step: int = 0) -> None:
        self.client = ClientPeer()
        self.server = ServerPeer()
        self._step = step

    def up(self, more: bytes = b"") -> list[e.Event | Piece]:
        """Carry what the client has queued, and ``more``, to the server."""
        raw = b"".join(self.client.data_to_send()) + more
        return deliver(self.server, raw, self._step)

    def down(self, more: bytes = b"") -> list[e.Event | Piece]:
        """Carry what the server has queued, and ``more``, to the client."""
        raw = b"".join(self.server.data_to_send()) + more
        return deliver(self.client, raw, self._step)

    def call(self, procedure: Procedure[A, R], arguments: A) -> e.CallArrived:
        """Make a call and return how it arrives."""
        self.client.call(procedure, arguments)
        (call,) = self.up()
        assert isinstance(call, e.CallArrived)
        return call

    def stream(self, procedure: Procedure[VolumeRange, Void], flags: int = 1) -> int:
        """Open a stream and return its serial."""
        call = self.call(procedure, VolumeRange(VolumeHandle("p", "v", "/p/v"), flags=flags))
        self.server.reply(call, Void())
        assert self.down() == [e.CallReturned(call.serial, Void())]
        return call.serial
