"""Client peer against server peer, by bytes: what both roles share, and a whole conversation."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rpc.link import Link, Piece, deliver, sent
from engine.rpc.vectors import named
from lacuna_engine.errors import ProtocolError, XdrError
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import MAX_PAYLOAD, Header, Packet, Program, Status, Type, encode
from lacuna_engine.rpc.peer import ClientPeer, Peer, ServerPeer
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Void

# How long an example takes says nothing here.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

POOL = r.PoolHandle("p", bytes(range(16)))
ERROR = r.WireError(38, 38, "no", int1=28)
PING = named("keepalive_ping_pong", to_daemon=True)[0]
PONG = named("keepalive_ping_pong", to_daemon=False)[-1]

steps = pytest.mark.parametrize("step", [0, 1, 7], ids=["whole", "bytewise", "sevens"])


@steps
def test_call_and_reply(step: int) -> None:
    link = Link(step)
    serial = link.client.call(p.POOL_LOOKUP_BY_NAME, r.String("p"))
    (call,) = link.up()
    assert call == e.CallArrived(serial, p.PROCEDURES[84], r.String("p"))
    assert isinstance(call, e.CallArrived)
    link.server.reply(call, r.Pool(POOL))
    assert link.down() == [e.CallReturned(serial, r.Pool(POOL))]
    assert not link.client.data_to_send()
    assert not link.server.data_to_send()


@steps
def test_error_reply(step: int) -> None:
    link = Link(step)
    call = link.call(p.POOL_REFRESH, r.PoolFlags(POOL))
    link.server.reply_error(call, ERROR)
    assert link.down() == [e.CallFailed(call.serial, ERROR)]


def test_replies_in_any_order() -> None:
    link = Link()
    for _ in range(3):
        link.client.call(p.CONNECT_GET_URI, Void())
    calls = [call for call in link.up() if isinstance(call, e.CallArrived)]
    assert [call.serial for call in calls] == [1, 2, 3]
    for call in reversed(calls):
        link.server.reply(call, r.String(str(call.serial)))
    assert link.down() == [e.CallReturned(n, r.String(str(n))) for n in (3, 2, 1)]


@steps
def test_events(step: int) -> None:
    link = Link(step)
    payload = r.PoolLifecycle(7, POOL, 3, 0)
    link.server.send_event(p.POOL_EVENT_LIFECYCLE, payload)
    link.server.send_event(p.POOL_EVENT_REFRESH, r.PoolRefreshed(8, POOL))
    assert link.down() == [
        e.ServerEvent(p.EVENTS[370], payload),
        e.ServerEvent(p.EVENTS[373], r.PoolRefreshed(8, POOL)),
    ]


@steps
def test_upload(step: int) -> None:
    link = Link(step)
    serial = link.stream(p.VOL_UPLOAD)
    assert link.up(link.client.data_header(serial, 5) + b"hello") == [Piece(serial, b"hello")]
    link.client.send_hole(serial, 4091)
    link.client.send_finish(serial)
    assert link.up() == [e.StreamHole(serial, 4091, 0), e.StreamFinished(serial)]
    link.server.send_finish(serial)
    link.server.close_stream(serial)
    assert link.down() == [e.StreamFinished(serial)]


@steps
def test_download(step: int) -> None:
    link = Link(step)
    serial = link.stream(p.VOL_DOWNLOAD)
    link.server.send_hole(serial, 65_536)
    assert link.down(link.server.data_header(serial, 3) + b"abc") == [
        e.StreamHole(serial, 65_536, 0),
        Piece(serial, b"abc"),
    ]
    link.server.send_end(serial)
    assert link.down() == [e.StreamEnd(serial)]
    link.client.send_finish(serial)
    assert link.up() == [e.StreamFinished(serial)]
    link.server.send_finish(serial)
    assert link.down() == [e.StreamFinished(serial)]


@steps
def test_abort(step: int) -> None:
    link = Link(step)
    serial = link.stream(p.VOL_UPLOAD)
    link.client.send_abort(serial)
    assert link.up() == [e.StreamAborted(serial)]
    link.server.send_finish(serial)
    assert link.down() == [e.StreamFinished(serial)]


@steps
def test_stream_error_then_finish(step: int) -> None:
    """An error and a finish cross: both arrive, in this order (protocol.md 4.6)."""
    link = Link(step)
    serial = link.stream(p.VOL_UPLOAD)
    link.server.send_stream_error(serial, ERROR)
    link.server.send_finish(serial)
    assert link.down() == [e.StreamFailed(serial, ERROR), e.StreamFinished(serial)]


def test_several_streams_at_once() -> None:
    link = Link()
    first, second = link.stream(p.VOL_UPLOAD), link.stream(p.VOL_UPLOAD)
    raw = link.client.data_header(first, 1) + b"1" + link.client.data_header(second, 1) + b"2"
    assert link.up(raw) == [Piece(first, b"1"), Piece(second, b"2")]


@relaxed
@given(
    st.lists(st.one_of(st.binary(min_size=1, max_size=300), st.integers(1, 2**40)), max_size=20),
    st.integers(1, 100),
)
def test_any_content_in_any_steps(content: list[bytes | int], step: int) -> None:
    """What a stream carries is the same for both directions and however it is cut."""
    link = Link(step)
    expected: list[e.Event | Piece] = []
    up = down = b""
    upload, download = link.stream(p.VOL_UPLOAD), link.stream(p.VOL_DOWNLOAD)
    for item in content:
        if isinstance(item, int):
            link.client.send_hole(upload, item)
            link.server.send_hole(download, item)
            up += b"".join(link.client.data_to_send())
            down += b"".join(link.server.data_to_send())
            expected.append(e.StreamHole(0, item, 0))
            continue
        up += link.client.data_header(upload, len(item)) + item
        down += link.server.data_header(download, len(item)) + item
        if expected and isinstance(last := expected[-1], Piece):
            expected[-1] = Piece(0, last.data + item)
        else:
            expected.append(Piece(0, item))
    assert [unnumbered(event) for event in link.up(up)] == expected
    assert [unnumbered(event) for event in link.down(down)] == expected


odd_headers = st.builds(
    Header,
    st.sampled_from([Program.REMOTE] * 4 + [Program.KEEPALIVE]),
    st.sampled_from([208, 209]),
    st.sampled_from([Type.STREAM, Type.STREAM, Type.STREAM_HOLE, Type.STREAM_HOLE, Type.MESSAGE]),
    st.sampled_from([1, 1, 1, 2, 7]),
    st.sampled_from([Status.CONTINUE] * 4 + [Status.OK, Status.ERROR]),
    st.sampled_from([1] * 8 + [2]),
)


@relaxed
@given(
    st.sampled_from([p.VOL_UPLOAD, p.VOL_DOWNLOAD]),
    st.lists(st.tuples(odd_headers, st.sampled_from([0, 1, 8, 12, 12, 12, 16, 300])), max_size=12),
    st.integers(28, 400),
    st.integers(1, 700),
)
def test_whole_messages_mean_what_they_mean_in_pieces(
    procedure: Procedure[r.VolumeRange, Void],
    messages: list[tuple[Header, int]],
    longest: int,
    step: int,
) -> None:
    """The short way of whole messages of a stream is no other way, whatever is among them."""
    raw = b"".join(encode(header, bytes(size)) for header, size in messages)
    whole, cut = Link(), Link(step)
    for link in (whole, cut):
        assert link.stream(procedure) == 1
    for one, other in ((whole.client, cut.client), (whole.server, cut.server)):
        one.take_at_most(longest)
        other.take_at_most(longest)
        assert outcome(one, raw) == outcome(other, raw, step)
        assert one.data_to_send() == other.data_to_send()


def test_ballast_belongs_to_no_stream() -> None:
    link = Link()
    assert link.stream(p.VOL_UPLOAD) == 1
    assert link.up(link.client.ballast_header(5) + b"drop!") == []
    with pytest.raises(ProtocolError, match="too long"):
        link.client.ballast_header(MAX_PAYLOAD + 1)


def test_content_may_look_like_messages() -> None:
    """Bytes behind a header are that message's, also where a piece of them begins a buffer."""
    link = Link()
    serial = link.stream(p.VOL_DOWNLOAD)
    disguised = link.server.hole(serial, 4096)
    assert link.down(link.server.data_header(serial, len(disguised))) == []
    assert link.down(disguised) == [Piece(serial, disguised)]


@steps
def test_a_whole_message_above_the_limit_is_fatal(step: int) -> None:
    link = Link(step)
    serial = link.stream(p.VOL_DOWNLOAD)
    link.client.take_at_most(127)
    raw = link.server.data_header(serial, 100) + bytes(100)
    with pytest.raises(ProtocolError, match="a message of 128 bytes"):
        link.down(raw)


def outcome(peer: Peer, raw: bytes, step: int = 0) -> list[e.Event | Piece] | str:
    try:
        return deliver(peer, raw, step)
    except ProtocolError as error:
        return str(error)


def unnumbered(event: e.Event | Piece) -> e.Event | Piece:
    if isinstance(event, Piece):
        return Piece(0, event.data)
    assert isinstance(event, e.StreamHole)
    return e.StreamHole(0, event.length, event.flags)


@pytest.mark.parametrize("peer", [ClientPeer, ServerPeer])
@pytest.mark.parametrize("step", [0, 1])
def test_pings_are_answered_at_once(peer: type[Peer], step: int) -> None:
    side = peer()
    assert deliver(side, PING, step) == []
    assert b"".join(side.data_to_send()) == PONG
    assert deliver(side, PONG, step) == [e.PongArrived()]
    assert not side.data_to_send()
    side.ping()
    assert b"".join(side.data_to_send()) == PING


@pytest.mark.parametrize("peer", [ClientPeer, ServerPeer])
@pytest.mark.parametrize(
    "header",
    [
        Header(Program.KEEPALIVE, 1, Type.MESSAGE, 0, Status.OK, version=2),
        Header(Program.KEEPALIVE, 3, Type.MESSAGE, 0, Status.OK),
        Header(Program.KEEPALIVE, 1, Type.CALL, 0, Status.OK),
    ],
)
def test_odd_keepalives_are_ignored(peer: type[Peer], header: Header) -> None:
    side = peer()
    assert deliver(side, encode(header)) == []
    assert not side.data_to_send()


def test_pings_between_the_pieces_of_nothing_else() -> None:
    """A ping behind a big packet is answered when its turn comes, and data goes on after it."""
    link = Link(5)
    serial = link.stream(p.VOL_UPLOAD)
    data = link.client.data_header(serial, 9) + b"123456789"
    link.client.ping()
    ping = b"".join(link.client.data_to_send())
    assert link.up(data + ping + data) == [Piece(serial, b"123456789" * 2)]
    assert link.down() == [e.PongArrived()]


def test_arguments_that_cannot_be_sent_leave_no_trace() -> None:
    client = ClientPeer()
    with pytest.raises(XdrError):
        client.call(p.POOL_LOOKUP_BY_NAME, r.String("a\0b"))
    assert not client.data_to_send()
    assert client.call(p.CONNECT_GET_URI, Void()) == 1


def test_a_reply_that_cannot_be_sent_leaves_no_trace() -> None:
    """A 4 MiB pool name: the error reply does not fit, and the daemon closes (1.7)."""
    link = Link()
    call = link.call(p.POOL_LOOKUP_BY_NAME, r.String("x" * (4 << 20)))
    with pytest.raises(XdrError):
        link.server.reply_error(call, r.WireError(49, 18, f"no pool {call.arguments}"))
    assert not link.server.data_to_send()
    with pytest.raises(XdrError):
        link.server.reply(call, r.String("x" * (4 << 20) + "x"))
    assert not link.server.data_to_send()


def test_hole_payload_must_be_whole() -> None:
    link = Link()
    upload, download = link.stream(p.VOL_UPLOAD), link.stream(p.VOL_DOWNLOAD)
    for side, procedure, serial in ((link.server, 208, upload), (link.client, 209, download)):
        header = Header(Program.REMOTE, procedure, Type.STREAM_HOLE, serial, Status.CONTINUE)
        with pytest.raises(ProtocolError):
            deliver(side, encode(header, bytes(8)))


def test_a_conversation_is_the_captured_one() -> None:
    """Our peers write byte for byte what libvirt's ends wrote."""
    link = Link()
    for name, procedure, arguments, result in (
        ("auth_list", p.AUTH_LIST, Void(), r.AuthTypes((0,))),
        ("supports_feature_keepalive", p.CONNECT_SUPPORTS_FEATURE, r.Number(10), r.Number(1)),
        ("connect_open", p.CONNECT_OPEN, r.Open("storage:///system"), Void()),
    ):
        serial = link.client.call(p.PROCEDURES[procedure.number], arguments)
        (up,) = sent(link.client)
        (raw,) = named(name, to_daemon=True)
        assert encode(up.header, up.payload) == raw
        (call,) = deliver(link.server, raw)
        assert isinstance(call, e.CallArrived)
        link.server.reply(call, result)
        (down,) = sent(link.server)
        (raw,) = named(name, to_daemon=False)
        assert encode(down.header, down.payload) == raw
        assert deliver(link.client, raw) == [e.CallReturned(serial, result)]


def test_packets_are_values() -> None:
    header = Header(Program.REMOTE, 1, Type.CALL, 1, Status.OK)
    assert Packet(header, b"") == Packet(header, b"")
