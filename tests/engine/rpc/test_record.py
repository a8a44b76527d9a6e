"""How a record's codec follows from its annotations."""

from __future__ import annotations

import copy
from typing import Annotated

import pytest

from lacuna_engine import xdr
from lacuna_engine.errors import XdrError
from lacuna_engine.rpc.record import Bool, Char, Hyper, Int, Record, UChar, UHyper, UInt, Void
from lacuna_engine.xdr import Cursor


class Inner(Record):
    small: Int
    big: UHyper


class Outer(Record):
    yes: Bool
    inner: Inner
    many: Annotated[tuple[Inner, ...], "a remark", xdr.array(Inner.codec(), 2)]
    numbers: Annotated[tuple[int, ...], xdr.fixed_array(xdr.HYPER, 1)] = (5,)


class Scalars(Record):
    one: UInt
    two: Hyper
    three: Char
    four: UChar


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


def test_made_in_order_by_name_and_with_defaults() -> None:
    value = Outer(True, many=(), inner=Inner(1, 2))
    assert value == Outer(True, Inner(1, big=2), (), (5,))
    assert value.numbers == (5,)
    assert repr(value.inner) == "Inner(small=1, big=2)"
    assert hash(value) == hash(Outer(True, Inner(1, 2), ()))
    match value:
        case Outer(yes, Inner(small, _)):
            assert (yes, small) == (True, 1)


def test_equal_fields_of_another_record_are_not_equal() -> None:
    assert Inner(1, 2) != Scalars(1, 2, 3, 4)
    assert Unmarked(1) != UInt8(1)
    assert Inner(1, 2) != (1, 2)
    assert Inner(1, 2) != Inner(1, 3)


class UInt8(Record):
    value: int


class Longer(Outer):
    more: Int = 7


def test_a_record_of_a_record_has_its_fields_first() -> None:
    value = Longer(True, Inner(1, 2), ())
    assert (value.numbers, value.more) == ((5,), 7)
    assert value.pack() == Outer(True, Inner(1, 2), ()).pack() + bytes([0, 0, 0, 7])
    assert value != Outer(True, Inner(1, 2), ())


def test_changes_make_another() -> None:
    value = Inner(1, 2)
    assert value.replace(big=9) == Inner(1, 9)
    assert value == Inner(1, 2)
    assert copy.deepcopy(value) == value
    with pytest.raises(AttributeError, match="the big of a Inner cannot be changed"):
        value.big = 3  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot be removed"):
        del value.big
    with pytest.raises(TypeError, match="Inner: huge twice, or no field of it"):
        value.replace(huge=1)


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        ((1,), {}, "Inner lacks big"),
        ((), {"big": 1}, "Inner lacks small"),
        ((1, 2, 3), {}, "Inner has 2 fields, not 3"),
        ((1,), {"small": 1, "big": 2}, "Inner: small twice"),
        ((1,), {"other": 2}, "Inner: other twice, or no field"),
    ],
)
def test_fields_too_few_and_too_many(
    values: tuple[int, ...], named: dict[str, int], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        Inner(*values, **named)
