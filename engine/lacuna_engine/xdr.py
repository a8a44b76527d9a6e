"""XDR (RFC 4506), the subset libvirt's RPC uses: tiny encoders and a cursor decoder.

A :class:`Codec` is a pair of functions, one that packs a value and one that unpacks it from a
:class:`Cursor`; composite codecs are built from simpler ones. Nothing here knows a message.

Two facts of the wire (protocol.md 2): a ``char`` takes four bytes like an int, even inside an
array, and strings are bytes that need not be UTF-8, so they are decoded with ``surrogateescape``
and come back unchanged when encoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from lacuna_engine.errors import XdrError

__all__ = [
    "BOOL",
    "CHAR",
    "DOUBLE",
    "HYPER",
    "INT",
    "UCHAR",
    "UHYPER",
    "UINT",
    "Codec",
    "Cursor",
    "array",
    "chars",
    "fixed_array",
    "opaque",
    "optional",
    "string",
]

T = TypeVar("T")

_COUNT = struct.Struct(">I")

MAX_STRING = 4_194_304
"""Longest string the daemon accepts, in bytes (protocol.md 1.4)."""


class Cursor:
    """Reads forward through one message's payload.

    ``data`` is not copied. Every read past the end raises :class:`XdrError` and moves nothing.
    """

    __slots__ = ("_data", "_offset", "_size")

    def __init__(self, data: bytes | bytearray | memoryview, offset: int = 0) -> None:
        self._data = memoryview(data)
        self._size = len(self._data)
        self._offset = offset

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return self._size - self._offset

    def take(self, count: int) -> memoryview:
        """Return the next ``count`` bytes, without a copy. Raises :class:`XdrError`."""
        if count > self.remaining:
            raise XdrError(f"message ends early: {count} bytes wanted, {self.remaining} left")
        start = self._offset
        self._offset = start + count
        return self._data[start : self._offset]

    def counted(self, limit: int) -> memoryview:
        """Return at most ``limit`` bytes that come behind their count, without their padding.

        In one go, and not by :meth:`take`: the list of a large pool has some 50,000 of these.

        Raises :class:`XdrError`.
        """
        start = self._offset + 4
        if start > self._size:
            return self.take(4)  # which complains
        (count,) = _COUNT.unpack_from(self._data, self._offset)
        if count > limit:
            raise XdrError(f"string of {count}: more than the limit of {limit}")
        end = start + count
        padded = end + -count % 4
        if padded > self._size:
            raise XdrError(
                f"message ends early: {padded - start} bytes wanted, {self._size - start} left"
            )
        self._offset = padded
        return self._data[start:end]

    def end(self) -> None:
        """Check that everything has been read. Raises :class:`XdrError`."""
        if self.remaining:
            raise XdrError(f"{self.remaining} bytes left over behind the last field")


class Codec(NamedTuple, Generic[T]):
    """How one type goes onto the wire and comes off it. Both raise :class:`XdrError`."""

    pack: Callable[[T], bytes]
    unpack: Callable[[Cursor], T]


def _number(code: str, name: str) -> Codec[int]:
    form = struct.Struct(f">{code}")

    def pack(value: int) -> bytes:
        try:
            return form.pack(value)
        except struct.error as error:
            raise XdrError(f"{value!r} is not a {name}") from error

    def unpack(cursor: Cursor) -> int:
        value: int = form.unpack(cursor.take(form.size))[0]
        return value

    return Codec(pack, unpack)


INT = _number("i", "32-bit integer")
UINT = _number("I", "32-bit unsigned integer")
HYPER = _number("q", "64-bit integer")
UHYPER = _number("Q", "64-bit unsigned integer")
CHAR = INT
UCHAR = UINT


def _pack_double(value: float) -> bytes:
    try:
        return struct.pack(">d", value)
    except (struct.error, OverflowError) as error:
        raise XdrError(f"{value!r} is not a double") from error


def _unpack_double(cursor: Cursor) -> float:
    value: float = struct.unpack(">d", cursor.take(8))[0]
    return value


DOUBLE = Codec(_pack_double, _unpack_double)


def _unpack_bool(cursor: Cursor) -> bool:
    value = UINT.unpack(cursor)
    if value > 1:
        raise XdrError(f"a boolean is 0 or 1, not {value}")
    return value == 1


BOOL: Codec[bool] = Codec(UINT.pack, _unpack_bool)


def _padding(count: int) -> int:
    return -count % 4


def _count(cursor: Cursor, limit: int, what: str) -> int:
    count = UINT.unpack(cursor)
    if count > limit:
        raise XdrError(f"{what} of {count}: more than the limit of {limit}")
    return count


def opaque(length: int) -> Codec[bytes]:
    """Fixed-length bytes, padded with zeros to a multiple of four; no length on the wire."""

    def pack(value: bytes) -> bytes:
        if len(value) != length:
            raise XdrError(f"{len(value)} bytes where exactly {length} belong")
        return bytes(value) + bytes(_padding(length))

    def unpack(cursor: Cursor) -> bytes:
        value = bytes(cursor.take(length))
        cursor.take(_padding(length))
        return value

    return Codec(pack, unpack)


def string(limit: int = MAX_STRING) -> Codec[str]:
    """Text of at most ``limit`` bytes.

    The padding of a received string is not looked at, and a NUL ends it, both as the daemon does
    (protocol.md 1.7). A NUL is refused when sending: it would silently end the string there.
    """

    def pack(value: str) -> bytes:
        try:
            raw = value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise XdrError("a string with a lone surrogate cannot be sent") from error
        if len(raw) > limit:
            raise XdrError(f"a string of {len(raw)} bytes: more than the limit of {limit}")
        if 0 in raw:
            raise XdrError("a string with a NUL cannot be sent")
        return UINT.pack(len(raw)) + raw + bytes(_padding(len(raw)))

    def unpack(cursor: Cursor) -> str:
        text = str(cursor.counted(limit), "utf-8", "surrogateescape")
        return text.partition("\0")[0] if "\0" in text else text

    return Codec(pack, unpack)


def optional(codec: Codec[T]) -> Codec[T | None]:
    """A value that may be absent: a present word, then the value (XDR's ``T*``)."""

    absent, present = UINT.pack(0), UINT.pack(1)

    def pack(value: T | None) -> bytes:
        return absent if value is None else present + codec.pack(value)

    def unpack(cursor: Cursor) -> T | None:
        return codec.unpack(cursor) if BOOL.unpack(cursor) else None

    return Codec(pack, unpack)


def array(codec: Codec[T], limit: int) -> Codec[tuple[T, ...]]:
    """At most ``limit`` values behind their count (XDR's ``T<limit>``)."""

    def pack(value: tuple[T, ...]) -> bytes:
        if len(value) > limit:
            raise XdrError(f"a list of {len(value)}: more than the limit of {limit}")
        return UINT.pack(len(value)) + b"".join(map(codec.pack, value))

    def unpack(cursor: Cursor) -> tuple[T, ...]:
        count = _count(cursor, limit, "list")
        return tuple([codec.unpack(cursor) for _ in range(count)])

    return Codec(pack, unpack)


def fixed_array(codec: Codec[T], length: int) -> Codec[tuple[T, ...]]:
    """Exactly ``length`` values with no count (XDR's ``T[length]``)."""

    def pack(value: tuple[T, ...]) -> bytes:
        if len(value) != length:
            raise XdrError(f"{len(value)} values where exactly {length} belong")
        return b"".join(map(codec.pack, value))

    def unpack(cursor: Cursor) -> tuple[T, ...]:
        return tuple(codec.unpack(cursor) for _ in range(length))

    return Codec(pack, unpack)


def chars(limit: int) -> Codec[bytes]:
    """``char data<limit>``: bytes sent as an array of four-byte words, sign-extended.

    Only the SASL calls use it; sending opaque instead is refused (protocol.md 2, e22).
    """

    def pack(value: bytes) -> bytes:
        if len(value) > limit:
            raise XdrError(f"data of {len(value)} bytes: more than the limit of {limit}")
        signed = struct.unpack(f"{len(value)}b", value)
        return UINT.pack(len(value)) + struct.pack(f">{len(value)}i", *signed)

    def unpack(cursor: Cursor) -> bytes:
        count = _count(cursor, limit, "data")
        words = struct.unpack(f">{count}i", cursor.take(4 * count))
        return bytes(word & 0xFF for word in words)

    return Codec(pack, unpack)
