"""XDR codecs: what they write, what they read back, and what they refuse."""

from __future__ import annotations

import struct
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lacuna_engine import xdr
from lacuna_engine.errors import XdrError
from lacuna_engine.xdr import Codec, Cursor

# How long an example takes says nothing here.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NUMBERS = [
    ("INT", xdr.INT, -(2**31), 2**31 - 1, 4),
    ("UINT", xdr.UINT, 0, 2**32 - 1, 4),
    ("HYPER", xdr.HYPER, -(2**63), 2**63 - 1, 8),
    ("UHYPER", xdr.UHYPER, 0, 2**64 - 1, 8),
    ("CHAR", xdr.CHAR, -(2**31), 2**31 - 1, 4),
    ("UCHAR", xdr.UCHAR, 0, 2**32 - 1, 4),
]


def decoded(codec: Codec[Any], raw: bytes) -> Any:
    """Read one value and check that nothing is left."""
    cursor = Cursor(raw)
    value = codec.unpack(cursor)
    cursor.end()
    return value


# --- cursor ---------------------------------------------------------------------------------------


def test_cursor_takes_without_copying_and_counts() -> None:
    raw = bytearray(b"abcdef")
    cursor = Cursor(raw, 1)
    piece = cursor.take(2)
    raw[1] = ord("B")
    assert bytes(piece) == b"Bc"
    assert cursor.remaining == 3


def test_cursor_past_the_end_moves_nothing() -> None:
    cursor = Cursor(b"abc")
    with pytest.raises(XdrError, match="4 bytes wanted, 3 left"):
        cursor.take(4)
    assert bytes(cursor.take(3)) == b"abc"
    cursor.end()


def test_cursor_end_refuses_leftovers() -> None:
    with pytest.raises(XdrError, match="3 bytes left over"):
        Cursor(memoryview(b"abc")).end()


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "low", "high", "size"), [n[1:] for n in NUMBERS], ids=[n[0] for n in NUMBERS]
)
@relaxed
@given(data=st.data())
def test_numbers_round_trip(
    codec: Codec[int], low: int, high: int, size: int, data: st.DataObject
) -> None:
    value = data.draw(st.integers(low, high) | st.sampled_from([low, high]))
    raw = codec.pack(value)
    assert len(raw) == size
    assert raw == value.to_bytes(size, "big", signed=low < 0)
    assert decoded(codec, raw) == value


@pytest.mark.parametrize(
    ("codec", "low", "high", "size"), [n[1:] for n in NUMBERS], ids=[n[0] for n in NUMBERS]
)
def test_numbers_out_of_range(codec: Codec[int], low: int, high: int, size: int) -> None:
    for value in (low - 1, high + 1, 10**30):
        with pytest.raises(XdrError, match="is not a"):
            codec.pack(value)
    wrong: Any = "1"
    with pytest.raises(XdrError):
        codec.pack(wrong)
    with pytest.raises(XdrError):
        codec.unpack(Cursor(bytes(size - 1)))


@relaxed
@given(st.floats())
def test_doubles_round_trip(value: float) -> None:
    raw = xdr.DOUBLE.pack(value)
    assert len(raw) == 8
    assert struct.pack(">d", decoded(xdr.DOUBLE, raw)) == raw


@pytest.mark.parametrize("value", [10**400, "x", None])
def test_doubles_refused(value: Any) -> None:
    with pytest.raises(XdrError, match="is not a double"):
        xdr.DOUBLE.pack(value)


def test_booleans() -> None:
    assert xdr.BOOL.pack(True) == b"\0\0\0\1"
    assert decoded(xdr.BOOL, b"\0\0\0\1") is True
    assert decoded(xdr.BOOL, bytes(4)) is False
    with pytest.raises(XdrError, match="not 2"):
        decoded(xdr.BOOL, b"\0\0\0\2")


# --- bytes and text -------------------------------------------------------------------------------


@relaxed
@given(st.binary(max_size=40))
def test_opaque_round_trip(value: bytes) -> None:
    codec = xdr.opaque(len(value))
    raw = codec.pack(value)
    assert len(raw) % 4 == 0
    assert raw[: len(value)] == value
    assert not any(raw[len(value) :])
    assert decoded(codec, raw) == value


def test_opaque_of_another_length() -> None:
    with pytest.raises(XdrError, match="15 bytes where exactly 16 belong"):
        xdr.opaque(16).pack(bytes(15))
    with pytest.raises(XdrError):
        xdr.opaque(5).unpack(Cursor(bytes(5)))  # the padding is missing


@relaxed
@given(st.binary(max_size=40))
def test_strings_come_back_as_they_came(raw: bytes) -> None:
    raw = raw.replace(b"\0", b"\1")
    wire = len(raw).to_bytes(4, "big") + raw + bytes(-len(raw) % 4)
    value = decoded(xdr.string(), wire)
    assert xdr.string().pack(value) == wire


@relaxed
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_text_round_trip(value: str) -> None:
    assert decoded(xdr.string(), xdr.string().pack(value)) == value


def test_strings_that_are_not_utf8() -> None:
    # A volume named so was listed by the daemon (protocol.md 2, e16).
    wire = b"\0\0\0\2\xff\xfe\0\0"
    value = decoded(xdr.string(), wire)
    assert value == "\udcff\udcfe"
    assert xdr.string().pack(value) == wire


def test_strings_at_and_over_the_limit() -> None:
    codec = xdr.string(5)
    assert decoded(codec, codec.pack("12345")) == "12345"
    for value in ("123456", "ééé"):
        with pytest.raises(XdrError, match="a string of 6 bytes: more than the limit of 5"):
            codec.pack(value)
    with pytest.raises(XdrError, match="string of 6"):
        codec.unpack(Cursor(b"\0\0\0\6abcdef\0\0"))


def test_the_daemons_limit_is_the_default() -> None:
    longest = "x" * xdr.MAX_STRING
    assert len(xdr.string().pack(longest)) == 4 + xdr.MAX_STRING
    with pytest.raises(XdrError):
        xdr.string().pack(longest + "x")


@pytest.mark.parametrize("value", ["\0", "ref\0nope", "end\0"])
def test_nul_is_not_sent(value: str) -> None:
    with pytest.raises(XdrError, match="NUL"):
        xdr.string().pack(value)


def test_lone_surrogates_are_not_sent() -> None:
    with pytest.raises(XdrError, match="surrogate"):
        xdr.string().pack("\ud800")


def test_received_nul_ends_the_string() -> None:
    # `ref-shm\0nope` finds `ref-shm` (protocol.md 1.7).
    cursor = Cursor(b"\0\0\0\x0cref-shm\0nope" + b"\0\0\0\7")
    assert xdr.string().unpack(cursor) == "ref-shm"
    assert xdr.INT.unpack(cursor) == 7


def test_padding_of_a_string_is_not_looked_at() -> None:
    assert decoded(xdr.string(), b"\0\0\0\1aXYZ") == "a"
    with pytest.raises(XdrError):
        decoded(xdr.string(), b"\0\0\0\1aXY")


@relaxed
@given(st.binary(max_size=40))
def test_chars_round_trip(value: bytes) -> None:
    codec = xdr.chars(40)
    raw = codec.pack(value)
    assert len(raw) == 4 + 4 * len(value)
    assert decoded(codec, raw) == value


def test_chars_as_the_daemon_has_them() -> None:
    # Protocol.md 2: `abc`, and sign extension.
    assert xdr.chars(3).pack(b"abc").hex() == "00000003000000610000006200000063"
    assert xdr.chars(1).pack(b"\x80").hex() == "00000001ffffff80"
    assert decoded(xdr.chars(1), bytes.fromhex("00000001ffffff80")) == b"\x80"
    assert decoded(xdr.chars(1), bytes.fromhex("0000000100000080")) == b"\x80"


def test_chars_over_the_limit() -> None:
    with pytest.raises(XdrError, match="data of 4 bytes"):
        xdr.chars(3).pack(b"abcd")
    with pytest.raises(XdrError, match="data of 4"):
        xdr.chars(3).unpack(Cursor(b"\0\0\0\4" + bytes(16)))


# --- composites -----------------------------------------------------------------------------------


@relaxed
@given(st.none() | st.integers(0, 2**32 - 1))
def test_optional_round_trip(value: int | None) -> None:
    codec = xdr.optional(xdr.UINT)
    assert decoded(codec, codec.pack(value)) == value


def test_optional_present_word() -> None:
    codec = xdr.optional(xdr.UINT)
    assert codec.pack(None) == bytes(4)
    assert codec.pack(0) == b"\0\0\0\1" + bytes(4)
    with pytest.raises(XdrError, match="boolean"):
        codec.unpack(Cursor(b"\0\0\0\2" + bytes(4)))


@relaxed
@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=10).map(tuple))
def test_arrays_round_trip(value: tuple[int, ...]) -> None:
    counted, fixed = xdr.array(xdr.INT, 10), xdr.fixed_array(xdr.INT, len(value))
    assert len(counted.pack(value)) == 4 + 4 * len(value)
    assert decoded(counted, counted.pack(value)) == value
    assert len(fixed.pack(value)) == 4 * len(value)
    assert decoded(fixed, fixed.pack(value)) == value


def test_arrays_over_the_limit() -> None:
    with pytest.raises(XdrError, match="a list of 3: more than the limit of 2"):
        xdr.array(xdr.INT, 2).pack((1, 2, 3))
    with pytest.raises(XdrError, match="list of 3: more than"):
        xdr.array(xdr.INT, 2).unpack(Cursor(b"\0\0\0\3" + bytes(12)))
    with pytest.raises(XdrError, match="3 values where exactly 2 belong"):
        xdr.fixed_array(xdr.INT, 2).pack((1, 2, 3))


@pytest.mark.parametrize(
    ("codec", "count"),
    [
        (xdr.array(xdr.string(), 16_384), 16_384),
        (xdr.array(xdr.array(xdr.UHYPER, 16_384), 16_384), 16_384),
        (xdr.chars(65_536), 65_536),
        (xdr.string(), xdr.MAX_STRING),
        (xdr.array(xdr.string(), 16_384), 16_385),
        (xdr.chars(65_536), 0xFFFFFFFF),
        (xdr.string(), 0xFFFFFFFF),
    ],
)
def test_count_bombs_cost_nothing(codec: Codec[Any], count: int) -> None:
    """A count with nothing behind it fails before anything is made for it."""
    tracemalloc.start()
    try:
        with pytest.raises(XdrError):
            codec.unpack(Cursor(count.to_bytes(4, "big")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024
