"""A client's bytes on their way in: in pieces, and only as fast as they are dealt with.

A read of the socket can hold tens of thousands of small messages, each of which becomes calls,
answers and events of many times its size. So what came is taken piece by piece, and when one of
them gives enough to do, the rest waits as plain bytes and nothing more is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

from lacuna_engine.errors import LacunaError
from lacuna_engine.transport import Pipe

__all__ = ["Intake"]

PIECE = 1 << 16
"""Bytes taken at once: some two thousand of the smallest messages."""

BULK = 1 << 18
"""The same while what comes is large messages, which cost by their number and not their length."""

FEW = 4
"""Messages of a piece that is bulk, at most."""


class Intake:
    """Hands what a pipe brings to ``take``, unless somebody holds it.

    ``take`` returns how many messages it met.
    """

    def __init__(self, pipe: Pipe, take: Callable[[memoryview], int]) -> None:
        self._pipe = pipe
        self._take = take
        self._holders: set[Hashable] = set()
        self._waiting = bytearray()
        self._size = PIECE
        self._loop = asyncio.get_running_loop()
        self._closed = False

    @property
    def waiting(self) -> int:
        """Bytes that have come and are not taken."""
        return len(self._waiting)

    def is_held_by(self, holder: Hashable) -> bool:
        """Whether this one holds it."""
        return holder in self._holders

    def hold(self, holder: Hashable) -> None:
        """Take no more until every holder has let go."""
        self._holders.add(holder)
        self._pipe.hold_reading(self)

    def release(self, holder: Hashable) -> None:
        """Go on, if nobody else holds it."""
        self._holders.discard(holder)
        if self._holders:
            return
        if self._waiting:
            # Not from inside of what may be dealing with a piece at this moment.
            self._loop.call_soon(self._catch_up)
        else:
            self._pipe.release_reading(self)

    def received(self, data: memoryview) -> None:
        """Take bytes, or keep them for later. Raises what ``take`` raises."""
        start = 0
        while start < len(data) and not self._holders and not self._waiting:
            size = self._size
            self._take_one(data[start : start + size])
            start += size
        if start < len(data) and not self._closed:
            self._waiting += data[start:]
            self._pipe.hold_reading(self)

    def close(self) -> None:
        """Nothing is taken any more."""
        self._closed = True
        self._waiting.clear()

    def _catch_up(self) -> None:
        while self._waiting and not self._holders:
            piece = bytes(memoryview(self._waiting)[:PIECE])
            del self._waiting[:PIECE]
            try:
                self._take_one(memoryview(piece))
            except LacunaError as error:
                self.close()
                self._pipe.close(error)
        if not self._waiting and not self._holders:
            self._pipe.release_reading(self)

    def _take_one(self, piece: memoryview) -> None:
        is_bulk = self._take(piece) <= FEW and len(piece) >= PIECE
        self._size = BULK if is_bulk else PIECE
