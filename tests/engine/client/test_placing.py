"""Stream data that is received where it belongs, without a copy: the same bytes, whatever comes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lacuna_engine.errors import ProtocolError
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.packet import Header, PacketReader, Program, Status, Type, encode
from lacuna_engine.rpc.peer import ClientPeer
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange

SERIAL = 1
DATA = Header(Program.REMOTE, p.VOL_DOWNLOAD.number, Type.STREAM, SERIAL, Status.CONTINUE)
STRANGE = Header(Program.REMOTE, p.VOL_DOWNLOAD.number, Type.STREAM, 99, Status.CONTINUE)
PING = Header(Program.KEEPALIVE, 1, Type.MESSAGE, 0, Status.OK)

messages = st.lists(
    st.one_of(
        st.integers(1, 300).map(lambda size: encode(DATA, bytes([size % 255 + 1]) * size)),
        st.just(encode(STRANGE, b"not ours")),
        st.just(encode(PING)),
    ),
    max_size=12,
)


def peer() -> ClientPeer:
    made = ClientPeer()
    volume = VolumeHandle("pool", "v", "")
    assert made.call(p.VOL_DOWNLOAD, VolumeRange(volume)) == SERIAL
    return made


def taken(peer: ClientPeer, raw: memoryview) -> bytes:
    return b"".join(event.data for event in peer.receive(raw) if isinstance(event, e.StreamData))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages, st.lists(st.integers(0, 4000), max_size=20), st.lists(st.booleans(), min_size=1))
def test_any_mixture_gives_the_same(
    parts: list[bytes], places: Sequence[int], choices: Sequence[bool]
) -> None:
    """Pieces that are awaited may be taken past the peer, in part or whole, or not."""
    raw = b"".join(parts)
    expected = taken(peer(), memoryview(raw))
    one, found = peer(), bytearray()
    edges = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    choice = itertools.cycle(choices)
    for start, end in itertools.pairwise(edges):
        piece = memoryview(raw)[start:end]
        while piece:
            awaited = one.awaited_data()
            if awaited is not None and next(choice):
                assert awaited[0] == SERIAL
                count = min(awaited[1], len(piece))
                found += piece[:count]
                one.took_data(count)
            else:
                count = len(piece) if awaited is None else min(awaited[1], len(piece))
                found += taken(one, piece[:count])
            piece = piece[count:]
    assert bytes(found) == expected


def test_what_is_not_for_a_stream_has_no_place() -> None:
    made = peer()
    for raw in (encode(STRANGE, b"x" * 100), encode(PING)):
        taken(made, memoryview(raw)[:60])
        assert made.awaited_data() is None
        taken(made, memoryview(raw)[60:])
    reader = PacketReader()
    assert list(reader.feed(memoryview(encode(DATA, b"x" * 10))[:27])) == []
    assert reader.awaited is None


def test_the_place_is_known_with_the_header() -> None:
    """Not only when the first bytes have been copied, and whatever became of the last message."""
    made = peer()
    taken(made, memoryview(encode(STRANGE, b"x")))
    raw = memoryview(encode(DATA, b"x" * 100))
    assert taken(made, raw[:27]) == b""
    assert made.awaited_data() is None
    taken(made, raw[27:28])
    assert made.awaited_data() == (SERIAL, 100)
    made.took_data(99)
    assert made.awaited_data() == (SERIAL, 1)
    assert taken(made, raw[127:]) == b"x"
    assert made.awaited_data() is None


@pytest.mark.parametrize("foreign", [DATA._replace(program=1), DATA._replace(version=2)])
def test_another_protocol_has_no_place(foreign: Header) -> None:
    made = peer()
    raw = memoryview(encode(foreign, b"x" * 100))
    assert taken(made, raw[:28]) == b""
    assert made.awaited_data() is None
    with pytest.raises(ProtocolError, match="spoke program"):
        taken(made, raw[28:])
