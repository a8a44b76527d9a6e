"""How a record's codec follows from its annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest

from lacuna_engine import xdr
from lacuna_engine.errors import XdrError
from lacuna_engine.rpc.record import Bool, Char, Hyper, Int, Record, UChar, UHyper, UInt, Void
from lacuna_engine.xdr import Cursor


@dataclass(frozen=True, slots=True)
class Inner(Record):
    small: Int
    big: UHyper


@dataclass(frozen=True, slots=True)
class Outer(Record):
    yes: Bool
    inner: Inner
    many: Annotated[tuple[Inner, ...], "a remark", xdr.array(Inner.codec(), 2)]
    numbers: Annotated[tuple[int, ...], xdr.fixed_array(xdr.HYPER, 1)] = (5,)


@dataclass(frozen=True, slots=True)
class Scalars(Record):
    one: UInt
    two: Hyper
    three: Char
    four: UChar


@dataclass(frozen=True, slots=True)
class Unmarked(Record):
    value: int


def test_fields_follow_in_order() -> None:
    value = Outer(True, Inner(-1, 2), (Inner(3, 4),))
    raw = value.pack()
    assert raw.hex() == (
        "00000001ffffffff0000000000000002000000010000000300000000000000040000000000000005"
    )
    cursor = Cursor(raw)
    assert Outer.unpack(cursor) == value
    cursor.end()


def test_chars_take_four_bytes() -> None:
    assert Scalars(1, -2, -3, 4).pack().hex() == "00000001fffffffffffffffefffffffd00000004"


def test_void_is_nothing() -> None:
    assert Void().pack() == b""
    assert Void.unpack(Cursor(b"")) == Void()


def test_short_payload() -> None:
    raw = Inner(1, 2).pack()
    for size in range(len(raw)):
        with pytest.raises(XdrError):
            Inner.unpack(Cursor(raw[:size]))


def test_a_field_without_a_codec_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="no codec for a field of type <class 'int'>"):
        Unmarked(1).pack()
