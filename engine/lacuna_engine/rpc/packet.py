"""Packets: the 28-byte header, and cutting a byte stream into messages (protocol.md 1.1 to 1.4).

Stream data is special: it is raw, unpadded, may be 32 MiB long and is what Lacuna moves all day.
So :class:`PacketReader` hands it on piece by piece as it arrives, as views into the caller's
buffer, and gathers only the other, small messages. A fragmented volume is a hundred thousand of
them, so what is made for each message are tuples, and whole ones are taken as they lie.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from lacuna_engine.errors import ProtocolError

__all__ = [
    "HEADER_SIZE",
    "LENGTH",
    "MAX_PACKET",
    "MAX_PAYLOAD",
    "Fragment",
    "Header",
    "Packet",
    "PacketReader",
    "Program",
    "Status",
    "Type",
    "encode",
]


class Program(IntEnum):
    """Program numbers (protocol.md 1.2). All have version 1."""

    REMOTE = 0x20008086
    KEEPALIVE = 0x6B656570


class Type(IntEnum):
    """Message types (protocol.md 1.3)."""

    CALL = 0
    REPLY = 1
    MESSAGE = 2
    STREAM = 3
    CALL_WITH_FDS = 4
    REPLY_WITH_FDS = 5
    STREAM_HOLE = 6


class Status(IntEnum):
    """Message statuses (protocol.md 1.3)."""

    OK = 0
    ERROR = 1
    CONTINUE = 2


VERSION = 1
HEADER_SIZE = 28
MAX_PACKET = 33_554_436
"""Longest message in bytes, its length word included (protocol.md 1.4)."""
MAX_PAYLOAD = MAX_PACKET - HEADER_SIZE

LENGTH = struct.Struct(">I")
"""The first word of a message: all its bytes, itself included."""

_HEADER = struct.Struct(">IIIiIII")


class Header(NamedTuple):
    """The fields in front of every payload, without the length.

    ``type`` and ``status`` are plain numbers, since a peer may send unknown ones and those have
    to be dropped or answered, not failed over.
    """

    program: int
    procedure: int
    type: int
    serial: int
    status: int
    version: int = VERSION

    @property
    def is_data(self) -> bool:
        """Whether the payload is raw stream data."""
        return self.type == Type.STREAM and self.status == Status.CONTINUE

    def encode(self, payload_size: int) -> bytes:
        """Return the 28 bytes for a message with a payload of ``payload_size`` bytes.

        Raises :class:`ProtocolError`.
        """
        if payload_size > MAX_PAYLOAD:
            raise ProtocolError(f"a payload of {payload_size} bytes is too long to send")
        return _HEADER.pack(
            HEADER_SIZE + payload_size,
            self.program,
            self.version,
            self.procedure,
            self.type,
            self.serial,
            self.status,
        )


class Packet(NamedTuple):
    """A whole message. Stream data comes as one only when it is empty (end of file)."""

    header: Header
    payload: bytes


class Fragment(NamedTuple):
    """A piece of one message's stream data, at least one byte.

    ``data`` is a view into the reader's input and valid only until the next piece is asked for;
    ``last`` marks the end of the message, which means nothing to the stream.
    """

    header: Header
    data: memoryview
    last: bool


def encode(header: Header, payload: bytes = b"") -> bytes:
    """Return one whole message."""
    return header.encode(len(payload)) + payload


class PacketReader:
    """Cuts a byte stream into messages.

    A bad length raises :class:`ProtocolError` before anything is stored for it. Memory is bounded
    by the bytes that really arrived for one gathered message, at most ``max_packet``.
    """

    __slots__ = ("_gathered", "_header", "_missing", "max_packet")

    def __init__(self, max_packet: int = MAX_PACKET) -> None:
        self.max_packet = max_packet
        """Longest message in bytes that is taken from now on, its length word included."""
        self._gathered = bytearray()
        self._header: Header | None = None
        self._missing = 0

    @property
    def idle(self) -> bool:
        """Whether the input so far ends on a message's border."""
        return self._header is None and not self._gathered

    @property
    def awaited(self) -> tuple[Header, int] | None:
        """The stream data that comes next: its header, and how many of its bytes are missing.

        None in all other places: what comes is known when the whole header is there.
        """
        header = self._header
        return None if header is None or not header.is_data else (header, self._missing)

    def skip(self, count: int) -> None:
        """Take ``count`` of the awaited bytes as fed; they went elsewhere."""
        self._missing -= count
        if not self._missing:
            self._header = None

    def feed(self, data: memoryview) -> Iterator[Packet | Fragment]:
        """Yield what ``data`` completes. The caller must exhaust the iterator."""
        while data:
            part, data = self.step(data)
            if part is not None:
                yield part

    def step(self, data: memoryview) -> tuple[Packet | Fragment | None, memoryview]:
        """Take in what ``data`` begins with, at least one byte of it, and at most one message.

        Return what that completes, if anything, and the rest of ``data``.
        """
        header = self._header
        if header is not None:
            count = self._missing
            return self._feed_payload(header, data[:count]), data[count:]
        if self._gathered or len(data) < HEADER_SIZE:
            count = HEADER_SIZE - len(self._gathered)
            return self._feed_header(data[:count]), data[count:]
        return self._begin(data), data[HEADER_SIZE:]

    def _feed_header(self, piece: memoryview) -> Packet | None:
        """Take in a piece of a header; a message without payload ends with it."""
        self._gathered += piece
        # The length is judged as soon as its four bytes are there: a peer that sends a bad one and
        # then nothing must not keep us waiting for a header.
        if len(self._gathered) >= 4:
            self._check_length(int.from_bytes(self._gathered[:4], "big"))
        if len(self._gathered) < HEADER_SIZE:
            return None
        whole, self._gathered = self._gathered, bytearray()
        return self._begin(whole)

    def _begin(self, data: memoryview | bytearray) -> Packet | None:
        """Take in a whole header; a message without payload ends with it."""
        length, program, version, procedure, kind, serial, status = _HEADER.unpack_from(data)
        self._check_length(length)
        header = Header(program, procedure, kind, serial, status, version)
        if length == HEADER_SIZE:
            return Packet(header, b"")
        self._header, self._missing = header, length - HEADER_SIZE
        return None

    def _feed_payload(self, header: Header, piece: memoryview) -> Packet | Fragment | None:
        """Take in a piece of a payload: stream data goes on at once, the rest is gathered."""
        self._missing -= len(piece)
        last = self._missing == 0
        if last:
            self._header = None
        if header.is_data:
            return Fragment(header, piece, last)
        if not last:
            self._gathered += piece
            return None
        if not self._gathered:
            return Packet(header, bytes(piece))
        payload = bytes(self._gathered) + piece
        self._gathered.clear()
        return Packet(header, payload)

    def _check_length(self, length: int) -> None:
        if not HEADER_SIZE <= length <= self.max_packet:
            raise ProtocolError(
                f"a message of {length} bytes was announced",
                hint="Something other than libvirt's RPC answers there, or the link is damaged.",
            )
