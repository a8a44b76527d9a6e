"""A client that is none: it sends what a test wants and shows every message that comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import (
    Fragment,
    Header,
    Packet,
    PacketReader,
    Program,
    Status,
    Type,
    encode,
)
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.xdr import Cursor

__all__ = ["Wire", "connected"]

PATIENCE = 30.0
"""Seconds that a message may take to come before a test fails."""

OPENED = 2
"""Serials up to here are used to open the connection."""


class Wire:
    """A connection; messages are kept whole and in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.serial = 0
        self.early = 0
        """Packets that came before the reply to the last call that opened a stream."""
        self._packets = PacketReader()
        self._messages: list[Packet] = []
        self._data = bytearray()

    # --- sending ---------------------------------------------------------------------------------

    def send(self, header: Header, payload: bytes = b"") -> None:
        self.writer.write(encode(header, payload))

    def call(self, procedure: Procedure[Any, Any], arguments: Record) -> int:
        """Send a call and return its serial."""
        self.serial += 1
        header = Header(Program.REMOTE, procedure.number, Type.CALL, self.serial, Status.OK)
        self.send(header, arguments.pack())
        return self.serial

    def data(self, serial: int, data: bytes, procedure: Procedure[Any, Any] = p.VOL_UPLOAD) -> None:
        self.send(stream(procedure, serial, Status.CONTINUE), data)

    def hole(self, serial: int, length: int, flags: int = 0) -> None:
        header = stream(p.VOL_UPLOAD, serial, Status.CONTINUE)._replace(type=Type.STREAM_HOLE)
        self.send(header, r.Hole(length, flags).pack())

    def finish(self, serial: int, procedure: Procedure[Any, Any] = p.VOL_UPLOAD) -> None:
        self.send(stream(procedure, serial, Status.OK))

    def abort(self, serial: int, procedure: Procedure[Any, Any] = p.VOL_UPLOAD) -> None:
        self.send(stream(procedure, serial, Status.ERROR))

    def ping(self) -> None:
        self.send(Header(Program.KEEPALIVE, 1, Type.MESSAGE, 0, Status.OK))

    # --- receiving -------------------------------------------------------------------------------

    async def message(self) -> Packet | None:
        """Return the next message whole, None at the end of the connection."""
        while not self._messages:
            async with asyncio.timeout(PATIENCE):
                try:
                    data = await self.reader.read(1 << 16)
                except ConnectionError:
                    return None
            if not data:
                return None
            for part in self._packets.feed(memoryview(data)):
                self._take(part)
        return self._messages.pop(0)

    def _take(self, part: Packet | Fragment) -> None:
        if isinstance(part, Packet):
            self._messages.append(part)
            return
        self._data += part.data
        if part.last:
            self._messages.append(Packet(part.header, bytes(self._data)))
            self._data.clear()

    async def next(self) -> Packet:
        """Return the next message; the connection must not have ended."""
        message = await self.message()
        assert message is not None, "the connection has ended"
        return message

    async def answer(self, procedure: Procedure[Any, Any], arguments: Record) -> Any:
        """Make a call and return its result, or its error. Events may come before."""
        return result(procedure, await self.reply(self.call(procedure, arguments)))

    async def reply(self, serial: int) -> Packet:
        """Return the reply with this serial; nothing but events and pings may come before."""
        while True:
            message = await self.next()
            if message.header.type != Type.MESSAGE:
                assert (message.header.type, message.header.serial) == (Type.REPLY, serial)
                return message

    async def open_stream(self, procedure: Procedure[Any, Any], target: r.VolumeRange) -> int:
        """Open a stream and return its serial."""
        serial = self.call(procedure, target)
        early: list[Packet] = []
        while (message := await self.next()).header.type != Type.REPLY:
            # The first packets of a download may overtake the reply (protocol.md 0.13).
            if message.header.type != Type.MESSAGE:
                early.append(message)
        assert message.header.serial == serial
        assert message.header.status == Status.OK, error_of(message)
        self.early = len(early)
        self._messages = early + self._messages
        return serial

    async def outcome(self, serial: int) -> r.WireError | None:
        """Return how the stream ends: None if it was agreed to. Events may come before."""
        while True:
            message = await self.next()
            if message.header.type == Type.MESSAGE:
                continue
            assert message.header.serial == serial
            if message.header.status == Status.ERROR:
                return error_of(message)
            assert (message.header.type, message.header.status) == (Type.STREAM, Status.OK)
            return None

    async def quiet(self) -> list[Packet]:
        """Return what comes, but for events, before the answer to a ping that is sent now."""
        self.ping()
        seen: list[Packet] = []
        while True:
            message = await self.next()
            if message.header.program == Program.KEEPALIVE and message.header.procedure == 2:
                return seen
            if message.header.type != Type.MESSAGE:
                seen.append(message)

    async def ended(self) -> bool:
        """Whether the connection has ended without another message but events."""
        while (message := await self.message()) is not None:
            if message.header.type != Type.MESSAGE:
                return False
        return True

    async def open(self) -> Wire:
        """Be let in."""
        assert await self.answer(p.AUTH_LIST, Void()) == r.AuthTypes((0,))
        assert await self.answer(p.CONNECT_OPEN, r.Open("storage:///system")) == Void()
        return self


def stream(procedure: Procedure[Any, Any], serial: int, status: int) -> Header:
    return Header(Program.REMOTE, procedure.number, Type.STREAM, serial, status)


def error_of(message: Packet) -> r.WireError:
    return r.WireError.unpack(Cursor(message.payload))


def result(procedure: Procedure[Any, Any], message: Packet) -> Any:
    """Return the record of a reply, or its error."""
    if message.header.status == Status.ERROR:
        return error_of(message)
    return procedure.result.unpack(Cursor(message.payload))


@asynccontextmanager
async def connected(path: str | Path, *, opened: bool = True) -> AsyncGenerator[Wire]:
    """Connect to a unix socket."""
    reader, writer = await asyncio.open_unix_connection(path)
    wire = Wire(reader, writer)
    try:
        yield await wire.open() if opened else wire
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)
