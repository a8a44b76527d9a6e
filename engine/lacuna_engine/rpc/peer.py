"""One end of a connection, without I/O: bytes in, events and bytes out.

Rules of this file, for both roles (protocol.md 1.3 to 1.9):

* What arrives is judged by its type and status first, by a table for each role; what the table
  lacks is dropped (server) or fatal (client), as libvirt's own ends do.
* A :class:`ProtocolError` from :meth:`receive` is final: the connection must be closed.
* Pings are answered here, at once, whatever else goes on.
* The client is strict on replies: one for a serial it never used is fatal. It is lenient with
  what comes late: messages of streams and calls that are over are swallowed, for the life of the
  connection, because an error reply of a stream may arrive long after its end (4.6).
* A stream exists for the receiver from the moment its call is sent: first packets may overtake
  the reply (0.13).
* A data message is taken or dropped as a whole, by what was known when it began.

What a stream may do next is not decided here but by the machines in ``lacuna_engine.stream``.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from functools import lru_cache
from typing import TypeVar

from lacuna_engine.errors import ProtocolError, XdrError
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.packet import (
    HEADER_SIZE,
    LENGTH,
    MAX_PAYLOAD,
    VERSION,
    Fragment,
    Header,
    Packet,
    PacketReader,
    Program,
    Status,
    Type,
    encode,
)
from lacuna_engine.rpc.procedures import (
    EVENTS,
    KEEPALIVE_PING,
    KEEPALIVE_PONG,
    PROCEDURES,
    VOL_UPLOAD,
    Kind,
    Procedure,
)
from lacuna_engine.rpc.record import Record
from lacuna_engine.rpc.records import WireError
from lacuna_engine.xdr import Cursor

__all__ = ["ClientPeer", "Peer", "ServerPeer"]

A = TypeVar("A", bound=Record)
R = TypeVar("R", bound=Record)

HOLE = struct.Struct(">qI")
"""What a STREAM_HOLE message says: bytes, and flags, which are 0 (`records.Hole`). There are tens
of thousands of them in a fragmented volume, too many for a record each."""

_NOBODYS = Header(Program.REMOTE, VOL_UPLOAD.number, Type.STREAM, 0, Status.CONTINUE)

_CONTENT = (Type.STREAM, Type.STREAM_HOLE)

_AFTER_LENGTH = struct.Struct(">IIiIII")

Handler = Callable[[Header, bytes], "e.Event | None"]


class Peer(ABC):
    """What both roles share: framing, keepalive, the sending half of streams."""

    def __init__(self) -> None:
        self._reader = PacketReader()
        self._out: list[bytes] = []
        self._streams: dict[int, Procedure[Record, Record]] = {}
        # Of the data message that is arriving in pieces: whether there is one, and is taken.
        self._in_message = False
        self._wanted = False
        self.answers_pings = True
        """Off only to play a peer that hangs."""

    def receive(self, data: memoryview) -> Iterator[e.Event]:
        """Take in bytes and yield what they mean. The iterator must be exhausted.

        Raises :class:`ProtocolError` when the connection cannot go on.
        """
        while data:
            if self._reader.idle:
                data = yield from self._flow(data)
            part, data = self._reader.step(data)
            event = None if part is None else self._judge(part)
            if event is not None:
                yield event

    def take_at_most(self, max_packet: int) -> None:
        """Refuse longer messages from now on; bytes, the length word included."""
        self._reader.max_packet = max_packet

    def awaited_data(self) -> tuple[int, int] | None:
        """Return whose stream data comes next, by serial, and how many bytes of it; or None.

        That many may be put where they belong, and reported with :meth:`took_data`, instead of
        being given to :meth:`receive`.
        """
        awaited = self._reader.awaited
        if awaited is None:
            return None
        header, missing = awaited
        ours = self._wanted if self._in_message else _is_remote(header)
        return (header.serial, missing) if ours and self._known(header) else None

    def took_data(self, count: int) -> None:
        """Take note that ``count`` bytes of the awaited data have arrived elsewhere."""
        self._reader.skip(count)
        self._wanted = True
        self._in_message = self._reader.awaited is not None

    def data_to_send(self) -> list[bytes]:
        """Return what has to go out now, in order, and forget it."""
        out, self._out = self._out, []
        return out

    def ping(self) -> None:
        """Queue a keepalive ping."""
        self._keepalive(KEEPALIVE_PING)

    # --- streams -----------------------------------------------------------------------------

    def data_header(self, serial: int, size: int) -> bytes:
        """Return the header to send right before ``size`` bytes of stream data.

        The data itself does not pass through the peer, so that it need not be copied. Raises
        :class:`ProtocolError` if it is too long for one message.
        """
        if size > MAX_PAYLOAD:
            raise ProtocolError(f"a packet of {size} bytes is too long to send")
        rest = _after_length(self._streams[serial].number, serial, Type.STREAM)
        return LENGTH.pack(HEADER_SIZE + size) + rest

    def hole(self, serial: int, length: int) -> bytes:
        """Return the message to send for a hole of ``length`` bytes, among the data."""
        rest = _after_length(self._streams[serial].number, serial, Type.STREAM_HOLE)
        return LENGTH.pack(HEADER_SIZE + HOLE.size) + rest + HOLE.pack(length, 0)

    def send_hole(self, serial: int, length: int) -> None:
        """Queue a hole of ``length`` bytes."""
        self._out.append(self.hole(serial, length))

    def send_finish(self, serial: int) -> None:
        """Queue a finish: from a client a request, from a server its confirmation."""
        self._put(self._stream_header(serial, Type.STREAM, Status.OK))

    def _stream_header(self, serial: int, kind: Type, status: Status) -> Header:
        procedure = self._streams[serial]
        return Header(Program.REMOTE, procedure.number, kind, serial, status)

    # --- inside ------------------------------------------------------------------------------

    def _flow(self, data: memoryview) -> Generator[e.Event, None, memoryview]:
        """Yield the whole messages of streams that ``data`` begins with; return the rest.

        The short way for what a fragmented volume is a hundred thousand of. Whatever is not just
        that, is left to be judged.
        """
        at, size = 0, len(data)
        while at + HEADER_SIZE < size:
            (length,) = LENGTH.unpack_from(data, at)
            start, end = at + HEADER_SIZE, at + length
            content = _content_of(data[at + LENGTH.size : start].tobytes())
            if content is None or not start < end <= size or length > self._reader.max_packet:
                break
            serial, number, is_hole = content
            procedure = self._streams.get(serial)
            if procedure is None or procedure.number != number:
                break
            if not is_hole:
                yield e.StreamData(serial, data[start:end])
            elif end - start == HOLE.size:
                yield e.StreamHole(serial, *HOLE.unpack_from(data, start))
            else:
                break
            at = end
        return data[at:]

    def _put(self, header: Header, payload: bytes = b"") -> None:
        self._out.append(encode(header, payload))

    def _keepalive(self, procedure: int) -> None:
        self._put(Header(Program.KEEPALIVE, procedure, Type.MESSAGE, 0, Status.OK))

    def _judge(self, part: Packet | Fragment) -> e.Event | None:
        header = part.header
        if _is_remote(header):
            if isinstance(part, Fragment):
                return self._on_data(part)
            return self._judge_remote(header, part.payload)
        if header.program == Program.KEEPALIVE:
            return self._judge_keepalive(header)
        return self._stranger(header)

    def _judge_keepalive(self, header: Header) -> e.Event | None:
        if header.version != VERSION or header.type != Type.MESSAGE:
            return None
        if header.procedure == KEEPALIVE_PING and self.answers_pings:
            self._keepalive(KEEPALIVE_PONG)
        return e.PongArrived() if header.procedure == KEEPALIVE_PONG else None

    def _known(self, header: Header) -> bool:
        """Whether a stream message belongs to a stream; others are dropped silently (1.7)."""
        procedure = self._streams.get(header.serial)
        return procedure is not None and procedure.number == header.procedure

    @abstractmethod
    def _judge_remote(self, header: Header, payload: bytes) -> e.Event | None:
        """Judge a whole message of the remote program."""

    @abstractmethod
    def _stranger(self, header: Header) -> e.Event | None:
        """Judge a message of another program or version (1.2)."""

    def _on_data(self, part: Fragment) -> e.Event | None:
        # Deciding for each piece would let the tail of a message through whose head was dropped
        # because the stream was opened in between.
        header = part.header
        known = self._known(header)
        if not self._in_message:
            self._wanted = known
        self._in_message = not part.last
        return e.StreamData(header.serial, part.data) if self._wanted and known else None

    def _on_end(self, header: Header, _payload: bytes) -> e.Event | None:
        return e.StreamEnd(header.serial) if self._known(header) else None

    def _on_hole(self, header: Header, payload: bytes) -> e.Event | None:
        if not self._known(header):
            return None
        try:
            return e.StreamHole(header.serial, *HOLE.unpack(payload))
        except struct.error as error:
            raise XdrError(f"a hole of {len(payload)} bytes on the wire") from error

    def _on_finish(self, header: Header, _payload: bytes) -> e.Event | None:
        return e.StreamFinished(header.serial) if self._known(header) else None


class ClientPeer(Peer):
    """The end that calls."""

    def __init__(self) -> None:
        super().__init__()
        self._next_serial = 1
        self._calls: dict[int, Procedure[Record, Record]] = {}
        self._over: set[int] = set()
        self._table: dict[tuple[int, int], Handler] = {
            (Type.REPLY, Status.OK): self._on_reply,
            (Type.REPLY, Status.ERROR): self._on_error_reply,
            (Type.MESSAGE, Status.OK): self._on_message,
            (Type.STREAM, Status.CONTINUE): self._on_end,
            (Type.STREAM, Status.OK): self._on_finish,
            (Type.STREAM, Status.ERROR): self._on_stream_error,
            (Type.STREAM_HOLE, Status.CONTINUE): self._on_hole,
        }

    def call(self, procedure: Procedure[A, R], arguments: A) -> int:
        """Queue a call and return its serial.

        A call that opens a stream makes the stream known under the same serial at once.
        Raises :class:`XdrError` if the arguments cannot be encoded; then nothing is queued.
        """
        serial = self._next_serial
        payload = arguments.pack()
        self._put(Header(Program.REMOTE, procedure.number, Type.CALL, serial, Status.OK), payload)
        self._next_serial = serial + 1 & 0xFFFFFFFF
        row = PROCEDURES[procedure.number]
        self._calls[serial] = row
        if procedure.kind is not Kind.CALL:
            self._streams[serial] = row
        return serial

    def ballast_header(self, size: int) -> bytes:
        """Return the header to send right before ``size`` bytes that the daemon is to drop.

        They are data of a stream that is none: no call has the serial 0 (protocol.md 1.7). Raises
        :class:`ProtocolError` if they are too many for one message.
        """
        return _NOBODYS.encode(size)

    def send_abort(self, serial: int) -> None:
        """Queue giving a stream up."""
        self._put(self._stream_header(serial, Type.STREAM, Status.ERROR))

    def forget(self, serial: int) -> None:
        """Swallow whatever still arrives for this call or stream."""
        known = self._calls.pop(serial, None) or self._streams.get(serial)
        self._streams.pop(serial, None)
        if known is not None:
            self._over.add(serial)

    def _judge_remote(self, header: Header, payload: bytes) -> e.Event | None:
        handler = self._table.get((header.type, header.status))
        if handler is None:
            raise ProtocolError(
                f"the daemon sent a message of type {header.type}, status {header.status}"
            )
        return handler(header, payload)

    def _stranger(self, header: Header) -> e.Event | None:
        # A reply that the daemon's dispatcher itself refused carries the program it was sent;
        # ours is always right, so anything else belongs to somebody else's protocol.
        raise ProtocolError(
            f"the daemon spoke program {header.program:#x} version {header.version}"
        )

    def _answered(self, header: Header) -> Procedure[Record, Record] | None:
        """Return the call a reply belongs to, or None for one that is over."""
        procedure = self._calls.get(header.serial)
        if procedure is None:
            if header.serial in self._over:
                return None
            raise ProtocolError(f"a reply with the unknown serial {header.serial} arrived")
        if procedure.number != header.procedure:
            raise ProtocolError(f"the reply to {procedure} names procedure {header.procedure}")
        del self._calls[header.serial]
        return procedure

    def _on_reply(self, header: Header, payload: bytes) -> e.Event | None:
        procedure = self._answered(header)
        if procedure is None:
            return None
        return e.CallReturned(header.serial, _decode(procedure.result, payload))

    def _on_error_reply(self, header: Header, payload: bytes) -> e.Event | None:
        if header.serial not in self._calls and self._known(header):
            return e.StreamFailed(header.serial, _decode(WireError, payload), as_reply=True)
        if self._answered(header) is None:
            return None
        if self._streams.pop(header.serial, None) is not None:
            self._over.add(header.serial)
        return e.CallFailed(header.serial, _decode(WireError, payload))

    def _on_message(self, header: Header, payload: bytes) -> e.Event | None:
        procedure = EVENTS.get(header.procedure)
        if procedure is None:
            return None
        return e.ServerEvent(procedure, _decode(procedure.result, payload))

    def _on_stream_error(self, header: Header, payload: bytes) -> e.Event | None:
        if not self._known(header):
            return None
        return e.StreamFailed(header.serial, _decode(WireError, payload))


class ServerPeer(Peer):
    """The end that is called."""

    def __init__(self) -> None:
        super().__init__()
        self._table: dict[tuple[int, int], Handler] = {
            (Type.CALL, Status.OK): self._on_call,
            (Type.STREAM, Status.CONTINUE): self._on_end,
            (Type.STREAM, Status.OK): self._on_finish,
            (Type.STREAM, Status.ERROR): self._on_abort,
            (Type.STREAM_HOLE, Status.CONTINUE): self._on_hole,
        }
        # What to do with a type whose status is not in the table.
        self._odd: dict[int, Handler] = {
            Type.CALL: self._on_odd_call,
            Type.STREAM: self._on_odd_stream,
            Type.CALL_WITH_FDS: self._on_descriptors,
            Type.STREAM_HOLE: self._on_hole,  # a hole all the same (protocol.md 4.3)
        }

    def reply(self, call: e.CallArrived, result: Record) -> None:
        """Answer a call; one that opens a stream opens it.

        Raises :class:`XdrError` if the result cannot be encoded; then nothing is queued.
        """
        self._put(_reply_header(call.procedure.number, call.serial, Status.OK), result.pack())
        if call.procedure.kind is not Kind.CALL:
            self._streams[call.serial] = call.procedure

    def reply_error(self, call: e.CallArrived, error: WireError) -> None:
        """Answer a call with an error.

        Raises :class:`XdrError` if it cannot be encoded, as when its text is too long; the daemon
        then closes the connection (1.7).
        """
        header = _reply_header(call.procedure.number, call.serial, Status.ERROR)
        self._put(header, error.pack())

    def send_event(self, procedure: Procedure[A, R], payload: R) -> None:
        """Queue an event. Its serial is 1, as the daemon's are (protocol.md 1.5)."""
        header = Header(Program.REMOTE, procedure.number, Type.MESSAGE, 1, Status.OK)
        self._put(header, payload.pack())

    def send_end(self, serial: int) -> None:
        """Queue the end of file of a download: an empty data packet, never a finish."""
        self._put(self._stream_header(serial, Type.STREAM, Status.CONTINUE))

    def send_stream_error(self, serial: int, error: WireError) -> None:
        """Queue a stream's error."""
        self._put(self._stream_header(serial, Type.STREAM, Status.ERROR), error.pack())

    def close_stream(self, serial: int) -> None:
        """Drop whatever still arrives for this stream."""
        self._streams.pop(serial, None)

    def _judge_remote(self, header: Header, payload: bytes) -> e.Event | None:
        handler = self._table.get((header.type, header.status)) or self._odd.get(header.type)
        return None if handler is None else handler(header, payload)

    def _stranger(self, header: Header) -> e.Event | None:
        if header.type != Type.CALL:
            return None
        return self._refuse(
            header, f"Cannot find program {header.program} version {header.version}"
        )

    def _on_call(self, header: Header, payload: bytes) -> e.Event | None:
        procedure = PROCEDURES.get(header.procedure)
        if procedure is None:
            return self._refuse(header, f"unknown procedure: {header.procedure}")
        try:
            # Bytes left over behind the arguments are ignored, as the daemon does (1.7).
            arguments = procedure.arguments.unpack(Cursor(payload))
        except XdrError:
            return self._refuse(header, "Unable to decode message payload")
        return e.CallArrived(header.serial, procedure, arguments)

    def _on_abort(self, header: Header, _payload: bytes) -> e.Event | None:
        return e.StreamAborted(header.serial) if self._known(header) else None

    def _on_odd_call(self, header: Header, _payload: bytes) -> e.Event | None:
        return self._refuse(header, f"Unexpected message status {header.status}")

    def _on_odd_stream(self, header: Header, _payload: bytes) -> e.Event | None:
        if not self._known(header):
            return None
        text = f"stream aborted with unexpected status {header.status}"
        error = WireError(Code.RPC, Domain.STREAMS, text, str1="%s", str2=text)
        self.send_stream_error(header.serial, error)
        self.close_stream(header.serial)
        return e.StreamRefused(header.serial, error)

    def _on_descriptors(self, _header: Header, _payload: bytes) -> e.Event | None:
        raise ProtocolError("a call with file descriptors, which were not offered")

    def _refuse(self, header: Header, text: str) -> e.Event:
        error = WireError(Code.RPC, Domain.RPC, text, str1="%s", str2=text)
        # Program and version go back as they came, also those we do not speak (1.2).
        self._put(header._replace(type=Type.REPLY, status=Status.ERROR), error.pack())
        return e.CallRefused(header.serial, header.procedure, error)


def _is_remote(header: Header) -> bool:
    return header.program == Program.REMOTE and header.version == VERSION


@lru_cache(maxsize=64)
def _after_length(procedure: int, serial: int, kind: Type) -> bytes:
    """Return what follows the length in the header of a stream's data or hole, again and again."""
    return Header(Program.REMOTE, procedure, kind, serial, Status.CONTINUE).encode(0)[LENGTH.size :]


@lru_cache(maxsize=64)
def _content_of(header: bytes) -> tuple[int, int, bool] | None:
    """Return whose content a message is, by serial and procedure, and whether it is a hole.

    ``header`` is all of it but the length; None if it announces something else.
    """
    program, version, number, kind, serial, status = _AFTER_LENGTH.unpack(header)
    if (program, version, status) != (Program.REMOTE, VERSION, Status.CONTINUE):
        return None
    return (serial, number, kind == Type.STREAM_HOLE) if kind in _CONTENT else None


def _reply_header(procedure: int, serial: int, status: Status) -> Header:
    return Header(Program.REMOTE, procedure, Type.REPLY, serial, status)


def _decode(record: type[R], payload: bytes) -> R:
    cursor = Cursor(payload)
    value = record.unpack(cursor)
    cursor.end()
    return value
