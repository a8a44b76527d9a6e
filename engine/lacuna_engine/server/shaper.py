"""A slow or breaking link in front of any pipe: bandwidth, latency, loss at byte k, stalls."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from lacuna_engine.errors import ConnectionLostError, LacunaError
from lacuna_engine.transport import Pipe, Receiver

__all__ = ["Link", "ShapedPipe"]

IN_FLIGHT = 4 << 20
"""Bytes on the link in one direction before the sender has to wait."""


@dataclass(slots=True)
class Link:
    """How the link is, the same both ways; may be changed while in use.

    ``bandwidth`` bytes a second (0: no limit), ``latency`` seconds each way, ``cut_at`` bytes in
    both directions together after which it breaks, ``stalled`` while nothing passes.
    """

    bandwidth: int = 0
    latency: float = 0.0
    cut_at: int | None = None
    stalled: bool = False


class _Direction:
    """Bytes on their way: each piece arrives when its time has come, in order."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self.waiting = 0

    def put(self, data: bytes, now: float) -> None:
        """Set bytes on their way."""
        rate = self._link.bandwidth
        self._free_at = max(self._free_at, now) + (len(data) / rate if rate else 0.0)
        self._pieces.append((self._free_at + self._link.latency, data))
        self.waiting += len(data)

    def due(self, now: float) -> tuple[list[bytes], float | None]:
        """Return what has arrived, and when to look again (None: nothing is on the way)."""
        if self._link.stalled:
            return [], now + 0.05
        arrived: list[bytes] = []
        while self._pieces and self._pieces[0][0] <= now:
            data = self._pieces.popleft()[1]
            self.waiting -= len(data)
            arrived.append(data)
        return arrived, self._pieces[0][0] if self._pieces else None


class ShapedPipe(Pipe):
    """A pipe whose bytes go over a link."""

    def __init__(self, inner: Pipe, link: Link) -> None:
        super().__init__()
        self._inner = inner
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._receiver: Receiver | None = None
        self._out = _Direction(link)
        self._in = _Direction(link)
        self._room = asyncio.Event()
        self._room.set()
        self._timer: asyncio.TimerHandle | None = None
        self._passing_on: asyncio.Task[None] | None = None
        self._delivering = False
        self._reason: LacunaError | None = None

    def start(self, receiver: Receiver) -> None:
        """Begin to deliver."""
        self._receiver = receiver
        self._inner.start(self)

    def write(self, *parts: bytes | memoryview) -> None:
        """Set the parts on their way; they are copied."""
        if self._reason is not None:
            return
        data = b"".join(parts)
        self.bytes_written += len(data)
        self._out.put(data, self._loop.time())
        if self._out.waiting > IN_FLIGHT:
            self._room.clear()
        self._move()

    async def drain(self) -> None:
        """Wait until the link has room. Raises what ended the pipe."""
        await self._room.wait()
        if self._reason is not None:
            raise self._reason

    def pause_reading(self) -> None:
        """Stop delivering."""
        self.is_paused = True
        self._inner.hold_reading(self)

    def resume_reading(self) -> None:
        """Deliver again."""
        self.is_paused = False
        if self._in.waiting <= IN_FLIGHT:
            self._inner.release_reading(self)
        self._move()

    def close(self, reason: LacunaError | None = None) -> None:
        """End at once."""
        self._inner.close(reason)

    async def wait_closed(self) -> None:
        """Wait for the end."""
        await self._inner.wait_closed()

    # --- the receiver of the pipe behind ---------------------------------------------------------

    def received(self, data: memoryview) -> None:
        """Bytes enter the link at the far end."""
        self._in.put(bytes(data), self._loop.time())
        if self._in.waiting > IN_FLIGHT:
            self._inner.hold_reading(self)
        self._move()

    def closed(self, reason: LacunaError) -> None:
        """The pipe behind has ended."""
        self._reason = reason
        self._room.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._receiver is not None:
            self._receiver.closed(reason)

    # --- inside ----------------------------------------------------------------------------------

    def _move(self) -> None:
        """Deliver what is due in both directions and come back when more will be."""
        if self._delivering:
            # Who is given something may write at once. What came after that must not overtake it.
            self._loop.call_soon(self._move)
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._reason is not None:
            return
        now = self._loop.time()
        outgoing, next_out = ([], None) if self._passing_on else self._out.due(now)
        if outgoing:
            self._inner.write(*outgoing)
            self._passing_on = asyncio.create_task(self._pass_on())
        incoming, next_in = ([], None) if self.is_paused else self._in.due(now)
        self._delivering = True
        try:
            for data in incoming:
                self._deliver(data)
        finally:
            self._delivering = False
        if self._out.waiting <= IN_FLIGHT:
            self._room.set()
        if self._in.waiting <= IN_FLIGHT and not self.is_paused:
            self._inner.release_reading(self)
        self._break_if_due()
        times = [time for time in (next_out, next_in) if time is not None]
        if times and self._reason is None:
            self._timer = self._loop.call_at(min(times), self._move)

    async def _pass_on(self) -> None:
        """Wait until the pipe behind has room again: the link must not hide a slow reader."""
        with suppress(LacunaError):
            await self._inner.drain()
        self._passing_on = None
        self._move()

    def _deliver(self, data: bytes) -> None:
        self.bytes_read += len(data)
        if self._receiver is None:
            return
        try:
            self._receiver.received(memoryview(data))
        except LacunaError as error:
            self._inner.close(error)

    def _break_if_due(self) -> None:
        cut = self._link.cut_at
        if cut is not None and self.bytes_read + self.bytes_written >= cut:
            self._inner.close(ConnectionLostError("the link broke"))
