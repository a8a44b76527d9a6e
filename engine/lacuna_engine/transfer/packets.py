"""What goes down one upload stream, in order: data and holes, at the pace that is allowed.

Data is cut into packets of the size the daemon takes fastest. Small things are gathered and sent
together: a system call for each of them costs more than the daemon takes for its data.
"""

from __future__ import annotations

import asyncio

from lacuna_engine.client import UploadStream
from lacuna_engine.extents import Progress
from lacuna_engine.transfer.daemon_memory import FAR_PACKET, LARGE_PACKET
from lacuna_engine.transfer.limit import Limiter, allowance
from lacuna_engine.transfer.plan import NOTHING, Deferred
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.reader import BATCH_BYTES, SHORT

__all__ = ["Packets"]

PACKET = BATCH_BYTES

SURE = 16 << 20
"""Bytes after which the pace is that of the link, and not of the buffers before it."""

FAST = 4 << 20
"""Bytes a second from which on a large packet is no delay: until a packet is whole the daemon hears
nothing of us, not even the answers to its pings, and gives up after 30 s (protocol.md 1.9)."""

GATHERED = 128
"""Messages that are sent together at most."""


class Packets:
    """Sends what follows ``position``; data that comes without its bytes is in the file ``fd``.

    What has been handed over is in flight in the tracker's map, but for what is ``deferred``. The
    first packet may be a large one if the daemon is ``near``: on this host.
    """

    def __init__(
        self,
        fd: int,
        stream: UploadStream,
        tracker: Tracker,
        limiter: Limiter,
        *,
        position: int = 0,
        deferred: Deferred = NOTHING,
        near: bool = False,
    ) -> None:
        self.position = position
        """All before has been dealt with."""
        self._fd = fd
        self._stream = stream
        self._tracker = tracker
        self._limiter = limiter
        self._deferred = deferred
        self._near = near
        self._marked = position
        self._bytes = self._messages = 0
        """Of data, and of messages, gathered."""
        self._sent = 0
        self._since: float | None = None
        """When the first byte was sent, by the loop's clock."""
        self._has_large = False

    async def data(self, length: int, view: memoryview | bytes | None = None) -> None:
        """Send ``length`` bytes of data; ``view``, if given, holds them until :meth:`flush`."""
        done = 0
        while done < length:
            size = self._next_size(length - done)
            await self._wait(size)
            if view is None:
                await self._stream.send_file(self._fd, self.position, size)
            else:
                self._stream.put(view[done : done + size])
            done += size
            self._tracker.moved += size
            self._sent += size
            self._bytes += size
            await self._put(size, flush=view is None)

    def gather(self, hole: int, data: memoryview) -> bool:
        """Have a hole and short data behind it sent with the next :meth:`flush`, if possible.

        The answer is no, and nothing has happened, where the data is long, no more has room or a
        limit holds. It does what :meth:`hole` and :meth:`data` do, without a dozen calls of
        coroutines: fragmented images have tens of thousands of such pairs.
        """
        size = len(data)
        is_full = self._messages + 2 > GATHERED or self._bytes + size > PACKET
        if size >= SHORT or is_full or self._limiter.rate:
            return False
        if hole:
            self._stream.put_hole(hole)
            self._messages += 1
        self._stream.put(data)
        self._messages += 1
        self._bytes += size
        self._sent += size
        self._tracker.moved += size
        self.position += hole + size
        return True

    def _next_size(self, left: int) -> int:
        """Return the size of a packet of ``left`` bytes at most; a pace makes all of them small."""
        large = LARGE_PACKET if self._near else FAR_PACKET
        if left < large or self._has_large or self._limiter.rate or not self._is_fast():
            return min(PACKET, left)
        self._has_large = True
        return large

    def _is_fast(self) -> bool:
        """Tell whether it is known that a large packet takes no time."""
        if self._near:
            return True
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = now
        return self._sent >= max(SURE, FAST * (now - self._since))

    async def hole(self, length: int) -> None:
        """Send a hole of ``length`` bytes."""
        self._stream.put_hole(length)
        await self._put(length, flush=False)

    async def flush(self) -> None:
        """Hand over what has been gathered, and say so in the map."""
        await self._stream.flush()
        for start, end in self._deferred.outside(self._marked, self.position):
            self._tracker.map.advance(start, end, Progress.IN_FLIGHT)
            self._tracker.passed += end - start
        self._marked = self.position
        self._bytes = self._messages = 0

    async def _put(self, size: int, *, flush: bool) -> None:
        self.position += size
        self._messages += 1
        if flush or self._bytes >= PACKET or self._messages >= GATHERED:
            await self.flush()
            await asyncio.sleep(0)  # other streams have their turn even if the socket has room

    async def _wait(self, size: int) -> None:
        """Wait until ``size`` bytes are allowed."""
        if self._limiter.rate:
            for pause in allowance(self._limiter, size, asyncio.get_running_loop().time()):
                await self.flush()
                await asyncio.sleep(pause)
