"""What a peer reports: one class for each thing that can arrive, tuples for what comes most."""

from __future__ import annotations

from typing import NamedTuple

from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record
from lacuna_engine.rpc.records import WireError

__all__ = [
    "CallArrived",
    "CallFailed",
    "CallRefused",
    "CallReturned",
    "Event",
    "PongArrived",
    "ServerEvent",
    "StreamAborted",
    "StreamData",
    "StreamEnd",
    "StreamFailed",
    "StreamFinished",
    "StreamHole",
    "StreamRefused",
]


class CallReturned(NamedTuple):
    """Client: the reply to a call."""

    serial: int
    result: Record


class CallFailed(NamedTuple):
    """Client: the error reply to a call."""

    serial: int
    error: WireError


class ServerEvent(NamedTuple):
    """Client: something happened on the server that was registered for."""

    procedure: Procedure[Record, Record]
    payload: Record


class CallArrived(NamedTuple):
    """Server: a call to answer with ``reply`` or ``reply_error``."""

    serial: int
    procedure: Procedure[Record, Record]
    arguments: Record


class CallRefused(NamedTuple):
    """Server: a call that cannot be understood; the peer has answered it with ``error``."""

    serial: int
    number: int
    error: WireError


class StreamData(NamedTuple):
    """Bytes of a stream at its position; ``data`` is valid only until the next event."""

    serial: int
    data: memoryview


class StreamHole(NamedTuple):
    """A hole of ``length`` bytes at the stream's position. The length is not judged here."""

    serial: int
    length: int
    flags: int


class StreamEnd(NamedTuple):
    """An empty data packet: end of file on a download."""

    serial: int


class StreamFinished(NamedTuple):
    """The other side's finish, or its answer to ours."""

    serial: int


class StreamAborted(NamedTuple):
    """Server: the client gives the stream up."""

    serial: int


class StreamFailed(NamedTuple):
    """Client: the stream's error; ``as_reply`` if it came in the wrong clothes (4.6)."""

    serial: int
    error: WireError
    as_reply: bool = False


class StreamRefused(NamedTuple):
    """Server: a stream message that cannot be understood.

    The peer has answered it with ``error`` and dropped the stream.
    """

    serial: int
    error: WireError


class PongArrived(NamedTuple):
    """The answer to a ping of ours."""


Event = (
    CallReturned
    | CallFailed
    | ServerEvent
    | CallArrived
    | CallRefused
    | StreamData
    | StreamHole
    | StreamEnd
    | StreamFinished
    | StreamAborted
    | StreamFailed
    | StreamRefused
    | PongArrived
)
