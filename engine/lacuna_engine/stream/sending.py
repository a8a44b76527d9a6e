"""The server's half of a download stream (protocol.md 4.4, 4.5 and 6.4).

Rules::

    OPENING   nothing is sent before the reply; the daemon sometimes does (0.13)
    OPEN      we send data of at least one byte, and holes if the stream is sparse, never beyond
              the length the stream was opened for; then the end of file, an empty data packet and
              never a finish. Fewer bytes than the length are no error
              a finish of the client in the middle works like an abort
    AT_END    wait for the client's finish; the volume stays open until then
    FINISHING the client has finished: confirm. What else it sends meanwhile is ignored, but an
              abort is answered by the same confirmation
    ABORTING  the client gives up: send nothing more but the confirmation
    ended     late messages of the client change nothing and are not answered

Data and holes that a client sends on a download are not acted upon; they are not put to this
machine. Never confirm what was not asked for: the C library then closes the connection (1.7).
"""

from __future__ import annotations

from collections.abc import Mapping

from lacuna_engine.rpc.packet import MAX_PAYLOAD
from lacuna_engine.stream.machine import Machine, Move, State

__all__ = ["DownloadSender"]


class DownloadSender(Machine):
    """Tells what may be sent on a download stream."""

    TABLE: Mapping[tuple[State, Move], State] = {
        (State.OPENING, Move.OPENED): State.OPEN,
        (State.OPENING, Move.REFUSED): State.FAILED,
        (State.OPENING, Move.LOST): State.FAILED,
        (State.OPEN, Move.DATA): State.OPEN,
        (State.OPEN, Move.HOLE): State.OPEN,
        (State.OPEN, Move.END): State.AT_END,
        (State.OPEN, Move.FINISHED): State.ABORTING,
        (State.OPEN, Move.ABORTED): State.ABORTING,
        (State.OPEN, Move.FAIL): State.FAILED,
        (State.OPEN, Move.LOST): State.FAILED,
        (State.AT_END, Move.FINISHED): State.FINISHING,
        (State.AT_END, Move.ABORTED): State.ABORTING,
        (State.AT_END, Move.FAIL): State.FAILED,
        (State.AT_END, Move.LOST): State.FAILED,
        (State.FINISHING, Move.FINISH): State.DONE,
        (State.FINISHING, Move.FAIL): State.FAILED,
        (State.FINISHING, Move.FINISHED): State.FINISHING,
        (State.FINISHING, Move.ABORTED): State.ABORTING,
        (State.FINISHING, Move.LOST): State.FAILED,
        (State.ABORTING, Move.FINISH): State.ABORTED,
        (State.ABORTING, Move.FINISHED): State.ABORTING,
        (State.ABORTING, Move.ABORTED): State.ABORTING,
        (State.ABORTING, Move.LOST): State.ABORTED,
        (State.DONE, Move.FINISHED): State.DONE,
        (State.DONE, Move.ABORTED): State.DONE,
        (State.ABORTED, Move.FINISHED): State.ABORTED,
        (State.ABORTED, Move.ABORTED): State.ABORTED,
        (State.FAILED, Move.FINISHED): State.FAILED,
        (State.FAILED, Move.ABORTED): State.FAILED,
    }

    MAX_DATA = MAX_PAYLOAD

    def data(self, size: int) -> None:
        """We are about to send ``size`` bytes of data."""
        self._advance(Move.DATA, size, self.MAX_DATA)

    def hole(self, length: int) -> None:
        """We are about to send a hole of ``length`` bytes."""
        self._advance(Move.HOLE, length)

    def end(self) -> None:
        """We are about to send the end of file."""
        self._move(Move.END)

    def room(self, wanted: int) -> int:
        """Return how many of ``wanted`` bytes the stream's length still lets us send."""
        return min(wanted, self.length - self.position) if self.length else wanted
