"""The client's half of a download stream (protocol.md 4.4).

Rules::

    OPENING    data, holes and even the end may overtake the reply (0.13)
    OPEN       data and holes move the position; an empty packet is the end of file
    AT_END     we answer the end with a finish; only then is the daemon's stream closed
    FINISHING  the daemon's finish is the end
    ABORTING   whatever is still in flight is swallowed until the daemon's finish or error

A finish of ours before the end works like an abort, so it is not offered here. A short download
is no error to the daemon: whoever asked must compare ``position`` with what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping

from lacuna_engine.stream.machine import Machine, Move, State

__all__ = ["Download"]


class Download(Machine):
    """Tells what may arrive on a download stream."""

    TABLE: Mapping[tuple[State, Move], State] = {
        (State.OPENING, Move.OPENED): State.OPEN,
        (State.OPENING, Move.REFUSED): State.FAILED,
        (State.OPENING, Move.DATA): State.OPENING,
        (State.OPENING, Move.HOLE): State.OPENING,
        (State.OPENING, Move.END): State.EARLY_END,
        (State.OPENING, Move.FAILED): State.FAILED,
        (State.OPENING, Move.LOST): State.FAILED,
        (State.EARLY_END, Move.OPENED): State.AT_END,
        (State.EARLY_END, Move.FAILED): State.FAILED,
        (State.EARLY_END, Move.LOST): State.FAILED,
        (State.OPEN, Move.DATA): State.OPEN,
        (State.OPEN, Move.HOLE): State.OPEN,
        (State.OPEN, Move.END): State.AT_END,
        (State.OPEN, Move.ABORT): State.ABORTING,
        (State.OPEN, Move.FAILED): State.FAILED,
        (State.OPEN, Move.LOST): State.FAILED,
        (State.AT_END, Move.FINISH): State.FINISHING,
        (State.AT_END, Move.ABORT): State.ABORTING,
        (State.AT_END, Move.FAILED): State.FAILED,
        (State.AT_END, Move.LOST): State.FAILED,
        (State.FINISHING, Move.FINISHED): State.DONE,
        (State.FINISHING, Move.FAILED): State.FAILED,
        (State.FINISHING, Move.LOST): State.FAILED,
        (State.ABORTING, Move.DATA): State.ABORTING,
        (State.ABORTING, Move.HOLE): State.ABORTING,
        (State.ABORTING, Move.END): State.ABORTING,
        (State.ABORTING, Move.FINISHED): State.ABORTED,
        (State.ABORTING, Move.FAILED): State.ABORTED,
        (State.ABORTING, Move.LOST): State.ABORTED,
        (State.FAILED, Move.OPENED): State.FAILED,
        (State.FAILED, Move.FINISHED): State.FAILED,
        (State.FAILED, Move.FAILED): State.FAILED,
        (State.ABORTED, Move.FINISHED): State.ABORTED,
        (State.ABORTED, Move.FAILED): State.ABORTED,
        (State.DONE, Move.FINISHED): State.DONE,
        (State.DONE, Move.FAILED): State.DONE,
    }

    def data(self, size: int) -> None:
        """``size`` bytes of data have arrived."""
        self._advance(Move.DATA, size)

    def hole(self, length: int) -> None:
        """A hole of ``length`` bytes has arrived."""
        self._advance(Move.HOLE, length)

    def end(self) -> None:
        """The empty packet has arrived."""
        self._move(Move.END)
