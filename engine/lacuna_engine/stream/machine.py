"""What all stream machines share: a state, a table of moves, and the first error.

A machine holds no bytes and does no I/O. The driver tells it what it is about to send and what
has arrived; the machine answers by raising or by changing its state. A move that the table lacks
is a :class:`ProtocolError`: ours if we were about to send, the peer's if it arrived.

There are four machines: each direction has a half for the client (``upload``, ``download``) and
one for the server (``receiving``, ``sending``). A move is named from the side whose machine it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from lacuna_engine.errors import LacunaError, ProtocolError

__all__ = ["Machine", "Move", "State"]


class State(Enum):
    """Where a stream is. Not every machine uses every state."""

    __hash__ = object.__hash__  # members are single objects; Enum's own hash is ten times slower

    OPENING = "opening"
    OPEN = "open"
    EARLY_END = "ended before the reply"
    AT_END = "at the end"
    FINISHING = "finishing"
    DONE = "done"
    ABORTING = "aborting"
    ABORTED = "aborted"
    FAILED = "failed"


class Move(Enum):
    """What can happen to a stream."""

    __hash__ = object.__hash__  # as above

    OPENED = "the reply to the opening call"
    REFUSED = "the error reply to the opening call"
    DATA = "data"
    HOLE = "a hole"
    END = "the end of file"
    FINISH = "our finish"
    FINISHED = "the peer's finish"
    ABORT = "our abort"
    ABORTED = "the peer's abort"
    FAIL = "our error"
    FAILED = "the peer's error"
    LOST = "the end of the connection"


ENDED = frozenset({State.DONE, State.ABORTED, State.FAILED})


class Machine:
    """A stream's state and position. ``sparse`` tells whether holes may be sent or arrive.

    ``position`` counts bytes from the stream's start, holes included. ``length`` is the number of
    bytes the stream was opened for, 0 for no limit (protocol.md 4.1).
    """

    TABLE: Mapping[tuple[State, Move], State]

    def __init__(self, *, sparse: bool, length: int = 0) -> None:
        self.state = State.OPENING
        self.sparse = sparse
        self.length = length
        self.position: int = 0
        self.error: LacunaError | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    def opened(self) -> None:
        """The daemon has agreed to the stream; on the server: we are about to."""
        self._move(Move.OPENED)

    def refused(self, error: LacunaError) -> None:
        """The daemon has refused the stream; on the server: we are about to."""
        self._fail(Move.REFUSED, error)

    def failed(self, error: LacunaError) -> None:
        """The daemon ends the stream with an error; the first one counts (4.6)."""
        self._fail(Move.FAILED, error)

    def fail(self, error: LacunaError) -> None:
        """Server: we are about to end the stream with an error."""
        self._fail(Move.FAIL, error)

    def lost(self, error: LacunaError) -> None:
        """The connection is gone."""
        if not self.ended:
            self._fail(Move.LOST, error)

    def finish(self) -> None:
        """We are about to send FINISH; on the server that confirms a finish or an abort."""
        self._move(Move.FINISH)

    def finished(self) -> None:
        """The peer's FINISH has arrived."""
        self._move(Move.FINISHED)

    def abort(self) -> None:
        """Client: we are about to give the stream up."""
        self._move(Move.ABORT)

    def aborted(self) -> None:
        """Server: the client gives the stream up."""
        self._move(Move.ABORTED)

    def _fail(self, move: Move, error: LacunaError) -> None:
        self._move(move)
        if self.error is None:
            self.error = error

    def _move(self, move: Move) -> None:
        following = self.TABLE.get((self.state, move))
        if following is None:
            raise ProtocolError(
                f"{move.value} does not belong to a stream that is {self.state.value}"
            )
        self.state = following

    def _advance(self, move: Move, count: int, most: int | None = None) -> None:
        """Go ``count`` bytes forward, after checking that it is possible.

        ``most`` is how many bytes one message can hold, None if it does not matter.
        """
        if count < 1 or (most is not None and count > most):
            raise ProtocolError(f"{move.value} of {count} bytes in one message")
        if self.length and self.position + count > self.length:
            raise ProtocolError(
                f"{move.value} beyond the {self.length} bytes the stream was opened for"
            )
        if move is Move.HOLE and not self.sparse:
            raise ProtocolError("a hole on a stream that was not opened as sparse")
        self._move(move)
        self.position += count
