"""The server's half of an upload stream (protocol.md 4.2, 4.3, 4.5 and 6.4).

Rules::

    OPENING   the peer drops what arrives before our reply, so nothing of it gets here (0.4)
    OPEN      data is written at the position; what lies beyond the length the stream was opened
              for is no space left, after the part up to it has been written
              a hole moves the position, cut to the length; one of no bytes or with flags is an
              error; on a stream that was not opened as sparse it closes the connection (0.6)
    AT_END    an empty data packet has made the writer quit: data and holes are errors, a finish
              is fine
    FINISHING the client has finished: write what is left, then confirm, or send the error of a
              late write (the daemon loses that one, 0.1). What else it sends meanwhile is ignored,
              but an abort is answered by the same confirmation
    ABORTING  the client gives up: what was written stays; confirm
    ended     late messages of the client change nothing and are not answered

Never confirm what was not asked for: the C library then closes the connection (1.7).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from lacuna_engine.errors import ProtocolError
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.records import WireError
from lacuna_engine.stream.machine import Machine, Move, State

__all__ = ["Refusal", "UploadReceiver", "Verdict"]


class Refusal(Enum):
    """Why an upload must end with an error: errno, as Linux numbers it, and its text.

    The daemon's own are BROKEN (4.2) and NO_SPACE (4.3). It has no text for BAD_HOLE, since its
    error gets lost on the way (4.6); ours is better (6.4).
    """

    BROKEN = (9, "Bad file descriptor")
    BAD_HOLE = (22, "Invalid argument")
    NO_SPACE = (28, "No space left on device")

    @property
    def errno(self) -> int:
        """The system error's number."""
        return self.value[0]

    def wire_error(self) -> WireError:
        """Return the error to send, filled as the daemon fills it (protocol.md 2.1)."""
        text = f"cannot write to stream: {self.value[1]}"
        return WireError(
            Code.SYSTEM_ERROR, Domain.STREAMS, text, str1="%s", str2=text, int1=self.errno
        )


class Verdict(NamedTuple):
    """What to do with what has arrived.

    First write or skip ``size`` bytes (perhaps none) at ``position``, counted from the stream's
    start; then, if there is a ``refusal``, end the stream with it.
    """

    position: int
    size: int
    refusal: Refusal | None = None


class UploadReceiver(Machine):
    """Tells what to do with what arrives on an upload stream, and what may be answered."""

    TABLE: Mapping[tuple[State, Move], State] = {
        (State.OPENING, Move.OPENED): State.OPEN,
        (State.OPENING, Move.REFUSED): State.FAILED,
        (State.OPENING, Move.LOST): State.FAILED,
        (State.OPEN, Move.DATA): State.OPEN,
        (State.OPEN, Move.HOLE): State.OPEN,
        (State.OPEN, Move.END): State.AT_END,
        (State.OPEN, Move.FINISHED): State.FINISHING,
        (State.OPEN, Move.ABORTED): State.ABORTING,
        (State.OPEN, Move.FAIL): State.FAILED,
        (State.OPEN, Move.LOST): State.FAILED,
        (State.AT_END, Move.DATA): State.AT_END,
        (State.AT_END, Move.HOLE): State.AT_END,
        (State.AT_END, Move.END): State.AT_END,
        (State.AT_END, Move.FINISHED): State.FINISHING,
        (State.AT_END, Move.ABORTED): State.ABORTING,
        (State.AT_END, Move.FAIL): State.FAILED,
        (State.AT_END, Move.LOST): State.FAILED,
        (State.FINISHING, Move.FINISH): State.DONE,
        (State.FINISHING, Move.FAIL): State.FAILED,
        (State.FINISHING, Move.DATA): State.FINISHING,
        (State.FINISHING, Move.HOLE): State.FINISHING,
        (State.FINISHING, Move.END): State.FINISHING,
        (State.FINISHING, Move.FINISHED): State.FINISHING,
        (State.FINISHING, Move.ABORTED): State.ABORTING,
        (State.FINISHING, Move.LOST): State.FAILED,
        (State.ABORTING, Move.FINISH): State.ABORTED,
        (State.ABORTING, Move.DATA): State.ABORTING,
        (State.ABORTING, Move.HOLE): State.ABORTING,
        (State.ABORTING, Move.END): State.ABORTING,
        (State.ABORTING, Move.FINISHED): State.ABORTING,
        (State.ABORTING, Move.ABORTED): State.ABORTING,
        (State.ABORTING, Move.LOST): State.ABORTED,
        (State.DONE, Move.DATA): State.DONE,
        (State.DONE, Move.HOLE): State.DONE,
        (State.DONE, Move.END): State.DONE,
        (State.DONE, Move.FINISHED): State.DONE,
        (State.DONE, Move.ABORTED): State.DONE,
        (State.ABORTED, Move.DATA): State.ABORTED,
        (State.ABORTED, Move.HOLE): State.ABORTED,
        (State.ABORTED, Move.END): State.ABORTED,
        (State.ABORTED, Move.FINISHED): State.ABORTED,
        (State.ABORTED, Move.ABORTED): State.ABORTED,
        (State.FAILED, Move.DATA): State.FAILED,
        (State.FAILED, Move.HOLE): State.FAILED,
        (State.FAILED, Move.END): State.FAILED,
        (State.FAILED, Move.FINISHED): State.FAILED,
        (State.FAILED, Move.ABORTED): State.FAILED,
    }

    def data(self, size: int) -> Verdict:
        """``size`` bytes of data have arrived, or a piece of a packet of so many.

        Raises :class:`ProtocolError`.
        """
        if size < 1:
            raise ProtocolError(f"{Move.DATA.value} of {size} bytes")
        return self._take(Move.DATA, size)

    def hole(self, length: int, flags: int = 0) -> Verdict:
        """A hole has arrived, as the client describes it.

        Raises :class:`ProtocolError` if no hole may come here; close the connection then.
        """
        live = self.state in (State.OPEN, State.AT_END)
        if live and not self.sparse:
            raise ProtocolError("a hole on a stream that was not opened as sparse")
        if self.state is State.OPEN and (length < 1 or flags):
            return Verdict(self.position, 0, Refusal.BAD_HOLE)
        return self._take(Move.HOLE, length)

    def end(self) -> None:
        """An empty data packet has arrived, which no client should send on an upload."""
        self._move(Move.END)

    def _take(self, move: Move, size: int) -> Verdict:
        self._move(move)
        if self.state is State.AT_END:
            return Verdict(self.position, 0, Refusal.BROKEN)
        if self.state is not State.OPEN:
            return Verdict(self.position, 0)
        room = self.length - self.position if self.length else size
        start, taken = self.position, min(size, room)
        self.position += taken
        # A hole beyond the length is cut without a word, data beyond it is lost with one (4.3).
        beyond = move is Move.DATA and taken < size
        return Verdict(start, taken, Refusal.NO_SPACE if beyond else None)
