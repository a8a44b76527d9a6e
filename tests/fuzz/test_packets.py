"""Random and damaged messages into both peers: a ProtocolError at most, and bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rpc.vectors import VECTORS
from lacuna_engine.errors import ProtocolError
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import exception_of
from lacuna_engine.rpc.packet import HEADER_SIZE, MAX_PAYLOAD, Header, Program, Status, Type, encode
from lacuna_engine.rpc.peer import ClientPeer, Peer, ServerPeer
from lacuna_engine.rpc.procedures import EVENTS, PROCEDURES, Kind
from lacuna_engine.rpc.record import Void

RANGE = r.VolumeRange(r.VolumeHandle("p", "v", "/p/v"), flags=1)
SERIALS = 40

quick = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def client() -> Peer:
    """A client that waits for many answers and has streams of both kinds open."""
    peer = ClientPeer()
    for row in list(PROCEDURES.values())[: SERIALS - 4]:
        peer._calls[peer._next_serial] = row
        peer._next_serial += 1
    for procedure in (p.VOL_UPLOAD, p.VOL_DOWNLOAD):
        for _ in range(2):
            serial = peer.call(procedure, RANGE)
            reply = Header(Program.REMOTE, procedure.number, Type.REPLY, serial, Status.OK)
            list(peer.receive(memoryview(encode(reply))))
    peer.forget(serial)
    return peer


def server() -> Peer:
    """A server with streams of both kinds open."""
    peer = ServerPeer()
    for serial, procedure in enumerate((p.VOL_UPLOAD, p.VOL_DOWNLOAD) * 2, SERIALS - 3):
        peer.reply(e.CallArrived(serial, PROCEDURES[procedure.number], RANGE), Void())
    return peer


both = pytest.mark.parametrize("make", [client, server])


def headers() -> st.SearchStrategy[Header]:
    """Headers that get past the first checks often enough to reach the later ones."""
    known = st.sampled_from([*PROCEDURES, *EVENTS, 208, 209])
    return st.builds(
        Header,
        program=st.sampled_from([Program.REMOTE] * 8 + [Program.KEEPALIVE, 0x20008087]),
        procedure=known | st.integers(-2, 500),
        type=st.integers(0, 7),
        serial=st.integers(0, SERIALS + 2),
        status=st.integers(0, 3),
        version=st.sampled_from([1] * 9 + [2]),
    )


def damaged() -> st.SearchStrategy[bytes]:
    """Captured messages with some bytes changed, removed or added."""
    edits = st.lists(
        st.tuples(st.integers(0, 700), st.sampled_from("cdi"), st.integers(0, 255)), max_size=4
    )
    return st.builds(_damage, st.sampled_from([v.message for v in VECTORS]), edits)


def _damage(message: bytes, edits: list[tuple[int, str, int]]) -> bytes:
    raw = bytearray(message)
    for place, action, value in edits:
        index = place % max(len(raw), 1)
        if action == "i":
            raw.insert(index, value)
        elif action == "d":
            del raw[index : index + 1]
        else:
            raw[index : index + 1] = bytes([value])
    return bytes(raw)


def swallow(peer: Peer, raw: bytes, step: int) -> None:
    """Feed a peer as a driver would, until it has had enough."""
    try:
        for start in range(0, len(raw), step):
            for event in peer.receive(memoryview(raw)[start : start + step]):
                react(peer, event)
            peer.data_to_send()
    except ProtocolError:
        return


def react(peer: Peer, event: e.Event) -> None:
    """Answer as a driver would, so that more states are reached."""
    match event:
        case e.CallArrived() if isinstance(peer, ServerPeer):
            if event.procedure.kind is not Kind.CALL:
                peer.reply(event, Void())
            else:
                peer.reply_error(event, r.WireError(1, 18, "no"))
            event.arguments.pack()
        case e.CallFailed() | e.StreamFailed():
            exception_of(event.error)
        case e.StreamData():
            assert event.data
        case e.StreamAborted() if isinstance(peer, ServerPeer):
            peer.send_finish(event.serial)
            peer.close_stream(event.serial)
        case _:
            pass


@both
@quick
@given(raw=st.binary(max_size=200), step=st.integers(1, 50))
def test_noise(make: Callable[[], Peer], raw: bytes, step: int) -> None:
    swallow(make(), raw, step)


@both
@quick
@given(
    messages=st.lists(st.tuples(headers(), st.binary(max_size=80)), max_size=12),
    step=st.integers(1, 100),
)
def test_whole_messages_of_noise(
    make: Callable[[], Peer], messages: list[tuple[Header, bytes]], step: int
) -> None:
    swallow(make(), b"".join(encode(header, payload) for header, payload in messages), step)


@both
@quick
@given(messages=st.lists(damaged(), max_size=6), step=st.integers(1, 100))
def test_damaged_messages(make: Callable[[], Peer], messages: list[bytes], step: int) -> None:
    swallow(make(), b"".join(messages), step)


@both
@quick
@given(header=headers(), vector=st.sampled_from(VECTORS), words=st.lists(st.integers(0, 2**32 - 1)))
def test_payloads_under_another_header(
    make: Callable[[], Peer], header: Header, vector: object, words: list[int]
) -> None:
    payload = b"".join(word.to_bytes(4, "big") for word in words)
    swallow(make(), encode(header, payload), 4096)


@both
@settings(quick, max_examples=60)
@given(header=headers(), count=st.sampled_from([16_384, 65_536, 2**22, 2**31, 2**32 - 1]))
def test_memory_is_bounded_by_what_arrived(
    make: Callable[[], Peer], header: Header, count: int
) -> None:
    """A longest message is announced, with a great count in it, and hardly anything sent."""
    peer = make()
    announced = header.encode(MAX_PAYLOAD) + count.to_bytes(4, "big") * 16
    whole = encode(header, count.to_bytes(4, "big") * 16)
    tracemalloc.start()
    try:
        swallow(peer, whole, 64)
        swallow(make(), announced, 64)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


@both
def test_a_flood_of_data_is_not_kept(make: Callable[[], Peer]) -> None:
    """The longest data message, in small pieces, of a stream that is known and one that is not."""
    peer = make()
    piece = memoryview(bytes(64 * 1024))
    for serial in (SERIALS - 3, 999):
        number = 208
        header = Header(Program.REMOTE, number, Type.STREAM, serial, Status.CONTINUE)
        list(peer.receive(memoryview(header.encode(MAX_PAYLOAD))))
        missing = MAX_PAYLOAD
        tracemalloc.start()
        try:
            while missing:
                size = min(missing, len(piece))
                found = list(peer.receive(piece[:size]))
                assert len(found) == (serial != 999)
                missing -= size
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < HEADER_SIZE * 4096
