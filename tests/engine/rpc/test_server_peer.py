"""The server peer: the daemon's answer to each violation, row by row (protocol.md 1.2 and 1.7).

The rows on authentication and on CONNECT_OPEN need to know who has been let in, which a peer does
not: for it these are calls like any other, answered with ``reply_error``.
"""

from __future__ import annotations

import pytest

from engine.rpc.link import Link, Piece, deliver, sent
from engine.rpc.vectors import named
from lacuna_engine.errors import ProtocolError
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import MAX_PACKET, Header, Packet, Program, Status, Type, encode
from lacuna_engine.rpc.peer import ServerPeer
from lacuna_engine.rpc.record import Void

RANGE = r.VolumeRange(r.VolumeHandle("p", "v", "/p/v"), flags=1)
ERROR = r.WireError(38, 38, "no", int1=28)


def message(
    procedure: int, kind: int, serial: int, status: int, payload: bytes = b"", **other: int
) -> bytes:
    program, version = other.get("program", Program.REMOTE), other.get("version", 1)
    return encode(Header(program, procedure, kind, serial, status, version), payload)


def check_refused(
    raw: bytes, text: str, *, domain: int = 7, program: int = Program.REMOTE, version: int = 1
) -> None:
    """The peer answers with an error reply under the call's serial and procedure, and lives."""
    server = ServerPeer()
    (event,) = deliver(server, raw)
    error = r.WireError(39, domain, text, str1="%s", str2=text)
    assert isinstance(event, e.CallRefused)
    assert event.error == error
    header = Header(program, event.number, Type.REPLY, event.serial, Status.ERROR, version)
    assert sent(server) == [Packet(header, error.pack())]
    assert still_lives(server)


def still_lives(server: ServerPeer) -> bool:
    return deliver(server, message(110, Type.CALL, 99, Status.OK)) == [
        e.CallArrived(99, p.PROCEDURES[110], Void())
    ]


# --- framing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 3, 4, 20, 27, MAX_PACKET + 1])
def test_bad_length_closes_without_a_message(length: int) -> None:
    server = ServerPeer()
    with pytest.raises(ProtocolError):
        deliver(server, length.to_bytes(4, "big"))
    assert not server.data_to_send()


# --- calls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, -1, 444, 9999, 362, 370, 373])
def test_unknown_procedure(number: int) -> None:
    check_refused(message(number, Type.CALL, 9, Status.OK), f"unknown procedure: {number}")


def test_unknown_procedure_is_answered_as_the_daemon_does() -> None:
    server = ServerPeer()
    deliver(server, named("unknown_procedure", to_daemon=True)[0])
    assert b"".join(server.data_to_send()) == named("unknown_procedure", to_daemon=False)[0]


@pytest.mark.parametrize("status", [Status.ERROR, Status.CONTINUE, 7])
@pytest.mark.parametrize("number", [110, 9999])
def test_call_with_another_status(status: int, number: int) -> None:
    text = f"Unexpected message status {int(status)}"
    check_refused(message(number, Type.CALL, 9, status), text)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0\0\0\4ab", (4_194_305).to_bytes(4, "big") + bytes(4_194_308)],
    ids=["none", "short", "too long a string"],
)
def test_arguments_that_cannot_be_decoded(payload: bytes) -> None:
    check_refused(message(84, Type.CALL, 9, Status.OK, payload), "Unable to decode message payload")


@pytest.mark.parametrize(
    "payload",
    [b"\0\0\0\1p\0\0\0leftover", b"\0\0\0\1pXYZ", b"\0\0\0\6p\0nope\0\0"],
    ids=["leftover", "padding", "NUL"],
)
def test_sloppy_arguments_are_understood(payload: bytes) -> None:
    found = deliver(ServerPeer(), message(84, Type.CALL, 9, Status.OK, payload))
    assert found == [e.CallArrived(9, p.PROCEDURES[84], r.String("p"))]


@pytest.mark.parametrize("serial", [0, 1, 0xFFFFFFFF])
def test_serials_are_echoed_even_twice(serial: int) -> None:
    server = ServerPeer()
    for _ in range(2):
        (call,) = deliver(server, message(110, Type.CALL, serial, Status.OK))
        assert isinstance(call, e.CallArrived)
        server.reply(call, r.String(""))
    assert [packet.header.serial for packet in sent(server)] == [serial] * 2


def test_call_with_descriptors_closes() -> None:
    server = ServerPeer()
    for status in (Status.OK, Status.CONTINUE):
        with pytest.raises(ProtocolError, match="file descriptors"):
            deliver(server, message(110, Type.CALL_WITH_FDS, 1, status))
    assert not server.data_to_send()


@pytest.mark.parametrize("kind", [Type.REPLY, Type.MESSAGE, Type.REPLY_WITH_FDS, 7, 255])
@pytest.mark.parametrize("status", [0, 1, 2, 7])
def test_types_that_no_client_sends_are_dropped(kind: int, status: int) -> None:
    server = ServerPeer()
    assert deliver(server, message(110, kind, 1, status, b"payload!")) == []
    assert not server.data_to_send()
    assert still_lives(server)


# --- programs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "version"), [(0x20008087, 1), (0x06900690, 1), (Program.REMOTE, 2), (0, 0)]
)
def test_foreign_program(program: int, version: int) -> None:
    raw = message(1, Type.CALL, 9, Status.OK, program=program, version=version)
    text = f"Cannot find program {int(program)} version {version}"
    check_refused(raw, text, program=program, version=version)


@pytest.mark.parametrize("kind", [Type.REPLY, Type.MESSAGE, Type.STREAM, Type.STREAM_HOLE, 4, 255])
@pytest.mark.parametrize("status", [Status.OK, Status.CONTINUE])
def test_other_types_of_a_foreign_program_are_dropped(kind: int, status: int) -> None:
    server = ServerPeer()
    assert deliver(server, message(1, kind, 9, status, b"payload!", program=5)) == []
    assert not server.data_to_send()


# --- streams --------------------------------------------------------------------------------------


def stream_messages(procedure: int, serial: int) -> list[bytes]:
    return [
        message(procedure, Type.STREAM, serial, Status.CONTINUE, b"data"),
        message(procedure, Type.STREAM, serial, Status.CONTINUE),
        message(procedure, Type.STREAM, serial, Status.OK),
        message(procedure, Type.STREAM, serial, Status.ERROR),
        message(procedure, Type.STREAM, serial, 7),
        message(procedure, Type.STREAM_HOLE, serial, Status.CONTINUE, r.Hole(5).pack()),
        message(procedure, Type.STREAM_HOLE, serial, Status.CONTINUE, b"short"),
    ]


def test_unknown_serial_or_procedure_is_dropped() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    for procedure, number in ((208, serial + 1), (209, serial)):
        for raw in stream_messages(procedure, number):
            assert deliver(link.server, raw) == []
    assert not link.server.data_to_send()


def test_late_messages_of_a_closed_stream_are_dropped() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    link.server.close_stream(serial)
    link.server.close_stream(serial)
    for raw in stream_messages(208, serial):
        assert deliver(link.server, raw) == []
    assert not link.server.data_to_send()


def test_what_comes_before_the_reply_is_dropped() -> None:
    """Silently thrown away (protocol.md 0.4)."""
    link = Link()
    call = link.call(p.VOL_UPLOAD, RANGE)
    for raw in stream_messages(208, call.serial):
        assert deliver(link.server, raw) == []
    assert not link.server.data_to_send()


def test_a_packet_begun_before_the_reply_is_dropped_whole() -> None:
    link = Link()
    call = link.call(p.VOL_UPLOAD, RANGE)
    raw = message(208, Type.STREAM, call.serial, Status.CONTINUE, b"too early")
    assert deliver(link.server, raw[:30]) == []
    link.server.reply(call, Void())
    assert deliver(link.server, raw[30:]) == []
    assert deliver(link.server, raw) == [Piece(call.serial, b"too early")]


def test_a_refused_stream_does_not_exist() -> None:
    link = Link()
    call = link.call(p.VOL_UPLOAD, RANGE)
    link.server.reply_error(call, ERROR)
    for raw in stream_messages(208, call.serial):
        assert deliver(link.server, raw) == []


def test_what_a_stream_can_receive() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    data, end, finish, abort, _, hole, _ = stream_messages(208, serial)
    assert deliver(link.server, data + end + hole + finish + abort) == [
        Piece(serial, b"data"),
        e.StreamEnd(serial),
        e.StreamHole(serial, 5, 0),
        e.StreamFinished(serial),
        e.StreamAborted(serial),
    ]


@pytest.mark.parametrize("status", [Status.OK, Status.ERROR, 7])
def test_a_hole_is_a_hole_whatever_its_status(status: int) -> None:
    """Protocol.md 4.3, last row."""
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    raw = message(208, Type.STREAM_HOLE, serial, status, r.Hole(5, 9).pack())
    assert deliver(link.server, raw) == [e.StreamHole(serial, 5, 9)]


@pytest.mark.parametrize("size", [0, 4, 8, 11])
def test_a_short_hole_closes(size: int) -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    with pytest.raises(ProtocolError):
        deliver(link.server, message(208, Type.STREAM_HOLE, serial, 2, bytes(size)))
    assert not link.server.data_to_send()


def test_payload_of_finish_and_abort_is_ignored() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    for status, event in ((0, e.StreamFinished(serial)), (1, e.StreamAborted(serial))):
        assert deliver(link.server, message(208, Type.STREAM, serial, status, b"abc")) == [event]


def test_unexpected_stream_status() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    text = "stream aborted with unexpected status 7"
    error = r.WireError(39, 38, text, str1="%s", str2=text)
    raw = message(208, Type.STREAM, serial, 7, b"whatever")
    assert deliver(link.server, raw) == [e.StreamRefused(serial, error)]
    assert link.down() == [e.StreamFailed(serial, error)]
    assert deliver(link.server, raw) == []
    assert still_lives(link.server)


# --- events ---------------------------------------------------------------------------------------


def test_events_have_serial_one() -> None:
    server = ServerPeer()
    server.send_event(p.CONNECTION_CLOSED, r.ConnectionClosed(2))
    (packet,) = sent(server)
    assert packet.header == Header(Program.REMOTE, 362, Type.MESSAGE, 1, Status.OK)
