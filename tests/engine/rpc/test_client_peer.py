"""The client peer: strict on replies, lenient with what comes late (protocol.md 1.7, 4.6)."""

from __future__ import annotations

import pytest

from engine.rpc.link import Link, Piece, deliver
from engine.rpc.vectors import named
from lacuna_engine.errors import ProtocolError
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import lost_write_error
from lacuna_engine.rpc.packet import HEADER_SIZE, Header, Program, Status, Type, encode
from lacuna_engine.rpc.peer import ClientPeer
from lacuna_engine.rpc.record import Void
from lacuna_engine.xdr import Cursor

RANGE = r.VolumeRange(r.VolumeHandle("p", "v", "/p/v"), flags=1)
ERROR = r.WireError(38, 38, "no", int1=28)
EMPTY = r.WireError.unpack(
    Cursor(named("upload_bad_hole_reply_error", to_daemon=False)[-1][HEADER_SIZE:])
)


def message(
    procedure: int,
    kind: int,
    serial: int,
    status: int,
    payload: bytes = b"",
    *,
    program: int = Program.REMOTE,
    version: int = 1,
) -> bytes:
    return encode(Header(program, procedure, kind, serial, status, version), payload)


def error_reply(procedure: int, serial: int, error: r.WireError = ERROR) -> bytes:
    return message(procedure, Type.REPLY, serial, Status.ERROR, error.pack())


# --- early ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, 1])
def test_first_packets_before_the_reply(step: int) -> None:
    """Download data may overtake the reply to its call (protocol.md 0.13)."""
    link = Link()
    call = link.call(p.VOL_DOWNLOAD, RANGE)
    link.server.reply(call, Void())
    (reply,) = link.server.data_to_send()
    link.server.send_hole(call.serial, 7)
    link.server.send_end(call.serial)
    hole, end = link.server.data_to_send()
    data = link.server.data_header(call.serial, 5) + b"hello"
    assert deliver(link.client, data + hole + end + reply, step) == [
        Piece(call.serial, b"hello"),
        e.StreamHole(call.serial, 7, 0),
        e.StreamEnd(call.serial),
        e.CallReturned(call.serial, Void()),
    ]


# --- late -----------------------------------------------------------------------------------------


def late_messages(procedure: int, serial: int) -> list[bytes]:
    return [
        message(procedure, Type.STREAM, serial, Status.CONTINUE, b"data"),
        message(procedure, Type.STREAM, serial, Status.CONTINUE),
        message(procedure, Type.STREAM, serial, Status.OK),
        message(procedure, Type.STREAM, serial, Status.ERROR, ERROR.pack()),
        message(procedure, Type.STREAM_HOLE, serial, Status.CONTINUE, r.Hole(5).pack()),
        error_reply(procedure, serial),
        message(procedure, Type.REPLY, serial, Status.OK),
    ]


@pytest.mark.parametrize("procedure", [p.VOL_UPLOAD, p.VOL_DOWNLOAD])
def test_messages_of_a_forgotten_stream_are_swallowed(
    procedure: p.Procedure[r.VolumeRange, Void],
) -> None:
    link = Link()
    serial = link.stream(procedure)
    link.client.forget(serial)
    for _ in range(2):
        for raw in late_messages(procedure.number, serial):
            assert deliver(link.client, raw) == []


def test_messages_of_a_refused_stream_are_swallowed() -> None:
    link = Link()
    call = link.call(p.VOL_UPLOAD, RANGE)
    link.server.reply_error(call, ERROR)
    assert link.down() == [e.CallFailed(call.serial, ERROR)]
    for raw in late_messages(208, call.serial):
        assert deliver(link.client, raw) == []


def test_a_stream_forgotten_before_its_reply() -> None:
    link = Link()
    call = link.call(p.VOL_UPLOAD, RANGE)
    link.client.forget(call.serial)
    link.server.reply(call, Void())
    assert link.down() == []


def test_a_stream_forgotten_within_a_packet() -> None:
    link = Link()
    serial = link.stream(p.VOL_DOWNLOAD)
    raw = link.server.data_header(serial, 8) + b"12345678"
    assert deliver(link.client, raw[:30]) == [Piece(serial, b"12")]
    link.client.forget(serial)
    assert deliver(link.client, raw[30:]) == []
    assert deliver(link.client, error_reply(209, serial)) == []


def test_the_late_reply_to_a_forgotten_call() -> None:
    link = Link()
    call = link.call(p.CONNECT_GET_URI, Void())
    link.client.forget(call.serial)
    link.server.reply(call, r.String("x"))
    assert link.down() == []


def test_forgetting_what_is_answered_or_unknown_changes_nothing() -> None:
    link = Link()
    call = link.call(p.CONNECT_GET_URI, Void())
    link.server.reply(call, r.String("x"))
    link.down()
    for serial in (call.serial, 77):
        link.client.forget(serial)
        with pytest.raises(ProtocolError, match=f"unknown serial {serial}"):
            deliver(link.client, message(110, Type.REPLY, serial, Status.OK, bytes(4)))


# --- errors in the wrong clothes ------------------------------------------------------------------


def test_error_as_reply_on_a_stream() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    (failed,) = deliver(link.client, error_reply(208, serial, EMPTY))
    assert failed == e.StreamFailed(serial, EMPTY, as_reply=True)
    assert isinstance(failed, e.StreamFailed)
    assert lost_write_error(failed.error)
    assert deliver(link.client, message(208, Type.STREAM, serial, Status.OK)) == [
        e.StreamFinished(serial)
    ]


def test_error_reply_before_the_stream_is_open_is_the_calls() -> None:
    link = Link()
    call = link.call(p.VOL_UPLOAD, RANGE)
    assert deliver(link.client, error_reply(208, call.serial)) == [e.CallFailed(call.serial, ERROR)]


# --- fatal ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.OK, Status.ERROR])
def test_reply_with_an_unknown_serial(status: Status) -> None:
    with pytest.raises(ProtocolError, match="unknown serial 5"):
        deliver(ClientPeer(), message(110, Type.REPLY, 5, status, ERROR.pack()))


def test_second_reply_to_a_call() -> None:
    link = Link()
    call = link.call(p.CONNECT_GET_URI, Void())
    link.server.reply(call, r.String("x"))
    link.server.reply(call, r.String("x"))
    with pytest.raises(ProtocolError, match="unknown serial"):
        link.down()


def test_second_good_reply_to_an_open_stream() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    with pytest.raises(ProtocolError, match="unknown serial"):
        deliver(link.client, message(208, Type.REPLY, serial, Status.OK))


@pytest.mark.parametrize("status", [Status.OK, Status.ERROR])
def test_reply_of_another_procedure(status: Status) -> None:
    link = Link()
    call = link.call(p.CONNECT_GET_URI, Void())
    with pytest.raises(
        ProtocolError, match=r"the reply to CONNECT_GET_URI\(110\) names procedure 3"
    ):
        deliver(link.client, message(3, Type.REPLY, call.serial, status, ERROR.pack()))


def test_error_reply_of_another_procedure_on_a_stream() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    with pytest.raises(ProtocolError):
        deliver(link.client, error_reply(209, serial))


@pytest.mark.parametrize("payload", [b"", b"\0\0\0\1x\0\0\0" + bytes(4)], ids=["short", "long"])
def test_reply_that_is_not_the_record(payload: bytes) -> None:
    link = Link()
    call = link.call(p.CONNECT_GET_URI, Void())
    with pytest.raises(ProtocolError):
        deliver(link.client, message(110, Type.REPLY, call.serial, Status.OK, payload))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Type.CALL, Status.OK),
        (Type.REPLY, Status.CONTINUE),
        (Type.REPLY, 7),
        (Type.MESSAGE, Status.ERROR),
        (Type.STREAM, 7),
        (Type.STREAM_HOLE, Status.OK),
        (Type.CALL_WITH_FDS, Status.OK),
        (Type.REPLY_WITH_FDS, Status.OK),
        (7, Status.OK),
        (255, Status.OK),
    ],
)
def test_types_and_statuses_that_no_daemon_sends(kind: int, status: int) -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    with pytest.raises(ProtocolError, match=f"type {int(kind)}, status {int(status)}"):
        deliver(link.client, message(208, kind, serial, status))


@pytest.mark.parametrize(("program", "version"), [(0x20008087, 1), (Program.REMOTE, 2), (0, 1)])
@pytest.mark.parametrize("kind", [Type.CALL, Type.REPLY, Type.MESSAGE, Type.STREAM])
def test_foreign_programs(program: int, version: int, kind: Type) -> None:
    raw = message(1, kind, 1, Status.OK, program=program, version=version)
    with pytest.raises(ProtocolError, match=f"program {program:#x} version {version}"):
        deliver(ClientPeer(), raw)


def test_foreign_data() -> None:
    raw = message(208, Type.STREAM, 1, Status.CONTINUE, b"x", program=5)
    with pytest.raises(ProtocolError, match="program 0x5"):
        deliver(ClientPeer(), raw)


def test_stream_error_without_an_error() -> None:
    link = Link()
    serial = link.stream(p.VOL_UPLOAD)
    with pytest.raises(ProtocolError):
        deliver(link.client, message(208, Type.STREAM, serial, Status.ERROR))


def test_event_that_is_not_the_record() -> None:
    with pytest.raises(ProtocolError):
        deliver(ClientPeer(), message(373, Type.MESSAGE, 1, Status.OK, bytes(4)))


# --- dropped --------------------------------------------------------------------------------------


def test_unknown_events_are_dropped() -> None:
    assert deliver(ClientPeer(), message(9999, Type.MESSAGE, 1, Status.OK, b"anything")) == []
    assert deliver(ClientPeer(), message(84, Type.MESSAGE, 1, Status.OK)) == []


def test_stream_messages_of_an_unknown_serial_or_another_procedure_are_dropped() -> None:
    link = Link()
    serial = link.stream(p.VOL_DOWNLOAD)
    for procedure, number in ((209, serial + 1), (208, serial)):
        for raw in late_messages(procedure, number)[:5]:
            assert deliver(link.client, raw) == []


# --- serials --------------------------------------------------------------------------------------


def test_serials_count_up_and_wrap() -> None:
    client = ClientPeer()
    assert [client.call(p.CONNECT_GET_URI, Void()) for _ in range(3)] == [1, 2, 3]
    client._next_serial = 0xFFFFFFFF
    assert [client.call(p.CONNECT_GET_URI, Void()) for _ in range(2)] == [0xFFFFFFFF, 0]
