"""Cutting a byte stream into messages."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rpc.vectors import VECTORS
from lacuna_engine.errors import ProtocolError
from lacuna_engine.rpc.packet import (
    HEADER_SIZE,
    MAX_PACKET,
    MAX_PAYLOAD,
    Fragment,
    Header,
    Packet,
    PacketReader,
    Program,
    Status,
    Type,
    encode,
)

# How long an example takes says nothing here.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

STREAM = b"".join(vector.message for vector in VECTORS)
DATA = Header(Program.REMOTE, 208, Type.STREAM, 7, Status.CONTINUE)
MIB = 1 << 20


def read(pieces: Iterable[bytes], reader: PacketReader | None = None) -> list[tuple[Header, bytes]]:
    """Feed pieces and put data packets together again, to compare whole messages."""
    reader = reader or PacketReader()
    messages: list[tuple[Header, bytes]] = []
    data = bytearray()
    for piece in pieces:
        for part in reader.feed(memoryview(piece)):
            if isinstance(part, Packet):
                assert not data
                messages.append((part.header, part.payload))
                continue
            assert part.data
            data += part.data
            if part.last:
                messages.append((part.header, bytes(data)))
                data.clear()
    return messages


def cut(raw: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    return [raw[start:end] for start, end in itertools.pairwise(edges)]


EXPECTED = read([STREAM])


def test_whole_messages_are_the_vectors() -> None:
    assert [encode(header, payload) for header, payload in EXPECTED] == [v.message for v in VECTORS]


def test_one_byte_at_a_time() -> None:
    assert read(STREAM[i : i + 1] for i in range(len(STREAM))) == EXPECTED


@relaxed
@given(st.lists(st.integers(0, len(STREAM)), max_size=60))
def test_any_split_gives_the_same_messages(places: list[int]) -> None:
    reader = PacketReader()
    assert read(cut(STREAM, places), reader) == EXPECTED
    assert reader.idle


@relaxed
@given(
    st.lists(
        st.tuples(
            st.builds(
                Header,
                program=st.integers(0, 2**32 - 1),
                procedure=st.integers(-(2**31), 2**31 - 1),
                type=st.integers(0, 7) | st.integers(0, 2**32 - 1),
                serial=st.integers(0, 2**32 - 1),
                status=st.integers(0, 3) | st.integers(0, 2**32 - 1),
                version=st.integers(0, 2**32 - 1),
            ),
            st.binary(max_size=50),
        ),
        max_size=8,
    ),
    st.lists(st.integers(0, 2000), max_size=20),
)
def test_any_messages_come_back(messages: list[tuple[Header, bytes]], places: list[int]) -> None:
    raw = b"".join(encode(header, payload) for header, payload in messages)
    assert read(cut(raw, places)) == messages


def test_idle_only_on_a_border() -> None:
    reader = PacketReader()
    message = encode(Header(Program.REMOTE, 1, Type.CALL, 1, Status.OK), bytes(8))
    assert reader.idle
    for index in range(len(message)):
        assert not list(reader.feed(memoryview(message)[index : index + 1])) or reader.idle
        assert reader.idle == (index == len(message) - 1)


@pytest.mark.parametrize("length", [0, 3, 4, 20, 27, MAX_PACKET + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_bad_lengths_are_fatal_with_their_fourth_byte(length: int) -> None:
    raw = length.to_bytes(4, "big")
    reader = PacketReader()
    assert list(reader.feed(memoryview(raw)[:3])) == []
    with pytest.raises(ProtocolError, match=f"a message of {length} bytes") as caught:
        list(reader.feed(memoryview(raw)[3:]))
    assert caught.value.hint


def test_bad_length_behind_a_good_message() -> None:
    good = encode(DATA)
    parts = PacketReader().feed(memoryview(good + bytes(4)))
    assert next(parts) == Packet(DATA, b"")
    with pytest.raises(ProtocolError):
        next(parts)


def test_the_longest_message_is_accepted_and_a_limit_can_be_lower() -> None:
    raw = encode(Header(Program.REMOTE, 1, Type.CALL, 1, Status.OK), bytes(MAX_PAYLOAD))
    assert len(raw) == MAX_PACKET
    assert len(read([raw])[0][1]) == MAX_PAYLOAD
    with pytest.raises(ProtocolError):
        list(PacketReader(MAX_PACKET - 1).feed(memoryview(raw)))


def test_too_long_to_send() -> None:
    assert int.from_bytes(DATA.encode(MAX_PAYLOAD)[:4], "big") == MAX_PACKET
    with pytest.raises(ProtocolError, match="too long to send"):
        DATA.encode(MAX_PAYLOAD + 1)


def test_unaligned_data_needs_no_padding() -> None:
    """Five bytes of data make a 33-byte message, and the next one starts right behind it (1.1)."""
    raw = encode(DATA, b"hello") + encode(DATA, b"x") + encode(DATA)
    assert len(raw) == 33 + 29 + 28
    assert read([raw]) == [(DATA, b"hello"), (DATA, b"x"), (DATA, b"")]


def test_data_comes_as_views_and_the_last_piece_is_marked() -> None:
    raw = encode(DATA, b"abcdef")
    reader = PacketReader()
    assert list(reader.feed(memoryview(raw)[:HEADER_SIZE])) == []
    buffer = bytearray(b"abc")
    (first,) = reader.feed(memoryview(buffer))
    assert isinstance(first, Fragment)
    assert not first.last
    buffer[0] = ord("A")
    assert bytes(first.data) == b"Abc"
    assert list(reader.feed(memoryview(b"def"))) == [Fragment(DATA, memoryview(b"def"), True)]


def test_only_stream_data_is_fragmented() -> None:
    error = Header(Program.REMOTE, 208, Type.STREAM, 7, Status.ERROR)
    hole = Header(Program.REMOTE, 208, Type.STREAM_HOLE, 7, Status.CONTINUE)
    assert DATA.is_data
    assert not error.is_data
    assert not hole.is_data
    reader = PacketReader()
    raw = encode(hole, bytes(12))
    assert list(reader.feed(memoryview(raw)[:30])) == []
    assert list(reader.feed(memoryview(raw)[30:])) == [Packet(hole, bytes(12))]


def test_a_big_data_packet_is_not_gathered() -> None:
    piece = memoryview(bytes(64 * 1024))
    reader = PacketReader()
    list(reader.feed(memoryview(DATA.encode(32 * MIB - HEADER_SIZE))))
    missing = 32 * MIB - HEADER_SIZE
    tracemalloc.start()
    try:
        while missing:
            (part,) = reader.feed(piece[: min(missing, len(piece))])
            assert isinstance(part, Fragment)
            missing -= len(part.data)
            assert part.last == (missing == 0)
            assert not reader.idle or part.last
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024


def test_an_announced_length_alone_costs_nothing() -> None:
    reader = PacketReader()
    header = Header(Program.REMOTE, 1, Type.CALL, 1, Status.OK).encode(MAX_PAYLOAD)
    tracemalloc.start()
    try:
        list(reader.feed(memoryview(header + b"only this")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024
