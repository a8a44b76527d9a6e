"""The client's half of an upload stream (protocol.md 4.2).

Rules::

    OPENING   nothing may be sent: data before the reply is silently thrown away (0.4)
    OPEN      data of at least one byte (an empty packet makes the daemon's writer quit), and holes
              if the stream is sparse (otherwise the daemon closes the connection, 0.6)
    FINISHING the daemon's finish is the end; its error may come instead, or before it (4.6)
    ABORTING  either answer ends it
    ended     late answers change nothing
"""

from __future__ import annotations

from collections.abc import Mapping

from lacuna_engine.rpc.packet import MAX_PAYLOAD
from lacuna_engine.stream.machine import Machine, Move, State

__all__ = ["Upload"]


class Upload(Machine):
    """Tells what may be sent on an upload stream."""

    TABLE: Mapping[tuple[State, Move], State] = {
        (State.OPENING, Move.OPENED): State.OPEN,
        (State.OPENING, Move.REFUSED): State.FAILED,
        (State.OPENING, Move.LOST): State.FAILED,
        (State.OPEN, Move.DATA): State.OPEN,
        (State.OPEN, Move.HOLE): State.OPEN,
        (State.OPEN, Move.FINISH): State.FINISHING,
        (State.OPEN, Move.ABORT): State.ABORTING,
        (State.OPEN, Move.FAILED): State.FAILED,
        (State.OPEN, Move.LOST): State.FAILED,
        (State.FINISHING, Move.FINISHED): State.DONE,
        (State.FINISHING, Move.FAILED): State.FAILED,
        (State.FINISHING, Move.LOST): State.FAILED,
        (State.ABORTING, Move.FINISHED): State.ABORTED,
        (State.ABORTING, Move.FAILED): State.ABORTED,
        (State.ABORTING, Move.LOST): State.ABORTED,
        (State.FAILED, Move.FINISHED): State.FAILED,
        (State.FAILED, Move.FAILED): State.FAILED,
        (State.ABORTED, Move.FINISHED): State.ABORTED,
        (State.ABORTED, Move.FAILED): State.ABORTED,
        (State.DONE, Move.FINISHED): State.DONE,
        (State.DONE, Move.FAILED): State.DONE,
    }

    MAX_DATA = MAX_PAYLOAD

    def data(self, size: int) -> None:
        """We are about to send ``size`` bytes of data."""
        self._advance(Move.DATA, size, self.MAX_DATA)

    def hole(self, length: int) -> None:
        """We are about to send a hole of ``length`` bytes."""
        self._advance(Move.HOLE, length)
