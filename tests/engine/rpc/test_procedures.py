"""The procedure table against the captured messages and the facts of protocol.md 3."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rpc.vectors import VECTORS, Vector
from lacuna_engine.rpc import procedures as p
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
from lacuna_engine.rpc.procedures import EVENTS, PROCEDURES, Kind, Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.rpc.records import Hole, WireError
from lacuna_engine.xdr import Cursor

# How long an example takes says nothing here.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def payload_record(header: Header) -> type[Record]:
    """Return what the table says a message carries."""
    if header.program == Program.KEEPALIVE:
        return Void
    if header.status == Status.ERROR:
        client_gives_up = header.type == Type.STREAM
        return Void if client_gives_up else WireError
    if header.type == Type.STREAM_HOLE:
        return Hole
    if header.type == Type.MESSAGE:
        return EVENTS[header.procedure].result
    if header.type == Type.STREAM or header.procedure not in PROCEDURES:
        return Void
    row = PROCEDURES[header.procedure]
    return row.arguments if header.type == Type.CALL else row.result


def again(parts: list[Packet | Fragment]) -> bytes:
    """Decode what was read by the table's records and encode it again."""
    header = parts[0].header
    if isinstance(parts[0], Fragment):
        data = b"".join(part.data for part in parts if isinstance(part, Fragment))
        return encode(header, data)
    (packet,) = parts
    assert isinstance(packet, Packet)
    record = payload_record(header)
    if header.type == Type.STREAM and header.status == Status.ERROR and packet.payload:
        record = WireError
    cursor = Cursor(packet.payload)
    value = record.unpack(cursor)
    cursor.end()
    return encode(header, value.pack())


def parts_of(pieces: list[bytes]) -> list[Packet | Fragment]:
    reader = PacketReader()
    parts = list(itertools.chain.from_iterable(reader.feed(memoryview(x)) for x in pieces))
    assert reader.idle
    return parts


@pytest.mark.parametrize("vector", VECTORS, ids=str)
def test_vectors_come_out_as_they_went_in(vector: Vector) -> None:
    assert again(parts_of([vector.message])) == vector.message
    single = [vector.message[i : i + 1] for i in range(len(vector.message))]
    assert again(parts_of(single)) == vector.message


@relaxed
@given(st.sampled_from(VECTORS), st.lists(st.integers(0, 600), max_size=6))
def test_vectors_in_any_split(vector: Vector, places: list[int]) -> None:
    raw = vector.message
    edges = [0, *sorted(place % len(raw) for place in places), len(raw)]
    assert again(parts_of([raw[a:b] for a, b in itertools.pairwise(edges)])) == raw


def test_numbers_are_their_keys_and_events_are_no_calls() -> None:
    for table in (PROCEDURES, EVENTS):
        assert all(row.number == number for number, row in table.items())
    assert not PROCEDURES.keys() & EVENTS.keys()
    assert {row.kind for row in EVENTS.values()} == {Kind.EVENT}
    assert all(row.program == Program.REMOTE for row in PROCEDURES.values())


def test_every_named_row_is_in_a_table() -> None:
    rows = [row for row in vars(p).values() if isinstance(row, Procedure)]
    assert len({row.number for row in rows}) == len(rows) == len(PROCEDURES) + len(EVENTS)
    assert len({row.name for row in rows}) == len(rows)


def test_numbers_of_the_reference() -> None:
    """Protocol.md 3.1 to 3.5, so that a slip of the hand in the table is seen."""
    calls = {1, 2, 3, 4, 5, 6, 7, 59, 60, *range(66, 101), 110, 125, 149, 154, 155, 157, 165, 203}
    calls |= {208, 209, 259, 260, 281, 282, 360, 361, 368, 369, 378, 391, 403, 419}
    calls |= {14, 273}  # domains: libvirt's public remote_protocol.x
    assert set(PROCEDURES) == calls
    assert set(EVENTS) == {362, 370, 373}


def test_priority_procedures() -> None:
    """All but these are marked P in protocol.md section 3."""
    slow = {7, 14, 75, 76, 78, 79, 81, 83, 93, 94, 125, 165, 208, 209, 259, 260, 403, 419}
    assert {row.number for row in PROCEDURES.values() if not row.priority} == slow


def test_streams() -> None:
    kinds = {row.number: row.kind for row in PROCEDURES.values() if row.kind is not Kind.CALL}
    assert kinds == {208: Kind.UPLOAD, 209: Kind.DOWNLOAD}


def test_a_row_reads_well() -> None:
    assert str(p.VOL_UPLOAD) == "STORAGE_VOL_UPLOAD(208)"
    assert len(p.VOL_UPLOAD) == 7
