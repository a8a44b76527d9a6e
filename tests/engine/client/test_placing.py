"""Stream data that is received where it belongs, without a copy: the same bytes, whatever comes."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.packet import Header, PacketReader, Program, Status, Type, encode
from lacuna_engine.rpc.peer import ClientPeer
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.transport.socket_pipe import BEHIND, SocketPipe

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


class Place:
    """Takes a certain number of bytes, then none."""

    def __init__(self, size: int) -> None:
        self.view = memoryview(bytearray(size))
        self.count = 0
        self.error: LacunaError | None = None

    def room(self) -> memoryview | None:
        return self.view[self.count :] if self.count < len(self.view) else None

    def filled(self, count: int) -> None:
        self.count += count
        if self.error is not None:
            raise self.error


class Sink:
    def __init__(self) -> None:
        self.data = bytearray()
        self.reason: LacunaError | None = None

    def received(self, data: memoryview) -> None:
        self.data += data

    def closed(self, reason: LacunaError) -> None:
        self.reason = reason


@pytest.mark.parametrize("size", [1, 1000, 99_000, 100_000])
async def test_bytes_go_to_their_place_first(size: int) -> None:
    one, two = socket.socketpair()
    content = bytes(range(250)) * 400
    pipe, sink, place = SocketPipe(one), Sink(), Place(size)
    pipe.place = place
    two.sendall(content)
    pipe.start(sink)
    while len(sink.data) + place.count < len(content):
        await asyncio.sleep(0.001)
    assert bytes(place.view) == content[:size]
    assert bytes(sink.data) == content[size:]
    assert pipe.bytes_read == len(content)
    two.close()
    pipe.close()
    await pipe.wait_closed()


async def test_a_place_that_finds_an_error_ends_the_pipe() -> None:
    one, two = socket.socketpair()
    pipe, sink, place = SocketPipe(one), Sink(), Place(100)
    pipe.place, place.error = place, ProtocolError("no more was to come")
    two.sendall(b"x" * (100 + BEHIND))
    pipe.start(sink)
    await asyncio.wait_for(pipe.wait_closed(), 5)
    await asyncio.sleep(0)
    assert sink.reason is place.error
    assert not sink.data
    two.close()
