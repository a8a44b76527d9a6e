"""A socket's pipe whose receiver may keep what it was given, without a copy.

To copy an upload from the buffer it came in to one that can wait for the disk was a tenth of the
server's work. Here the buffer itself waits, and the pipe reads on into another one.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from lacuna_engine.transport import SocketPipe

__all__ = ["LendingPipe"]

MAX_SPARE = 16
"""Buffers that are kept for later."""

MAX_LENT = 64
"""Buffers that are kept by others at once. A client that sends its bytes one by one gets no more
than a few into each, and could take many times the memory of what it sends."""


class _Loan:
    """One buffer and how many pieces of it are still wanted."""

    __slots__ = ("buffer", "pieces")

    def __init__(self, buffer: memoryview) -> None:
        self.buffer = buffer
        self.pieces = 0


class LendingPipe(SocketPipe):
    """As `SocketPipe`, but what is delivered can be kept with `keep`."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._loan: _Loan | None = None
        self._spare: list[memoryview] = []
        self._lent = 0

    def keep(self, piece: memoryview) -> Callable[[], None] | None:
        """Keep a piece of what is being delivered, until what is returned is called.

        None if this is no memory of the pipe's, or too much is kept already. What is never given
        back is lost to the pipe, which takes other memory, and in the end lends no more.
        """
        if piece.obj is not self._buffer.obj:
            return None
        if self._loan is None:
            if self._lent >= MAX_LENT:
                return None
            self._loan = _Loan(self._buffer)
            self._lent += 1
        loan = self._loan
        loan.pieces += 1
        return lambda: self._give_back(loan)

    def _give_back(self, loan: _Loan) -> None:
        loan.pieces -= 1
        if loan.pieces or loan is self._loan:
            return
        self._lent -= 1
        if len(self._spare) < MAX_SPARE:
            self._spare.append(loan.buffer)

    def _read(self) -> None:
        if self._loan is not None:
            if self._loan.pieces:
                size = len(self._buffer)
                # New memory has to be cleared by the system, which costs as much as filling it.
                self._buffer = self._spare.pop() if self._spare else memoryview(bytearray(size))
            else:
                self._lent -= 1
            self._loan = None
        super()._read()
